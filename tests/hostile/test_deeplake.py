"""Deep Lake folders are opened by another process, which may crash, hang, swell or lie; it sees no secret."""

import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from dlgn_cnn import bounds
from dlgn_cnn.data.readers import deeplake as reader
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.store import decoder, remote, session_store
from dlgn_cnn.errors import DlgnError, RecordingError, StoreError, StoreStopped
from dlgn_cnn.runtime import watched
from tests.listening import listening
from tests.store_jobs import session
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
NAMED = {"mouse": "M1", "series": 1, "experiment": 1, "rate_hz": 60.0}
ASKED = "import json, os, signal, struct, sys, time\nline = sys.stdin.buffer.readline()\n"
SAY = """
def say(words):
    text = words if isinstance(words, bytes) else json.dumps(words).encode()
    os.write(1, struct.pack("<I", len(text)) + text)
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory) -> Path:
    """A recording of version 3."""
    unpacked = tmp_path_factory.mktemp("deeplake")
    with zipfile.ZipFile(ROOT / "tests" / "data" / "deeplake_3.9.52.zip") as archive:
        archive.extractall(unpacked)
    return unpacked / "old"


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A stored session of ours."""
    folder = tmp_path_factory.mktemp("store") / "s"
    session_store.write_session(session(), folder)
    return folder


@pytest.fixture
def child(monkeypatch):
    """Sets the code of the process, and says which processes there were."""
    seen, real = [], watched.Watched.__init__

    def noted(self, *given) -> None:
        real(self, *given)
        seen.append(self._process.pid)

    monkeypatch.setattr(watched.Watched, "__init__", noted)
    monkeypatch.setattr(decoder._kept, "child", None)
    reader._kept.cache_clear()

    def set_code(code: str) -> list[int]:
        monkeypatch.setattr(decoder, "CODE", code)
        return seen

    return set_code


def bound(monkeypatch, name: str, most: int) -> None:
    monkeypatch.setitem(bounds.BOUNDS, name, replace(bounds.BOUNDS[name], most=most, per_byte=0))


def sentence(folder: Path, kind: type[DlgnError]) -> str:
    """What is said of a stored session, or of a recording."""
    ask = partial(read_recordings, **NAMED) if kind is RecordingError else session_store.read_session
    with pytest.raises(kind) as caught:
        ask(folder)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; who started it may never ask for its status."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


STOPS = {
    "deeplake.idle": (0, "time.sleep(1000)"),
    "deeplake.seconds": (0, "while True: pass"),
    "deeplake.memory": (200 * bounds.MB, "kept = [bytearray(os.urandom(1000) * 1000) for _ in range(10**6)]"),
}


@pytest.mark.parametrize("name", STOPS)
@pytest.mark.parametrize("kind", [StoreStopped, RecordingError])
def test_a_process_that_goes_beyond_a_bound_is_killed_with_what_it_started(
    old, stored, child, monkeypatch, name, kind, tmp_path
):
    most, code = STOPS[name]
    bound(monkeypatch, name, most)
    started = f"import subprocess\nother = subprocess.Popen(['sleep', '1000'])\nopen({str(tmp_path / 'pid')!r}, 'w')"
    seen = child(f"{ASKED}{started}.write(str(other.pid))\n{code}\n")
    said = sentence(stored if kind is StoreStopped else old, kind)
    assert f"beyond the bound {name} of {most}: if you trust the file, set DLGN_BOUNDS=4" in said
    assert len(seen) == 1
    assert not psutil.pid_exists(seen[0])
    other = int((tmp_path / "pid").read_text())
    wait_until(lambda: is_gone(other))


@pytest.mark.parametrize("number", [6, 9, 11])
def test_a_process_that_crashes_is_started_again_a_few_times(old, stored, child, number):
    seen = child(f"{ASKED}os.kill(os.getpid(), {number})\n")
    for folder, kind in ((stored, StoreStopped if number == 9 else StoreError), (old, RecordingError)):
        del seen[:]
        said = sentence(folder, kind)
        assert (
            ("the system killed" in said)
            if number == 9
            else (f"crashed {decoder.TRIES} times while reading it (signal {number})" in said)
        )
        assert len(seen) == decoder.TRIES


