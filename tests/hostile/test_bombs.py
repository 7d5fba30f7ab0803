"""Small files that ask for much: each is refused by the bound it goes beyond, in little memory and time."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import h5py
import numpy as np
import pandas as pd
import pytest

from dlgn_cnn.archive.manifest import MANIFEST, Manifest
from dlgn_cnn.bounds import BOUNDS
from tests.factories import write_scene
from tests.hostile.test_near_files import nwb

SPACE, CPU_S, RESIDENT_MB = 8 << 30, 100, 700
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
CHILD = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]),) * 2)
import dlgn_cnn
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.stimuli.video import probe
from dlgn_cnn.errors import DlgnError
from populate.define.definition_file import read_definitions
from schemas.connection.settings_file import read_settings
READ = {".npz": read_recordings, ".nwb": read_recordings,
        ".parquet": lambda path: read_recordings(path, "lab"), ".yaml": read_definitions, ".zip": dlgn_cnn.load,
        ".env": lambda path: read_settings(path.parent)}

def peak_mb():  # ru_maxrss begins with what the parent had
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

for path in sorted(Path(sys.argv[1]).glob("*/*")):
    try:
        said = f"READ {READ.get(path.suffix, probe)(path)!r:.200}"
    except DlgnError as error:
        said = str(error)
    print(json.dumps([path.parent.name, said, peak_mb()]), flush=True)
"""


def npz(**changed):
    """An ``.npz`` file of one scene of four frames, and what is changed about it."""
    arrays = {
        "mouse": "M1", "series": 1, "experiment": 1, "movie": "film", "frames": np.zeros((4, 2, 3), np.uint8),
        "frame_rate_hz": 30.0, "presentation_scene": [0], "presentation_s": [[0.0, 4 / 30]],
        "presentation_tier": ["train"], "spike_times_s": [0.1], "spike_units": [1],
    }  # fmt: skip
    target = io.BytesIO()
    np.savez_compressed(target, **(arrays | changed))
    return target.getvalue()


def announced(shape: tuple[int, ...], dtype: str) -> bytes:
    """An ``.npz`` file of which one array has a head and nothing else."""
    target, head = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": dtype, "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("frames.npy", head.getvalue())
    return target.getvalue()


def with_frames(shape: tuple[int, ...]):
    """An NWB file whose frames are announced and were never written."""

    def write(folder: Path) -> None:
        with h5py.File(nwb(folder), "r+") as file:
            attributes = dict(file["stimulus/templates/film/data"].attrs)
            del file["stimulus/templates/film/data"]
            chunks = (1, *shape[1:])
            made = file["stimulus/templates/film"].create_dataset(
                "data", shape, "u1", chunks=chunks, compression="gzip"
            )
            made.attrs.update(attributes)

    return write


def one_text_many_times(folder: Path) -> None:
    """Every row of a column refers to one and the same text."""
    path, rows = nwb(folder), 3000
    with h5py.File(path, "r+") as file:
        table = file["intervals/trials"]
        for name in ("id", "start_time", "stop_time", "stimulus", "tier"):
            attributes, kind, first = dict(table[name].attrs), table[name].dtype, table[name][0]
            del table[name]
            table.create_dataset(name, data=[first] * rows, dtype=kind).attrs.update(attributes)
        table["tier"][0] = "x" * 10**5
        file.flush()
        start = table["tier"].id.get_offset()
    data = bytearray(path.read_bytes())
    data[start : start + 16 * rows] = bytes(data[start : start + 16]) * rows
    path.write_bytes(data)


def deep_groups(folder: Path) -> None:
    with h5py.File(nwb(folder), "r+") as file:
        file.create_group("/".join("a" * 100))


def overlapping_spikes(folder: Path) -> None:
    with h5py.File(nwb(folder), "r+") as file:
        file["units/spike_times_index"][0] = 200


def repeated(folder: Path) -> None:
    """A value for each of ten million rows, in a few bytes."""
    pd.DataFrame({"m": pd.Categorical.from_codes(np.zeros(10**7, np.int8), ["M1"])}).to_parquet(folder / "a.parquet")


def movie(size: int, frames: int, rate: int = 30):
    def write(folder: Path) -> None:
        with av.open(str(folder / "a.avi"), "w") as container:
            stream = container.add_stream("mpeg4", rate=rate)
            stream.width = stream.height = size
            stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.zeros((size, size), np.uint8), format="gray")
            for _ in range(frames):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    return write


def slow(folder: Path) -> None:
    """A movie of 20 frames that says that each stays for months."""
    write_scene(folder / "a.avi", np.zeros((20, 16, 32), np.uint8), 30.0)
    data = bytearray((folder / "a.avi").read_bytes())
    at = data.index(b"strh") + 8 + 20  # scale and rate of the stream
    data[at : at + 8] = struct.pack("<II", 10**7, 1)
    data[48 - 16 : 48 - 12] = struct.pack("<I", 2**32 - 1)  # microseconds a frame
    (folder / "a.avi").write_bytes(data)


