"""200 damaged recordings: each is refused in a sentence that says where, or is read and then binned without a loss."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

from dlgn_cnn.data.binning import frame_edges
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.errors import DlgnError
from tests.factories import change, small_simulation
from tests.layouts import LAYOUTS

CASES = 200
SPEC = DatasetSpec(("A_s1_e1",), (8, 16), validation_share=0.3, min_rate_hz=0.0, near_duplicate=None)
WHERE = r"session|presentation|scene|movie|mouse|column|trial|light|binned responses|unit"
NAMES = ("Mäuschen_1", "鼠_01", "мышь.7", "Ñ" * 64, "Ñ" * 65, "a/b", "", " ", "m\0", "\u202emouse", "m\n", "🐭")
Draw = np.random.Generator
Mutation = Callable[[Path, Draw], None]


def flip(file: Path, draw: Draw) -> None:
    content = bytearray(file.read_bytes())
    reach = min(len(content), 300) if draw.random() < 0.5 else len(content)
    for place in draw.integers(0, reach, draw.integers(1, 6)):
        content[place] ^= int(draw.integers(1, 256))
    file.write_bytes(content)


def truncate(file: Path, draw: Draw) -> None:
    file.write_bytes(file.read_bytes()[: draw.integers(0, file.stat().st_size)])


def no_frames(file: Path, draw: Draw) -> None:
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.height, stream.width, stream.pix_fmt = 16, 32, "yuv420p"
        container.start_encoding()


def other_text(file: Path, draw: Draw) -> None:
    file.write_text("no such thing")


FILES = {"flipped": flip, "cut": truncate, "other": other_text, "gone": lambda file, draw: file.unlink()}


def in_file(pattern: str, do: Mutation) -> Mutation:
    return lambda folder, draw: do(folder / str(draw.choice(sorted(map(str, folder.glob(pattern))))), draw)


def in_frame(edit: Callable[[pd.DataFrame, Draw], pd.DataFrame]) -> Mutation:
    def mutate(folder: Path, draw: Draw) -> None:
        edit(pd.read_pickle(folder / "responses.pkl"), draw).to_pickle(folder / "responses.pkl")

    return mutate


def cell(column: str, value: Callable[[Any, Draw], Any]) -> Mutation:
    def edit(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
        row = int(draw.integers(len(frame)))
        return change(frame, row, column, value(frame[column].iloc[row], draw))

    return in_frame(edit)


def column(name: str, value: Callable[[Any], Any]) -> Mutation:
    return in_frame(lambda frame, draw: frame.assign(**{name: [value(one) for one in frame[name]]}))


def shifted(frame: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Another zero of the clock, so that all times are negative or huge: legal."""
    by = float(draw.choice([-1e3, 1e6]))
    return frame.assign(
        trange=[[start + by, stop + by] for start, stop in frame["trange"]],
        spike_times=[np.asarray(times) + by for times in frame["spike_times"]],
        opto_tranges=[[[on + by, off + by] for on, off in epochs] for epochs in frame["opto_tranges"]],
    )


def as_parquet(folder: Path, draw: Draw) -> None:
    frame = pd.read_pickle(folder / "responses.pkl")
    frame.to_parquet(folder / "responses.parquet", engine="pyarrow")
    (folder / "responses.pkl").unlink()
    flip(folder / "responses.parquet", draw)


def dense(times: Any, draw: Draw) -> np.ndarray:
    """100,000 spikes a second, from where the trial's spikes were or outside it."""
    return (np.min(times) if len(times) else 2.5) + np.arange(20_000) / 1e5


