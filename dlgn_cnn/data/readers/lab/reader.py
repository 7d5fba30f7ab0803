"""The lab's own layout: a frame with a row per unit and presentation, next to a folder of scene files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dlgn_cnn.data.binning import merge_epochs
from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.lab.parquet import read_frame
from dlgn_cnn.data.readers.lab.safe_pickle import load_frame
from dlgn_cnn.data.readers.shared.arrays import numbers, seconds, shown, whole_numbers, words
from dlgn_cnn.data.recording import (
    PresentationTimes,
    SampledSignal,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.errors import RecordingError, one_sentence
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import present_file, present_folder

if TYPE_CHECKING:
    import pandas as pd

_NAME = re.compile(r"(?P<movie>.+)_(?P<width>\d+)x(?P<height>\d+)_scene-(?P<number>\d{3,})\.\w+")
EXPECTED = "{movie}_{width}x{height}_scene-{scene_id + 1:03d}.avi"
FRAME_NAMES = ("responses.pkl", "responses.parquet")
SIGNAL_COLUMNS = {"running": "run", "pupil_size": "pupil_size", "pupil_x": "pupil_x", "pupil_y": "pupil_y"}
EDGE_TOLERANCE_S = 1e-6
TEXTS = ("m", "train_vs_test")
REQUIRED = ("m", "s", "e", "u", "train_vs_test", "scene_id", "trange", "spike_times", "opto_tranges")


def find_scenes(folder: Path, shown: Iterable[int]) -> dict[SceneKey, Path]:
    """The file of each scene number in ``shown``, which counts from 0, as the files' names count from 1.

    A key holds what the name says: ``hmovTrain_v3_424x264_scene-001.avi`` is scene 0 of hmovTrain_v3. Raises
    RecordingError for a scene that has no file, naming it, or more than one.
    """
    files: dict[int, list[tuple[SceneKey, Path]]] = {scene: [] for scene in shown}
    for path in sorted(folder.iterdir()) if present_folder(folder) else ():
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
    if present_folder(path):
        return any(present_file(path / name) for name in FRAME_NAMES)
    return path.suffix in (".pkl", ".parquet")


def frame_path(path: Path) -> Path:
    """The responses frame of ``path``. Raises RecordingError for a folder with none, or with two."""
    if present_file(path):
        return path
    found = [path / name for name in FRAME_NAMES if present_file(path / name)]
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
    raw = _load(source)
    frame = _keyed(source, raw)
    rest = [name for name in raw.columns if name not in frame]
    unused = (f"columns {one_sentence(str(rest))}",) if rest else ()
    scenes = find_scenes(source.parent / "scenes", map(int, frame["scene_id"]))
    drop = spikes_outside == "drop"
    checked = [_without_files(key, rows, scenes, drop) for key, rows in _sessions(frame)]
    files: dict[SceneKey, SceneFile] = {}
    for key, file in scenes.items():
        files[key] = probe(file)
        progress(len(files), len(scenes))
    opened = [replace(found, scenes={key: files[key] for key in found.scenes}) for found in checked]
    opened = [replace(found, source=source, unused=unused) for found in opened]
    return [_with_own_movie(found) if found.session.simulated else found for found in opened]


def _load(path: Path) -> pd.DataFrame:
    return read_frame(path, TEXTS) if path.suffix == ".parquet" else load_frame(path)


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
    named = {name: words(keyed[name], f"column {name!r}") for name in TEXTS}
    if typed["scene_id"].min() < 0:
        raise RecordingError(f"{path} has scene_id {typed['scene_id'].min()}: scenes count from 0")
    return keyed.assign(**typed, **named)


def _sessions(frame: pd.DataFrame) -> list[tuple[SessionKey, pd.DataFrame]]:
    grouped: Iterable[tuple[Any, pd.DataFrame]] = frame.groupby(["m", "s", "e"])
    return [(SessionKey(m, int(s), int(e)), rows) for (m, s, e), rows in grouped]


def _without_files(
    key: SessionKey, frame: pd.DataFrame, scenes: Mapping[SceneKey, Path], drop: bool
) -> SessionRecording:
    """A session whose scene files were named but not yet opened: cheap checks come before decoding."""
    rows = _session_rows(key, frame)
    own = {scene.scene: scene for scene in scenes if scene.scene in rows.shown_scene}
    unopened = {scene: SceneFile(scenes[scene], "", 0, 1.0, 0, 0) for scene in own.values()}
    shown = _presentations(rows, own)
    found = SessionRecording(key, _spikes(rows, drop), shown, _opto_epochs(rows), unopened)
    return replace(found, signals=_signals(rows))  # whose errors are clearer once presentations are known to be sound


def _with_own_movie(found: SessionRecording) -> SessionRecording:
    own = {key: SceneKey(str(found.session), key.scene) for key in found.scenes}
    shown = tuple(replace(presentation, scene=own[presentation.scene]) for presentation in found.presentations)
    return replace(found, presentations=shown, scenes={own[key]: file for key, file in found.scenes.items()})


def _interval(cell: Any, where: str) -> Times:
    """A cell as (2,) float64: [start, stop] in s. Raises RecordingError for another length or a value not finite."""
    pair = seconds(cell, where, 1)
    if len(pair) != 2 or not np.isfinite(pair).all():
        raise RecordingError(f"{where} is {shown(cell)}, expected two finite numbers [start, stop] in s")
    return pair


def _intervals(cell: Any, where: str) -> Times:
    """A cell as (epoch, 2) float64: a list of [on, off] in s, each on before its off. Raises RecordingError."""
    if isinstance(cell, str | bytes) or not isinstance(cell, Sequence | np.ndarray):
        raise RecordingError(f"{where} is {shown(cell)}, expected a list of [on, off] in s")
    pairs = np.array([_interval(pair, f"{where}, entry {index}") for index, pair in enumerate(cell)]).reshape(-1, 2)
    for on, off in pairs[pairs[:, 0] >= pairs[:, 1]]:
        raise RecordingError(f"{where} has the light on at {on} s and off at {off} s, expected on before off")
    return pairs


@dataclass(frozen=True)
class _SessionRows:
    """One session's rows: ``trange_s`` (row, 2); ``shown_s`` (presentation, 2) and ``shown_scene`` (presentation,)
    in order of onset; ``row`` (unit, presentation) the one row of each unit in each presentation.
    """

    session: SessionKey
    frame: pd.DataFrame
    units: np.ndarray
    shown_s: Times
    shown_scene: np.ndarray
    row: np.ndarray

    def where(self, row: int) -> str:
        """A row by its names, to begin an error with."""
        line = self.frame.iloc[row]
        return f"session {self.session}, unit {line['u']}, scene_id {line['scene_id']}, row {self.frame.index[row]}"


def _session_rows(session: SessionKey, frame: pd.DataFrame) -> _SessionRows:
    """Group a session's rows into presentations: equal scene and equal trange.

    Raises RecordingError for a trange that is not [start, stop], for two rows of one unit in one presentation, and
    for a unit without a row in one.
    """
    name = f"session {session}"
    trange_s = np.stack([_interval(cell, f"{name}, trange of row {i}") for i, cell in frame["trange"].items()])
    shown, presentation = np.unique(
        np.column_stack([trange_s, frame["scene_id"].to_numpy()]), axis=0, return_inverse=True
    )
    units, unit = np.unique(frame["u"].to_numpy(), return_inverse=True)
    row = _row_of(name, units, unit.ravel(), shown, presentation.ravel())
    return _SessionRows(session, frame, units, shown[:, :2], shown[:, 2].astype(int), row)


def _row_of(name: str, units: np.ndarray, unit: np.ndarray, shown: np.ndarray, presentation: np.ndarray) -> np.ndarray:
    row = np.full((len(units), len(shown)), -1)
    row[unit, presentation] = np.arange(len(unit))
    for twice in np.flatnonzero(row[unit, presentation] != np.arange(len(unit))):
        what = _presentation_words(shown[presentation[twice]])
        raise RecordingError(f"{name}: unit {units[unit[twice]]} has two rows for {what}: remove one")
    for missing_unit, missing in np.argwhere(row < 0):
        what = _presentation_words(shown[missing])
        raise RecordingError(
            f"{name}: unit {units[missing_unit]} has no row for {what}, which other units have: add it, with an empty "
            "list where the unit was silent"
        )
    return row


def _presentation_words(shown: np.ndarray) -> str:
    return f"scene_id {int(shown[2])} at trange [{shown[0]}, {shown[1]}] s"


def _presentations(rows: _SessionRows, keys: Mapping[int, SceneKey]) -> tuple[PresentationTimes, ...]:
    """Every presentation in order of onset. Raises RecordingError where the units' rows disagree about its tier."""
    tiers = rows.frame["train_vs_test"].to_numpy()[rows.row]
    for trial in np.flatnonzero((tiers != tiers[:1]).any(axis=0)):
        raise RecordingError(
            f"session {rows.session}: train_vs_test of scene_id {rows.shown_scene[trial]} at {rows.shown_s[trial]} s "
            f"is {sorted(set(tiers[:, trial]))}: expected one value for all units"
        )
    return tuple(
        PresentationTimes(trial, keys[int(scene)], float(start), float(stop), str(tiers[0, trial]))
        for trial, (scene, (start, stop)) in enumerate(zip(rows.shown_scene, rows.shown_s, strict=True))
    )


