"""From variables of any shape to the arrays that ``npz`` describes: axes as they were told, and what is left unsaid."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers.npz import SINGLE, Arrays, checked
from dlgn_cnn.data.readers.shared.trial_arrays import PAUSE_S
from dlgn_cnn.data.stimuli.scenes import frames_sha256
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Frames

# Axes in the order in which they are used; one that is not told has length 1.
AXES = {
    "frames": ("scene", "time", "height", "width"),
    "responses": ("unit", "scene", "repeat", "presentation", "time"),
}
USUAL = {"frames": "[height, width, time]", "responses": "[unit, presentation]"}
PAIRS = ("presentation_s", "opto_epochs_s")


def arranged(values: np.ndarray, told: Sequence[str], name: str, where: str) -> np.ndarray:
    """An array with the axes of ``AXES[name]``, each in its place.

    Parameters
    ----------
    values : ndarray
        The array.
    told : sequence of str
        Its axes; those of length 1 at the end may be missing in it, as MATLAB leaves them out.
    name : str
        What it is.
    where : str
        How errors begin.

    Returns
    -------
    ndarray
        A view of it.

    Raises
    ------
    RecordingError
        If the axes are not those of the array.
    """
    known, axes = AXES[name], [*told]
    if not values.size:
        raise RecordingError(f"{where} has shape {values.shape}, which holds nothing: give another variable")
    shape = values.shape + (1,) * (len(axes) - values.ndim)
    if len(shape) != len(axes) or len({*axes} & {*known}) != len(axes):
        raise RecordingError(
            f"{where} has shape {values.shape} and axes {axes}: say which axis is which, one of {', '.join(known)} "
            f"each, as -o axes='{{{name}: {USUAL[name]}}}'"
        )
    moved = values.reshape(shape).transpose([axes.index(axis) for axis in known if axis in axes])
    return moved.reshape([shape[axes.index(axis)] if axis in axes else 1 for axis in known])


def arrays_of(path: Path, given: Mapping[str, Any], told: Sequence[str], frames: Frames, notes: list[str]) -> Arrays:
    """The arrays of a session, as far as there are enough to go by.

    Parameters
    ----------
    path : Path
        The file, for errors.
    given : mapping of str to ndarray or list of ndarray
        What was found by name; a list is a cell.
    told : sequence of str
        Axes of ``responses``.
    frames : ndarray, shape (scene, time, height, width)
        All frames.
    notes : list of str
        Gets what is said of them.

    Returns
    -------
    dict
        The arrays, checked.

    Raises
    ------
    RecordingError
        If one holds something else than its name says.
    """
    first = {"series": np.array(1), "experiment": np.array(1), "movie": np.array(path.stem)}
    shaped = {name: _shaped(value, name, told, f"{path}: {name}") for name, value in given.items()}
    arrays = checked(path, first | _by_spike(shaped))
    scenes, time = frames.shape[:2]
    lengths = arrays.get("scene_frames", np.full(scenes, time))
    if lengths.size == 1 and scenes * time > lengths[0] > 0:
        lengths = np.full(scenes * time // lengths[0], lengths[0])
    arrays |= {"scene_frames": lengths, "frames": frames.reshape(-1, *frames.shape[2:])}
    if lengths.min(initial=1) < 1 or lengths.sum() != scenes * time:
        return arrays  # what reads them says so
    _add_scenes(arrays, told, notes)
    shown = arrays.get("presentation_scene", np.empty(0, int))
    if shown.size and 0 <= shown.min() <= shown.max() < len(lengths):
        tiers = arrays.get("presentation_tier", np.empty(0))
        if tiers.size in (1, len(lengths)) and tiers.size != len(shown):
            arrays["presentation_tier"] = tiers.ravel()[shown % tiers.size]
        _add_times(arrays, lengths[shown], notes)
        if "responses" in arrays and "presentation_s" in arrays:
            _add_counts(path, arrays, len(shown))
    return arrays


def _shaped(value: Any, name: str, told: Sequence[str], where: str) -> Any:
    if isinstance(value, list) and name != "spike_times_s":
        raise RecordingError(f"{where} is a cell of {len(value)} arrays, expected one array")
    if isinstance(value, list) or name == "counts":
        return value
    if name == "responses":
        return arranged(value, told, name, where)
    if name in PAIRS:
        return value[None] if value.shape == (2,) else np.atleast_1d(value)
    if name in SINGLE:
        return value.reshape(()) if value.size == 1 else value
    return value.ravel() if value.size == max(value.shape, default=1) else value


def _by_spike(shaped: dict[str, Any]) -> dict[str, Any]:
    """One list of spikes with their units, of a list a unit or of the spikes of one unit."""
    times = shaped.get("spike_times_s")
    if isinstance(times, list):
        units = shaped.setdefault("units", np.arange(len(times)))
        shaped["spike_units"] = np.repeat(units, [len(own) for own in times]) if len(units) == len(times) else units
        shaped["spike_times_s"] = np.concatenate([np.empty(0), *times])
    elif times is not None and "spike_units" not in shaped:
        shaped["spike_units"] = np.full(times.shape, next(iter(np.ravel(shaped.get("units", 0))), 0))
    return shaped


def _add_scenes(arrays: Arrays, told: Sequence[str], notes: list[str]) -> None:
    """Add which scene each presentation showed, where that follows from how many there are."""
    lengths, shown = arrays["scene_frames"], arrays.get("presentation_scene")
    _, scenes, repeats, trials, _ = np.shape(arrays.get("responses", np.empty((1, len(lengths), 1, 1, 1))))
    count = len(arrays["presentation_s"]) if "presentation_s" in arrays else scenes * repeats * trials
    if shown is not None:
        if len(shown) and shown.min() > 0 and shown.max() == len(lengths):
            arrays["presentation_scene"] = shown - 1
            notes.append("presentation_scene counts from 1")
    elif "scene" in told:
        arrays["presentation_scene"] = np.repeat(np.arange(scenes), repeats * trials)
    elif len(lengths) == 1:
        arrays["presentation_scene"] = np.zeros(count, int)
    elif count == len(lengths):
        seen: dict[str, int] = {}
        parts = enumerate(np.split(arrays["frames"], np.cumsum(lengths)[:-1]))
        arrays["presentation_scene"] = np.array([seen.setdefault(frames_sha256(part), n) for n, part in parts])
        notes.append(f"each scene was shown once, in order; {len(seen)} of {count} have frames of their own")


def _add_times(arrays: Arrays, lengths: np.ndarray, notes: list[str]) -> None:
    """Add when each presentation began and ended, from its frames' onsets, or one after the other."""
    onsets = arrays.get("frame_onsets_s", np.empty(0))
    if np.isfinite(onsets).sum() > 1:
        missing = int(lengths.sum()) - len(onsets)
        if 0 < missing < lengths[-1]:
            onsets = arrays["frame_onsets_s"] = np.append(onsets, np.full(missing, np.nan))
            notes.append(f"the last {missing} frames have no onset and count as not shown")
        step_s = float(np.median(np.diff(onsets[np.isfinite(onsets)])))
        if "frame_rate_hz" not in arrays and step_s > 0:
            arrays["frame_rate_hz"] = 1 / step_s
            notes.append(f"frame_rate_hz is {1 / step_s:.6g}, from the median step of frame_onsets_s")
        if "presentation_s" not in arrays and len(onsets) == lengths.sum():
            parts = np.split(onsets, np.cumsum(lengths)[:-1])
            starts, lasts = (np.array([pick(part) for part in parts]) for pick in (np.fmin.reduce, np.fmax.reduce))
            after = np.append(starts[1:], np.inf)
            stops = np.where(after - lasts < 1.5 * step_s, after, lasts + step_s)
            arrays["presentation_s"] = np.column_stack([starts, stops])
            notes.append("presentation_s follow from frame_onsets_s")
    elif "presentation_s" not in arrays and "responses" in arrays and arrays.get("frame_rate_hz", 0) > 0:
        lasting_s = lengths / float(arrays["frame_rate_hz"])
        starts = np.cumsum(lasting_s + PAUSE_S) - lasting_s - PAUSE_S
        arrays["presentation_s"] = np.column_stack([starts, starts + lasting_s])
        notes.append("responses have no clock: presentations follow one another, as long as their scenes last")


def _add_counts(path: Path, arrays: Arrays, count: int) -> None:
    """Turn responses of whole presentations into counts of bins in s, equal ones within each presentation."""
    responses, shown_s = arrays.pop("responses"), arrays["presentation_s"]
    values = responses.reshape(len(responses), -1, responses.shape[-1])
    if shown_s.shape != (count, 2) or values.shape[1] != count:
        raise RecordingError(f"{path}: responses are of {values.shape[1]} presentations, of which there are {count}")
    order = np.argsort(shown_s[:, 0], kind="stable")
    start, stop = shown_s[order].T
    edges = np.linspace(start, stop, values.shape[2] + 1, axis=1)
    bins = np.stack([edges[:, :-1], edges[:, 1:]], axis=-1).reshape(-1, 2)
    arrays |= {"counts": values[:, order].reshape(len(values), -1), "bins_s": bins}