LAB: dict[str, Mutation] = {
    **{f"frame {name}": in_file("responses.pkl", do) for name, do in FILES.items()},
    **{f"scene {name}": in_file("scenes/*", do) for name, do in FILES.items()},
    "scene without frames": in_file("scenes/*", no_frames),
    "parquet flipped": as_parquet,
    "another zero": in_frame(shifted),
    "any order": in_frame(lambda frame, draw: frame.sample(frac=1, random_state=int(draw.integers(99)))),
    "row twice": in_frame(lambda frame, draw: frame.iloc[[*range(len(frame)), int(draw.integers(len(frame)))]]),
    "row gone": in_frame(lambda frame, draw: frame.drop(index=int(draw.integers(len(frame))))),
    "no rows": in_frame(lambda frame, draw: frame.iloc[:0]),
    "column gone": in_frame(lambda frame, draw: frame.drop(columns=str(draw.choice(frame.columns)))),
    "column twice": in_frame(lambda frame, draw: pd.concat([frame, frame[[str(draw.choice(frame.columns))]]], axis=1)),
    "column of words": in_frame(lambda frame, draw: frame.astype({str(draw.choice(frame.columns)): str})),
    "name": in_frame(lambda frame, draw: frame.assign(m=str(draw.choice(NAMES)))),
    "negative time": cell("trange", lambda pair, draw: [-pair[0], pair[1]]),
    "swapped pair": cell("trange", lambda pair, draw: [*pair][::-1]),
    "swapped axes": cell("opto_tranges", lambda epochs, draw: np.arange(6.0).reshape(2, 3)),
    "milliseconds": column("trange", lambda pair: [1e3 * pair[0], 1e3 * pair[1]]),
    "100,000 spikes a second": cell("spike_times", dense),
    "spike NaN or inf": cell("spike_times", lambda times, draw: [*times, draw.choice([np.nan, np.inf, -np.inf])]),
    "spikes twice": cell("spike_times", lambda times, draw: np.repeat(times, 2)),
    "spikes of another type": cell("spike_times", lambda times, draw: np.array(times).astype(draw.choice([*"fiSU?O"]))),
    "no spikes": column("spike_times", lambda times: []),
    "light NaN or inf": cell("opto_tranges", lambda epochs, draw: [[0.0, draw.choice([np.nan, np.inf])]]),
    "scene huge": cell("scene_id", lambda scene, draw: int(draw.choice([10**4, 10**12]))),
    "scene beyond numbers": cell("scene_id", lambda scene, draw: 10 ** int(draw.choice([20, 400]))),
    "unit beyond numbers": column("u", lambda unit: 10**30 + unit),
    "unit huge": column("u", lambda unit: 2**40 + unit),
    "series": in_frame(lambda frame, draw: frame.assign(s=int(draw.choice([-1, 10**5])))),
    "float keys": column("e", lambda number: number + 0.5),
    "behavior of another length": cell("run", lambda values, draw: np.zeros(int(draw.integers(0, 99)))),
    "behavior infinite": cell("pupil_size", lambda values, draw: np.full(len(values), np.inf)),
}  # fmt: skip


def array_change(array: np.ndarray, draw: Draw) -> np.ndarray:
    """One array as it should not be."""
    many = array.ndim > 0 and array.size > 0
    number = array.dtype.kind in "iuf"
    worst = [
        lambda: array.T, lambda: array[..., None], lambda: array.ravel(), lambda: array.astype(object),
        lambda: array.astype(str), lambda: array.astype("S"), lambda: np.array(NAMES[int(draw.integers(len(NAMES)))]),
        lambda: np.empty(0), lambda: np.array(3), lambda: np.array([[[[1.5]]]]), lambda: np.array(10**12),
    ]  # fmt: skip
    if many:
        worst += [lambda: array[:0], lambda: array[::-1], lambda: np.concatenate([array, array]), lambda: array[:1]]
        worst += [lambda: array[..., :-1], lambda: array.ravel()[0]]
    if number:
        place = np.arange(array.size).reshape(array.shape) == draw.integers(array.size) if many else True
        for value in (np.nan, np.inf, -np.inf, -5.0, 1e12, 1e300, 0.5):
            worst += [lambda value=value: np.where(place, value, array)]
        worst += [lambda: -array.astype(float), lambda: array.astype(complex), lambda: array.astype(bool)]
        worst += [lambda: array.astype(np.float16), lambda: np.full(array.shape, np.nan), lambda: array * 0]
    return np.asarray(worst[int(draw.integers(len(worst)))]())


def npz_array(path: Path, draw: Draw) -> None:
    arrays = dict(np.load(path))
    name = str(draw.choice(sorted(arrays)))
    with np.errstate(all="ignore"):
        arrays |= {name: array_change(arrays.pop(name), draw)} if draw.random() < 0.9 else {}
    np.savez(path, **arrays)


def npz_set(**changed: Callable[[dict, Draw], Any]) -> Mutation:
    def mutate(path: Path, draw: Draw) -> None:
        arrays = dict(np.load(path))
        new = {name: np.asarray(value(arrays, draw)) for name, value in changed.items()}
        np.savez(path, **(arrays | new))

    return mutate


NPZ: dict[str, Mutation] = {
    **{f"file {name}": do for name, do in FILES.items()},
    **{f"array {number}": npz_array for number in range(30)},
    "compressed and flipped": lambda path, draw: (np.savez_compressed(path, **dict(np.load(path))), flip(path, draw)),
    "unknown array": npz_set(**{"Größe": lambda arrays, draw: 1.0}),
    "names": npz_set(mouse=lambda arrays, draw: draw.choice(NAMES), movie=lambda arrays, draw: draw.choice(NAMES)),
    "no frames": npz_set(frames=lambda arrays, draw: arrays["frames"][:0], scene_frames=lambda arrays, draw: [0]),
    "100,000 spikes a second": npz_set(
        spike_times_s=lambda arrays, draw: np.arange(3e5) / 1e5 + 2, spike_units=lambda arrays, draw: np.ones(300_000)
    ),
    "spikes twice": npz_set(
        spike_times_s=lambda arrays, draw: np.tile(arrays["spike_times_s"], 2),
        spike_units=lambda arrays, draw: np.tile(arrays["spike_units"], 2),
    ),
    "huge scene": npz_set(presentation_scene=lambda arrays, draw: arrays["presentation_scene"] + 10**12),
    "two kinds of responses": npz_set(counts=lambda arrays, draw: np.ones((6, 3))),
}