LIES = {
    "no JSON": "say(b'\\x80\\x04pickle')",
    "nested": "say(b'[' * 10**5)",
    "endless": "os.write(1, b'\\xff' * 10**7)",
    "no object": "say([1, 2])",
    "rows": "say({'columns': ['videos'], 'rows': 10**12})",
    "rows of nothing": "say({'columns': [], 'rows': 10**12})",
    "objects": "say({'columns': ['videos'], 'rows': 1}); say({'dtype': '|O', 'shape': [1]})",
    "size": "say({'columns': ['videos'], 'rows': 1}); say({'dtype': '<f8', 'shape': [10**6, 10**6]})",
    "negative": "say({'columns': ['videos'], 'rows': 1}); say({'dtype': '<f8', 'shape': [-1, -8]})",
    "axes": "say({'columns': ['videos'], 'rows': 1}); say({'dtype': '|u1', 'shape': [1] * 1000})",
    "text": "say({'columns': ['videos'], 'rows': 1}); say({'text': 10**12})",
    "no text": "say({'columns': ['videos'], 'rows': 1}); say({'text': 1}); os.write(1, b'\\xff')",
    "kinds": "say({'columns': ['videos', 'tier'], 'rows': 1}); say({'text': 0}); say({'text': 0})",
    "nothing": "say({'columns': [], 'rows': 0})",
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("ours", [True, False])
def test_what_the_process_says_is_looked_at(old, stored, child, lie, ours):
    child(f"{ASKED}{SAY}\n{LIES[lie]}\ntime.sleep(1000)\n")
    with pytest.raises(StoreError if ours else RecordingError) as caught:
        session_store.read_session(stored) if ours else read_recordings(old, **NAMED)
    assert "\n" not in str(caught.value)


def test_no_worker_parses_a_stored_session(stored, tmp_path):
    """Not even one that was tampered with: the module of Deep Lake cannot be imported there."""
    code = (
        "import sys\nsys.modules['deeplake'] = None\nfrom pathlib import Path\n"
        "from dlgn_cnn.data.store.session_store import read_session\n"
        f"print(len(read_session(Path({str(stored)!r})).trials))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "3\n", done.stderr


def test_the_process_sees_no_secret_and_writes_nothing(stored, child, monkeypatch, tmp_path):
    for name in ("DLGN_DATABASE_PASSWORD", "AWS_SECRET_ACCESS_KEY", "DLGN_DATABASE", "PYTHONPATH"):
        monkeypatch.setenv(name, "sesame-open")
    act = "raise Exception(repr(sorted(os.environ.values())) + repr(wrote()))"
    child(
        "import os\nfrom dlgn_cnn.runtime.answering import serve\n"
        f"def wrote():\n    with open({str(tmp_path / 'marker')!r}, 'wb', 0) as file:\n"
        "        try:\n            return file.write(b'x')\n        except OSError:\n            return 'refused'\n"
        f"def act(*_):\n    {act}\nserve(act)\n"
    )
    said = sentence(stored, StoreError)
    assert "sesame" not in said
    assert "refused" in said
    assert (tmp_path / "marker").read_bytes() == b""


def test_a_reading_that_is_interrupted_leaves_no_process(stored, child):
    seen = child(decoder.CODE)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decoder.decode(stored / "rows", ["tier"], interrupt)
    assert not psutil.pid_exists(seen[0])
    session_store.read_session(stored)


def test_the_process_is_kept_for_our_folders_and_for_no_other(old, stored, child):
    seen = child(decoder.CODE)
    session_store.read_session(stored)
    session_store.read_session(stored)
    assert len(seen) == 1
    read_recordings(old, **NAMED)
    assert not psutil.pid_exists(seen[0])
    session_store.read_session(stored)
    assert len(seen) == 2
    psutil.Process(seen[1]).kill()
    session_store.read_session(stored)


def test_a_folder_that_goes_beyond_a_bound_is_not_replaced_and_not_lost(stored, child, monkeypatch):
    before = {path: path.read_bytes() for path in stored.rglob("*") if path.is_file()}
    bound(monkeypatch, "deeplake.idle", 0)
    child(f"{ASKED}time.sleep(1000)\n")
    with pytest.raises(StoreStopped, match="if it is damaged, move dataset"):
        session_store.ensure_session(session(), stored)
    assert {path: path.read_bytes() for path in stored.rglob("*") if path.is_file()} == before


def test_links_in_a_stored_session_are_not_followed(stored, tmp_path):
    import deeplake

    folder = tmp_path / "s"
    folder.mkdir()
    for name in (session_store.MANIFEST, session_store.FIELDS):
        (folder / name).write_bytes((stored / name).read_bytes())
    with listening(lambda one: one.recv(300), 1) as (port, reached):
        rows = deeplake.create(str(folder / "rows"))
        rows.add_column("videos", deeplake.types.Link(deeplake.types.Image()))
        rows.append({"videos": [f"http://127.0.0.1:{port}/x.png"]})
        rows.commit()
        assert "columns ['videos'] hold links" in sentence(folder, StoreError)
        assert not reached


@pytest.mark.parametrize("seed", range(8))
def test_a_mutated_folder_is_read_or_refused_in_a_sentence(old, stored, tmp_path, seed):
    """A third of such mutations of the rows crash Deep Lake, hang it, or make it ask for gigabytes."""
    draw, source = np.random.default_rng(seed), (stored / "rows", old)[seed % 2]
    files = [file.relative_to(source) for file in sorted(source.rglob("*")) if file.is_file() and file.stat().st_size]
    folder = tmp_path / ("s/rows" if seed % 2 == 0 else "old")
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((source / name).read_bytes())
    for name in draw.choice(np.array(files, dtype=object), 3):
        content = bytearray((folder / name).read_bytes())
        content[int(draw.integers(len(content)))] = int(draw.integers(256))
        (folder / name).write_bytes(content[: int(draw.integers(1, 3 * len(content)))])
    if seed % 2:
        ask = partial(read_recordings, folder, **NAMED)
    else:
        for name in (session_store.MANIFEST, session_store.FIELDS):
            (folder.parent / name).write_bytes((stored / name).read_bytes())
        ask = partial(session_store.read_session, folder.parent)
    said = ""
    try:
        ask()
    except (RecordingError, StoreError) as error:
        said = str(error)
    assert "\n" not in said


MANIFESTS = ["[]", "3", "{}", "[" * 10**5, '{"rows": 1, "units": 2, "rate_hz": "x", "statistics": 3, "fields": 4}']


@pytest.mark.parametrize("text", MANIFESTS, ids=range(len(MANIFESTS)))
def test_a_manifest_that_is_none_is_damage(tmp_path, text):
    (tmp_path / session_store.MANIFEST).write_text(text)
    for ask in (session_store.read_session, session_store.read_info, session_store.rows_digest):
        with pytest.raises(StoreError) as caught:
            ask(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_file_of_a_remote_session_that_lies_outside_of_it_is_not_copied(stored, tmp_path, monkeypatch):
    remote.publish(stored, url := f"memory://bucket-{tmp_path.name}/s")
    files, root = remote.file_system(url)
    files.pipe_file(f"{root}/../../marker", b"x")
    names = [*files.find(root), f"{root}/../../marker"]
    monkeypatch.setattr(type(files), "find", lambda *_, **__: names)
    with pytest.raises(StoreError, match="outside of it"):
        remote.fetch(url, tmp_path / "cache" / "deep" / "s")
    assert not list(tmp_path.rglob("marker"))


@pytest.mark.parametrize("target", ["/dev/zero", "itself", "nothing", "{folder}/outside.txt"])
def test_what_is_no_file_of_the_folder_is_not_opened(old, tmp_path, target):
    folder = tmp_path / "recording"
    shutil.copytree(old, folder)
    (tmp_path / "outside.txt").write_text("private")
    entry = next(path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in reader.MARKS)
    entry.unlink()
    entry.symlink_to(entry if target == "itself" else target.format(folder=tmp_path))
    said = sentence(folder, RecordingError)
    assert (
        "lies outside the recording's folder" in said or "neither a file nor a folder" in said or "not a path" in said
    )