def archive(models: bytes, announced_size: int | None = None) -> bytes:
    target = io.BytesIO()
    size = len(models) if announced_size is None else announced_size
    manifest = json.loads(Manifest({}, package="0").to_json())
    manifest["files"] = {"models.json": {"size": size, "sha256": "0" * 64}}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(MANIFEST, json.dumps(manifest))
        file.writestr("models.json", models)
    return target.getvalue()


def many_values(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(MANIFEST, b'{"format": 1, "selection": [' + b"{}," * 5_000_000 + b"{}]}")


BODY = "experiment: a\ndatasets: [{fn: a, config: {a: %s}}]\nmodels: [{fn: a}]\ntrainers: [{fn: a}]\n"
# By name: a file's bytes and its ending, or a function that writes it; and the bound, or the words, of its refusal.
BOMBS = {
    "npz zeros": (npz(frames=np.zeros((2**16, 32, 64), np.uint8)), ".npz", "arrays.unpacked"),
    "npz presentations": (
        npz(
            presentation_scene=np.zeros(300_000, np.uint8),
            presentation_s=np.zeros((300_000, 2)),
            presentation_tier=np.array(["train"] * 300_000),
        ),
        ".npz",
        "recording.presentations",
    ),
    "npz scenes": (npz(scene_frames=np.ones(10**6, np.uint8)), ".npz", "recording.scenes"),
    "npz units": (npz(spike_times_s=np.zeros(2**18), spike_units=np.arange(2**18)), ".npz", "recording.units"),
    "npz a terabyte": (announced((2**20, 2**20), "|u1"), ".npz", "its head announces"),
    "npz of nothing": (announced((2**60,), "|V0"), ".npz", "its head announces"),
    "npz slow": (npz(frame_rate_hz=1e-6, presentation_s=[[0.0, 4e6]]), ".npz", "recording.scene_seconds"),
    "parquet rows": (repeated, ".parquet", "parquet.values"),
    "nwb zeros": (with_frames((10**6, 16, 32)), ".nwb", "hdf5.unpacked"),
    "nwb one text": (one_text_many_times, ".nwb", "hdf5.unpacked"),
    "nwb depth": (deep_groups, ".nwb", "hdf5.depth"),
    "nwb spikes": (overlapping_spikes, ".nwb", "spike_times_index does not divide"),
    "movie pixels": (movie(6000, 1), ".avi", "movie.pixels"),
    "movie slow": (slow, ".avi", "recording.scene_seconds"),
    "yaml laughs": ((LAUGHS + BODY % "*a8").encode(), ".yaml", "yaml.elements"),
    "yaml in itself": ((BODY % "&r [*r]").encode(), ".yaml", "line 2: *r stands within itself"),
    "yaml in itself, mapping": ((BODY % "&r {a: *r}").encode(), ".yaml", "stands within itself"),
    "yaml depth": ((BODY % ("[" * 50 + "]" * 50)).encode(), ".yaml", "yaml.depth"),
    "yaml depth, open": ((BODY % ("[" * 200_000)).encode(), ".yaml", "nesting depth"),
    "yaml bytes": ((BODY % ("1" * 2**21)).encode(), ".yaml", "yaml.bytes"),
    "yaml long number": ((BODY % ("1" * 5000)).encode(), ".yaml", "cannot be read"),
    "yaml month 13": ((BODY % "2020-13-01").encode(), ".yaml", "cannot be read"),
    "yaml twice": ((BODY % "{a: 1, a: 2}").encode(), ".yaml", "line 2: 'a' stands here twice"),
    "yaml tag": ((BODY % "!!python/object/apply:os.system [id]").encode(), ".yaml", "line 2: could not determine"),
    "archive zeros": (archive(bytes(2**27)), ".zip", "archive.unpacked"),
    "archive values": (many_values, ".zip", "archive.elements"),
    "settings": (b"# " + b"a" * 2**17, ".env", "settings.bytes"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What a child with limits says of each file, and the memory that it had used by then."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, (made, ending, _) in BOMBS.items():
        (folder / name).mkdir()
        if isinstance(made, bytes):
            (folder / name / f"{'dlgn' if ending == '.env' else 'a'}{ending}").write_bytes(made)
        else:
            made(folder / name)
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, str(folder), str(SPACE), str(CPU_S)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10 * CPU_S, env=alone)
    found = {name: (words, memory) for name, words, memory in map(json.loads, ended.stdout.splitlines())}
    return found, f"the child ended with {ended.returncode}: {ended.stderr[-500:]}"


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_bound_in_little_memory(outcomes, name):
    found, ended = outcomes
    assert name in found, ended
    words, memory = found[name]
    expected = BOMBS[name][2]
    assert (f"beyond the bound {expected} of" if expected in BOUNDS else expected) in words
    assert len(words) < 600
    assert "\n" not in words
    assert memory < RESIDENT_MB