def one_array(file: Path, draw: Draw) -> None:
    with np.errstate(all="ignore"):
        changed = array_change(np.load(file), draw)
    np.save(file, changed)


def no_time(folder: Path, draw: Draw) -> None:
    for file in (folder / "data").rglob("0.npy"):
        np.save(file, np.load(file)[..., :0])


def other_name(folder: Path, draw: Draw) -> None:
    folder.rename(folder.with_name(str(draw.choice(["Mäuse-١-٢", "dynamic٣-١-٢", "dynamic1-99999-1", "dynamic1-2"]))))


def responses(value: Callable[[np.ndarray], np.ndarray]) -> Mutation:
    def mutate(folder: Path, draw: Draw) -> None:
        for file in (folder / "data" / "responses").iterdir():
            np.save(file, value(np.load(file)))

    return mutate


SENSORIUM: dict[str, Mutation] = {
    **{f"file {name}": in_file("**/*.npy", do) for name, do in FILES.items()},
    **{f"array {number}": in_file("**/*.npy", one_array) for number in range(40)},
    "a trial without time": no_time,
    "a folder's name": other_name,
    "folder gone": lambda folder, draw: shutil.rmtree(folder / "data" / str(draw.choice(["videos", "opto"]))),
    "trial twice": lambda folder, draw: shutil.copy(folder / "data/videos/0.npy", folder / "data/videos/1.npy"),
    "100,000 spikes a second": responses(lambda counts: np.full_like(counts, 1e5 / 30)),
    "fluorescence": responses(lambda counts: counts * 1e-3 + 0.1),
    "no responses": responses(lambda counts: np.full_like(counts, np.nan)),
    "silence": responses(np.zeros_like),
    "integers": responses(lambda counts: counts.astype(np.int64)),
}  # fmt: skip
MUTATIONS = {"lab": LAB, "npz": NPZ, "sensorium": SENSORIUM}


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sound")
    paths = {"lab": small_simulation(folder / "lab", width_px=32, height_px=16, test_scenes=2, train_scenes=4, units=3)}
    (recording,) = read_recordings(paths["lab"])
    return paths | {name: LAYOUTS[name](recording, folder / name) for name in ("npz", "sensorium")}


def conserved(recording: SessionRecording) -> None:
    """Every spike, and the sum of every whole bin, within the frames of a presentation is in its counts."""
    (data,) = build_sessions([recording], SPEC).values()
    for trial, shown in zip(data.trials, recording.presentations, strict=True):
        file = recording.scenes[shown.scene]
        edges = frame_edges(shown, round(file.frames / file.rate_hz * SPEC.rate_hz), SPEC.rate_hz)
        for row, unit in zip(trial.responses, data.units, strict=True):
            if recording.binned is None:
                times = recording.spike_times_s[unit]
                assert row.sum() == np.sum((times >= edges[0]) & (times <= edges[-1]))
                continue
            values = recording.binned.values[recording.units.index(unit)].astype(np.float64)
            bins = recording.binned.bins_s
            inside = (bins[:, 0] > edges[0] - 1e-6) & (bins[:, 1] < edges[-1] + 1e-6)
            np.testing.assert_allclose(row.sum(), values[inside].sum(), rtol=1e-4, atol=1e-4 + 1e-9 * values.sum())


def said(layout: str, path: Path) -> str:
    """What is said of a damaged recording; nothing where it is read and binned. Whatever else happens is raised."""
    try:
        for recording in read_recordings(path, reader=layout):
            conserved(recording)
    except DlgnError as error:
        return str(error) or "an error without a word"
    return ""


def mutated(case: int, sound: dict[str, Path], folder: Path) -> tuple[str, Path, str]:
    layout = sorted(MUTATIONS)[case % 3]
    names, source = sorted(MUTATIONS[layout]), sound[layout]
    name, path = names[case // 3 % len(names)], folder / str(case) / source.name
    path.parent.mkdir()
    shutil.copytree(source, path) if source.is_dir() else shutil.copy(source, path)
    MUTATIONS[layout][name](path, np.random.default_rng(case))
    return layout, path if path.exists() else next(path.parent.iterdir(), path), name


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_every_damaged_recording_is_refused_in_a_sentence_or_read_without_loss(sound, tmp_path):
    ends, wrong, tried = [], [], set()
    for case in range(CASES):
        layout, path, name = mutated(case, sound, tmp_path)
        tried.add((layout, name))
        try:
            ends.append(said(layout, path))
        except Exception as error:
            wrong.append(f"case {case}, {layout}, {name}: {error!r}")
        else:
            if ends[-1] and str(path.parent) not in ends[-1] and not re.search(WHERE, ends[-1]):
                wrong.append(f"case {case}, {layout}, {name} does not say where: {ends[-1]}")
    assert not wrong, "\n".join(wrong)
    assert len(ends) == CASES
    assert tried == {(layout, name) for layout, mutations in MUTATIONS.items() for name in mutations}
    assert CASES / 10 < ends.count("") < CASES * 9 / 10


def test_what_is_not_damaged_is_read(sound):
    assert [said(layout, path) for layout, path in sound.items()] == [""] * 3