def _spikes(rows: _SessionRows, drop_outside: bool) -> dict[int, Times]:
    """Spike times in s of every unit, ascending; a unit without any keeps an empty array.

    A spike outside its row's trange is dropped with ``drop_outside``; otherwise RecordingError names it.
    """
    cells = rows.frame["spike_times"].to_numpy()
    return {
        int(unit): _unit_spikes(rows, cells, of_unit, drop_outside)
        for unit, of_unit in zip(rows.units, rows.row, strict=True)
    }


def _unit_spikes(rows: _SessionRows, cells: np.ndarray, of_unit: np.ndarray, drop_outside: bool) -> Times:
    kept = []
    for row, (start, stop) in zip(of_unit, rows.shown_s, strict=True):
        times = seconds(cells[row], f"session {rows.session}, spike_times of row {rows.frame.index[row]}", 1)
        inside = (times >= start - EDGE_TOLERANCE_S) & (times <= stop + EDGE_TOLERANCE_S)
        if not (inside.all() or drop_outside) or np.isnan(times).any():
            raise RecordingError(
                f"{rows.where(row)}: spike at {times[~inside][0]} s lies outside the presentation's trange "
                f"[{start}, {stop}] s; correct it, or read with spikes_outside='drop'"
            )
        kept.append(times[inside])
    return np.unique(np.concatenate(kept))


