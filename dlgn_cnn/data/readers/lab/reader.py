"""The lab's own layout: a frame with a row per unit and presentation, next to a folder of scene files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.lab.safe_pickle import load_frame
from dlgn_cnn.data.readers.lab.session import (
    SIGNAL_COLUMNS,
    opto_epochs,
    presentations,
    session_rows,
    signals,
    spikes,
)
from dlgn_cnn.data.readers.shared.arrays import whole_numbers, words
from dlgn_cnn.data.recording import SceneFile, SceneKey, SessionKey, SessionRecording
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent

if TYPE_CHECKING:
    import pandas as pd

_NAME = re.compile(r"(?P<movie>.+)_(?P<width>\d+)x(?P<height>\d+)_scene-(?P<number>\d{3,})\.\w+")
EXPECTED = "{movie}_{width}x{height}_scene-{scene_id + 1:03d}.avi"
FRAME_NAMES = ("responses.pkl", "responses.parquet")
REQUIRED = ("m", "s", "e", "u", "train_vs_test", "scene_id", "trange", "spike_times", "opto_tranges")


def find_scenes(folder: Path, shown: Iterable[int]) -> dict[SceneKey, Path]:
    """The file of each scene number in ``shown``, which counts from 0, as the files' names count from 1.

    A key holds what the name says: ``hmovTrain_v3_424x264_scene-001.avi`` is scene 0 of hmovTrain_v3. Raises
    RecordingError for a scene that has no file, naming it, or more than one.
    """
    files: dict[int, list[tuple[SceneKey, Path]]] = {scene: [] for scene in shown}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is not None and (scene := int(match["number"]) - 1) in files:
            files[scene].append((SceneKey(match["movie"], scene), path))
    return dict(_only(folder, scene, files[scene]) for scene in sorted(files))


def _only(folder: Path, scene: int, found: list[tuple[SceneKey, Path]]) -> tuple[SceneKey, Path]:
    if not found:
        raise RecordingError(
            f"scene_id {scene} was shown but {folder} has no file for it: expected scene-{scene + 1:03d}, "
            f"named {EXPECTED}; restore it"
        )
    if len(found) > 1:
        names = ", ".join(path.name for _, path in found)
        raise RecordingError(
            f"scene_id {scene} has more than one file in {folder}: {names}; leave the one that was shown"
        )
    return found[0]


def recognizes(path: Path) -> bool:
    """Whether ``path`` is a responses frame, or a folder that holds one."""
    if path.is_dir():
        return any((path / name).is_file() for name in FRAME_NAMES)
    return path.suffix in (".pkl", ".parquet")


def frame_path(path: Path) -> Path:
    """The responses frame of ``path``. Raises RecordingError for a folder with none, or with two."""
    if path.is_file():
        return path
    found = [path / name for name in FRAME_NAMES if (path / name).is_file()]
    if len(found) != 1:
        problem = "both" if found else "neither"
        raise RecordingError(
            f"{path} holds {problem} of {' and '.join(FRAME_NAMES)}: expected one; name the file to read"
        )
    return found[0]


def sessions(source: Path) -> list[SessionKey]:
    """The sessions that the rows of a responses frame belong to. Raises RecordingError for a frame without keys."""
    return [key for key, _ in _sessions(_keyed(source, _load(source)))]


@reader("lab", recognizes, frame_path, sessions)
def read_lab(
    path: Path, *, spikes_outside: Literal["error", "drop"] = "error", progress: Progress = silent
) -> list[SessionRecording]:
    """Read every session of a responses frame, in order of (m, s, e).

    A folder holds the frame, ``responses.pkl`` or ``responses.parquet``, and ``scenes/`` with a file
    ``{movie}_{w}x{h}_scene-{scene_id + 1:03d}.avi`` a scene. Columns: mouse ``m``, series ``s``, experiment ``e``,
    unit ``u``, ``train_vs_test``, ``scene_id`` from 0, ``trange`` [start, stop] in s, ``spike_times`` in s,
    ``opto_tranges`` list of [on, off] in s, all on the session's clock; optionally ``run``, ``pupil_size``,
    ``pupil_x``, ``pupil_y``: samples evenly spaced over trange, at the centers of as many equal bins, NaN missing.

    Rows of equal scene and trange are one presentation; the same scene at another trange is a repeat. Light is the
    union over rows; behavior is one unit's, after checking that all have as many samples. ``psth`` and other columns
    are ignored, since the spike times are the truth. A unit without spikes is kept.

    A movie is named as its files are, and shows the same scenes in every session. The files of a simulated session have
    the lab's name but show scenes of its own, so its movie is named after the session.

    Parameters
    ----------
    path : Path
        The folder, or the frame in it.
    spikes_outside : {"error", "drop"}, default "error"
        What to do about a spike outside its trange.
    progress : callable, optional
        Called with the scene files read and their number.

    Returns
    -------
    list of SessionRecording
        All sessions, or none unless everything holds.

    Raises
    ------
    RecordingError
        If the data contradict this; the error names session, unit, scene and value.
    """
    from dlgn_cnn.data.stimuli.video import probe

    if spikes_outside not in ("error", "drop"):
        raise RecordingError(f"spikes_outside is {spikes_outside!r}, expected 'error' or 'drop'")
    source = frame_path(path)
    frame = _keyed(source, _load(source))
    scenes = find_scenes(source.parent / "scenes", map(int, frame["scene_id"]))
    drop = spikes_outside == "drop"
    checked = [_without_files(key, rows, scenes, drop) for key, rows in _sessions(frame)]
    files: dict[SceneKey, SceneFile] = {}
    for key, file in scenes.items():
        files[key] = probe(file)
        progress(len(files), len(scenes))
    opened = [replace(found, scenes={key: files[key] for key in found.scenes}, source=source) for found in checked]
    return [_with_own_movie(found) if found.session.simulated else found for found in opened]


def _load(path: Path) -> pd.DataFrame:
    if path.suffix != ".parquet":
        return _whole_frame(path, load_frame(path))
    import pandas as pd

    try:
        return pd.read_parquet(path, engine="pyarrow")
    except Exception as error:  # damaged metadata raise whatever pandas stumbles over
        raise RecordingError(f"{path} is not a Parquet file that can be read ({error}): export it again") from error


def _whole_frame(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    try:
        list(frame.columns)
    except (RecursionError, AttributeError) as error:
        raise RecordingError(f"{path} holds a frame without its data: copy or export it again") from error
    return frame


def _keyed(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that are used, keys typed, rows numbered from 0 as they lie in the file."""
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise RecordingError(f"{path} lacks the columns {missing}; it has {list(frame.columns)}: add them")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise RecordingError(f"{path} has more than one column {twice[0]!r}: remove one")
    if len(frame) == 0:
        raise RecordingError(f"{path} has no rows: expected one a unit and presentation")
    used = [*REQUIRED, *(column for column in SIGNAL_COLUMNS.values() if column in frame)]
    keyed = frame[used].reset_index(drop=True)
    typed = {name: whole_numbers(keyed[name], f"column {name!r}") for name in ("s", "e", "u", "scene_id")}
    named = {name: words(_objects(keyed[name]), f"column {name!r}") for name in ("m", "train_vs_test")}
    if typed["scene_id"].min() < 0:
        raise RecordingError(f"{path} has scene_id {typed['scene_id'].min()}: scenes count from 0")
    return keyed.assign(**typed, **named)


