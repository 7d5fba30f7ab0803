"""Light and behavior in an open NWB file."""

from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.recording import SampledSignal
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Times

NAMES = {
    "running": ("running", "running_speed"),
    "pupil_size": ("pupil_size", "pupil_area", "pupil_diameter"),
    "pupil_x": ("pupil_x",),
    "pupil_y": ("pupil_y",),
}
POSITION_NAMES = ("pupil_position", "eye_position")


def interval_table(path: Path, file: Any, name: str) -> Any:
    """Return an interval table by name.

    Parameters
    ----------
    path : Path
        How errors name the file.
    file : NWBFile
        The open file.
    name : str
        Name of the table.

    Returns
    -------
    TimeIntervals
        The table.

    Raises
    ------
    RecordingError
        If there is none; the error lists those that exist.
    """
    tables = {**dict(file.intervals or {}), **({"trials": file.trials} if file.trials is not None else {})}
    if name not in tables:
        raise RecordingError(f"{path} has no interval table {name!r}: {nearest(name, tables)}")
    return tables[name]


def opto_epochs(path: Path, file: Any, name: str | None) -> Times:
    """Return the epochs of light in an interval table or an OptogeneticSeries.

    Parameters
    ----------
    path : Path
        How errors name the file.
    file : NWBFile
        The open file.
    name : str or None
        Name of the table or series; None takes the only one whose name begins with "opto".

    Returns
    -------
    ndarray of float64, shape (epoch, 2)
        On and off in seconds; empty if nothing looks like light.

    Raises
    ------
    RecordingError
        If the name is unknown, or several could be the light.
    """
    found: dict[str, Any] = {**dict(file.intervals or {}), **dict(file.stimulus)}
    if name is None:
        likely = [one for one in found if one.lower().startswith("opto")]
        if len(likely) > 1:
            raise RecordingError(f"{path} has {likely}: say which is the light by the option opto=NAME")
        if not likely:
            return np.empty((0, 2))
        name = likely[0]
    if name not in found:
        raise RecordingError(f"{path} has no light {name!r}: {nearest(name, found)}")
    table = found[name]
    if hasattr(table, "colnames"):
        epochs = np.column_stack([table["start_time"][:], table["stop_time"][:]]).astype(np.float64)
        return epochs[np.argsort(epochs[:, 0], kind="stable")]
    return _above_half(path, table)


def signals(path: Path, file: Any) -> dict[str, SampledSignal]:
    """Behavior of the processing module "behavior", by the names of ``dlgn_cnn.data.recording.SIGNALS``."""
    if "behavior" not in file.processing:
        return {}
    every = _series(file.processing["behavior"])
    found = {}
    for name, choices in NAMES.items():
        there = [choice for choice in choices if choice in every]
        if len(there) > 1:
            raise RecordingError(f"{path}: {name} could be any of {there}: keep one of them")
        if there:
            found[name] = _signal(path, every[there[0]], None)
    for choice in POSITION_NAMES:
        if choice in every and "pupil_x" not in found:
            found |= {"pupil_x": _signal(path, every[choice], 0), "pupil_y": _signal(path, every[choice], 1)}
    return found


def _series(module: Any) -> dict[str, Any]:
    """Every time series of a module, also those within containers such as BehavioralTimeSeries or PupilTracking."""
    found: dict[str, Any] = {}
    for name, one in module.data_interfaces.items():
        inner = getattr(one, "time_series", None) or getattr(one, "spatial_series", None)
        found |= dict(inner) if inner is not None else {name: one}
    return found


def _signal(path: Path, series: Any, column: int | None) -> SampledSignal:
    values = np.asarray(series.data[:], np.float64) * series.conversion
    if values.ndim != (1 if column is None else 2) or (column is not None and values.shape[1] < 2):
        wanted = "(time,)" if column is None else "(time, x and y)"
        raise RecordingError(f"{path}: {series.name} has shape {values.shape}, expected {wanted}")
    chosen = values if column is None else values[:, column]
    return SampledSignal(_times(series), chosen.astype(np.float32))


def _times(series: Any) -> Times:
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], np.float64)
    start = series.starting_time or 0.0
    return np.asarray(start + np.arange(len(series.data)) / series.rate, np.float64)


def _above_half(path: Path, series: Any) -> Times:
    values, times = np.asarray(series.data[:], np.float64), _times(series)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise RecordingError(f"{path}: light {series.name} has shape {values.shape}, expected finite power a time")
    if values.max() <= 0:
        return np.empty((0, 2))
    on = np.concatenate([[False], values > values.max() / 2, [False]])
    clock = np.append(times, 2 * times[-1] - times[-2])  # the last sample lasts as long as the one before
    change = np.flatnonzero(np.diff(on.astype(np.int8)))
    return clock[change].reshape(-1, 2)
