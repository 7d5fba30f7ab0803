"""The rows of one session in the lab's frame: presentations, spikes, light and behavior, each checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dlgn_cnn.data.binning import merge_epochs
from dlgn_cnn.data.readers.shared.arrays import numbers, shown
from dlgn_cnn.data.recording import PresentationTimes, SampledSignal, SceneKey, SessionKey
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times

if TYPE_CHECKING:
    import pandas as pd
SIGNAL_COLUMNS = {"running": "run", "pupil_size": "pupil_size", "pupil_x": "pupil_x", "pupil_y": "pupil_y"}
EDGE_TOLERANCE_S = 1e-6


def interval(cell: Any, where: str) -> Times:
    """A cell as (2,) float64: [start, stop] in s. Raises RecordingError for another length or a value not finite."""
    pair = numbers(cell, where, 1)
    if len(pair) != 2 or not np.isfinite(pair).all():
        raise RecordingError(f"{where} is {shown(cell)}, expected two finite numbers [start, stop] in s")
    return pair


def intervals(cell: Any, where: str) -> Times:
    """A cell as (epoch, 2) float64: a list of [on, off] in s, each on before its off. Raises RecordingError."""
    if isinstance(cell, str | bytes) or not isinstance(cell, Sequence | np.ndarray):
        raise RecordingError(f"{where} is {shown(cell)}, expected a list of [on, off] in s")
    pairs = np.array([interval(pair, f"{where}, entry {index}") for index, pair in enumerate(cell)]).reshape(-1, 2)
    for on, off in pairs[pairs[:, 0] >= pairs[:, 1]]:
        raise RecordingError(f"{where} has the light on at {on} s and off at {off} s, expected on before off")
    return pairs


@dataclass(frozen=True)
class SessionRows:
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


def session_rows(session: SessionKey, frame: pd.DataFrame) -> SessionRows:
    """Group a session's rows into presentations: equal scene and equal trange.

    Raises RecordingError for a trange that is not [start, stop], for two rows of one unit in one presentation, and
    for a unit without a row in one.
    """
    name = f"session {session}"
    trange_s = np.stack([interval(cell, f"{name}, trange of row {i}") for i, cell in frame["trange"].items()])
    shown, presentation = np.unique(
        np.column_stack([trange_s, frame["scene_id"].to_numpy()]), axis=0, return_inverse=True
    )
    units, unit = np.unique(frame["u"].to_numpy(), return_inverse=True)
    row = _row_of(name, units, unit.ravel(), shown, presentation.ravel())
    return SessionRows(session, frame, units, shown[:, :2], shown[:, 2].astype(int), row)


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


def presentations(rows: SessionRows, keys: Mapping[int, SceneKey]) -> tuple[PresentationTimes, ...]:
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


def spikes(rows: SessionRows, drop_outside: bool) -> dict[int, Times]:
    """Spike times in s of every unit, ascending; a unit without any keeps an empty array.

    A spike outside its row's trange is dropped with ``drop_outside``; otherwise RecordingError names it.
    """
    cells = rows.frame["spike_times"].to_numpy()
    return {
        int(unit): _unit_spikes(rows, cells, of_unit, drop_outside)
        for unit, of_unit in zip(rows.units, rows.row, strict=True)
    }


def _unit_spikes(rows: SessionRows, cells: np.ndarray, of_unit: np.ndarray, drop_outside: bool) -> Times:
    kept = []
    for row, (start, stop) in zip(of_unit, rows.shown_s, strict=True):
        times = numbers(cells[row], f"session {rows.session}, spike_times of row {rows.frame.index[row]}", 1)
        inside = (times >= start - EDGE_TOLERANCE_S) & (times <= stop + EDGE_TOLERANCE_S)
        if not (inside.all() or drop_outside) or np.isnan(times).any():
            raise RecordingError(
                f"{rows.where(row)}: spike at {times[~inside][0]} s lies outside the presentation's trange "
                f"[{start}, {stop}] s; correct it, or read with spikes_outside='drop'"
            )
        kept.append(times[inside])
    return np.unique(np.concatenate(kept))


def opto_epochs(rows: SessionRows) -> Times:
    """Light epochs (epoch, 2) in s: the union over all rows, sorted, overlapping and touching ones merged."""
    epochs = [
        pair
        for row, cell in enumerate(rows.frame["opto_tranges"])
        for pair in intervals(cell, f"session {rows.session}, opto_tranges of row {rows.frame.index[row]}").tolist()
    ]
    return merge_epochs(sorted(epochs))


def signals(rows: SessionRows) -> dict[str, SampledSignal]:
    """Behavior that was recorded; a column that is absent, or blank throughout, is left out, and NaN is missing."""
    present = {name: column for name, column in SIGNAL_COLUMNS.items() if column in rows.frame}
    found = {name: _signal(rows, column) for name, column in present.items()}
    return {name: signal for name, signal in found.items() if len(signal.times_s)}


def _signal(rows: SessionRows, column: str) -> SampledSignal:
    cells = rows.frame[column].to_numpy()[rows.row]
    times, values = [], []
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
    if not times:
        return SampledSignal(np.empty(0), np.empty(0, np.float32))
    return SampledSignal(np.concatenate(times), np.concatenate(values).astype(np.float32))


def _samples(cell: Any, where: str) -> int:
    import pandas as pd

    if isinstance(cell, list | tuple | np.ndarray):
        return len(cell)
    blank = pd.api.types.is_scalar(cell) and pd.isna(cell)
    return 0 if blank else len(numbers(cell, where, 1))