def _objects(column: pd.Series) -> np.ndarray:
    import pyarrow as pa

    try:
        return column.to_numpy(dtype=object)
    except pa.ArrowException as error:
        raise RecordingError(f"column {column.name!r} is not text ({error}): export it again") from error


def _sessions(frame: pd.DataFrame) -> list[tuple[SessionKey, pd.DataFrame]]:
    rows: dict[SessionKey, list[int]] = {}
    for row, (m, s, e) in enumerate(zip(frame["m"], frame["s"], frame["e"], strict=True)):
        rows.setdefault(SessionKey(m, int(s), int(e)), []).append(row)
    return [(key, frame.iloc[rows[key]]) for key in sorted(rows)]


def _without_files(
    key: SessionKey, frame: pd.DataFrame, scenes: Mapping[SceneKey, Path], drop: bool
) -> SessionRecording:
    """A session whose scene files were named but not yet opened: cheap checks come before decoding."""
    rows = session_rows(key, frame)
    own = {scene.scene: scene for scene in scenes if scene.scene in rows.shown_scene}
    unopened = {scene: SceneFile(scenes[scene], "", 0, 0.0, 0, 0) for scene in own.values()}
    shown = presentations(rows, own)
    found = SessionRecording(key, spikes(rows, drop), shown, opto_epochs(rows), unopened)
    return replace(found, signals=signals(rows))  # whose errors are clearer once presentations are known to be sound


def _with_own_movie(found: SessionRecording) -> SessionRecording:
    own = {key: SceneKey(str(found.session), key.scene) for key in found.scenes}
    shown = tuple(replace(presentation, scene=own[presentation.scene]) for presentation in found.presentations)
    return replace(found, presentations=shown, scenes={own[key]: file for key, file in found.scenes.items()})
