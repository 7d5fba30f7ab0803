"""Running and pupil of an NWB file, wherever they lie."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers.nwb.finding import meant
from dlgn_cnn.data.readers.shared.arrays import seconds
from dlgn_cnn.data.readers.shared.session_parts import signal_of
from dlgn_cnn.data.recording import SIGNALS, SampledSignal
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest

POSITION = "pupil_position"
ROWS_FIRST = "screen_coordinates"  # Allen's gaze on the screen in cm, whose columns are y and x
NAMES = {
    "running": ("running", "running_speed", "speed"),
    "pupil_size": ("pupil_size", "pupil_area", "pupil_diameter"),
    "pupil_x": ("pupil_x",),
    "pupil_y": ("pupil_y",),
    POSITION: (POSITION, "eye_position", ROWS_FIRST),
}
# A series of the first that has one is taken. Allen's filtered mapping of the gaze is the raw one without blinks.
PLACES = ("processing/behavior/", "processing/filtered_gaze_mapping/", "processing/", "acquisition/")
ELLIPSES, ELLIPSES_CLOCK = "processing/eye_tracking/pupil_ellipse_fits", "processing/raw_gaze_mapping/eye_area"


def signals_of(
    path: Path, found: Mapping[str, Any], named: Mapping[str, str], taken: list[Any]
) -> dict[str, SampledSignal]:
    """The signals of a session.

    Parameters
    ----------
    path : Path
        The file, for errors.
    found : mapping of str to object
        All series of the file by their paths.
    named : mapping of str to str
        Path of a signal's series, by the signal's name or ``pupil_position``, where it is to be another.
    taken : list of object
        Gets the series that were read.

    Returns
    -------
    dict of str to SampledSignal
        Those that there are.

    Raises
    ------
    RecordingError
        If a signal could be several series, or its series has another shape.
    """
    for name in named:
        if name not in NAMES:
            raise RecordingError(f"option signals names {name!r}: {nearest(name, NAMES)}")
    series = {place: one for place, one in found.items() if hasattr(one, "conversion")}
    chosen = {name: _chosen(path, name, series, named.get(name)) for name in NAMES}
    taken += [one for one in chosen.values() if one is not None]
    signals = {name: _signal(path, chosen[name], None) for name in SIGNALS if chosen[name] is not None}
    if chosen[POSITION] is not None and "pupil_x" not in signals:
        axes = ("pupil_y", "pupil_x") if chosen[POSITION].name == ROWS_FIRST else ("pupil_x", "pupil_y")
        signals |= {name: _signal(path, chosen[POSITION], axis) for axis, name in enumerate(axes)}
    if "pupil_size" not in signals and ELLIPSES in found:
        fits, eye = found[ELLIPSES], series.get(ELLIPSES_CLOCK)
        clock = fits["timestamps"][:] if eye is None else eye.get_timestamps()
        half_axes = [np.asarray(fits[name][:], np.float64) for name in ("width", "height")]
        signals["pupil_size"] = _sampled(path, ELLIPSES, clock, np.pi * half_axes[0] * half_axes[1])
    return signals


def scaled(series: Any) -> np.ndarray:
    """A series' data in its unit: times its conversion, plus its offset (NWB 2.5)."""
    return np.asarray(series.data[:], np.float64) * series.conversion + series.offset


def _chosen(path: Path, name: str, series: Mapping[str, Any], named: str | None) -> Any:
    if named is not None:
        return meant(path, f"series of {name}", series, named)
    alike = [place for place in series if place.rpartition("/")[2] in NAMES[name]]
    for start in PLACES:
        there = [place for place in alike if place.startswith(start)]
        if len(there) > 1:
            raise RecordingError(
                f"{path}: {name} could be any of {there}: say which by the option signals={{{name}: {there[0]}}}"
            )
        if there:
            return series[there[0]]
    return None


def _signal(path: Path, series: Any, column: int | None) -> SampledSignal:
    values = scaled(series)
    if values.ndim != (1 if column is None else 2) or (column is not None and values.shape[1] < 2):
        wanted = "(time,)" if column is None else "(time, x and y)"
        raise RecordingError(f"{path}: {series.name} has shape {values.shape}, expected {wanted}")
    chosen = values if column is None else values[:, column]
    return _sampled(path, series.name, series.get_timestamps(), chosen)


def _sampled(path: Path, name: str, clock: Any, values: np.ndarray) -> SampledSignal:
    return signal_of(seconds(clock, f"{path}: timestamps of {name}"), values, f"{path}: {name}")