def _opto_epochs(rows: _SessionRows) -> Times:
    """Light epochs (epoch, 2) in s: the union over all rows, sorted, overlapping and touching ones merged."""
    epochs = [
        pair
        for row, cell in enumerate(rows.frame["opto_tranges"])
        for pair in _intervals(cell, f"session {rows.session}, opto_tranges of row {rows.frame.index[row]}").tolist()
    ]
    return merge_epochs(sorted(epochs))


def _signals(rows: _SessionRows) -> dict[str, SampledSignal]:
    """Behavior that was recorded; a column that is absent, or blank throughout, is left out, and NaN is missing."""
    present = {name: column for name, column in SIGNAL_COLUMNS.items() if column in rows.frame}
    found = {name: _signal(rows, column) for name, column in present.items()}
    return {name: signal for name, signal in found.items() if len(signal.times_s)}


def _signal(rows: _SessionRows, column: str) -> SampledSignal:
    cells = rows.frame[column].to_numpy()[rows.row]
    times, values = [np.empty(0)], [np.empty(0)]
    for trial, (start, stop) in enumerate(rows.shown_s):
        where = f"session {rows.session}, {column} of scene_id {rows.shown_scene[trial]} at {start} s"
        lengths = [_samples(cell, where) for cell in cells[:, trial]]
        if len(set(lengths)) > 1:
            raise RecordingError(
                f"{where}: units have {sorted(set(lengths))} samples, expected one and the same number"
            )
        if lengths[0]:
            times.append(start + (np.arange(lengths[0]) + 0.5) * (stop - start) / lengths[0])
            values.append(numbers(cells[0, trial], where, 1))
    return SampledSignal(np.concatenate(times), np.concatenate(values).astype(np.float32))


def _samples(cell: Any, where: str) -> int:
    import pandas as pd

    if isinstance(cell, list | tuple) or (isinstance(cell, np.ndarray) and cell.ndim):
        return len(cell)
    blank = pd.api.types.is_scalar(cell) and pd.isna(cell)
    return 0 if blank else len(numbers(cell, where, 1))
