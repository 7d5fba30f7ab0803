"""Plain arrays in one ``.npz`` file, for a recording that another program holds in memory."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import load_arrays, numbers, seconds, whole_numbers, words
from dlgn_cnn.data.readers.shared.session_parts import by_unit, signal_of
from dlgn_cnn.data.recording import (
    SIGNALS,
    BinnedResponses,
    PresentationTimes,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
    check_shape,
)
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES, array_scene, as_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.storage.rights import present_file

REQUIRED = (
    *("mouse", "series", "experiment", "movie", "frames", "frame_rate_hz"),
    *("presentation_scene", "presentation_s", "presentation_tier"),
)
OPTIONAL = ("scene_frames", "gray_range", "frame_onsets_s", "opto_epochs_s", "units")
# An array that cannot stand alone, and the one that it needs.
PARTNERS = {"spike_times_s": "spike_units", "counts": "bins_s"} | {name: f"{name}_times_s" for name in SIGNALS}
Arrays = dict[str, Any]
TEXTS = ("mouse", "movie", "presentation_tier")
SINGLE = ("mouse", "movie", "series", "experiment", "frame_rate_hz")
WHOLE = ("series", "experiment", "scene_frames", "presentation_scene", "spike_units", "units")
KNOWN = (*REQUIRED, *OPTIONAL, *PARTNERS, *PARTNERS.values())


@reader("npz", lambda path: present_file(path) and path.suffix == ".npz")
def read_npz(path: Path, *, progress: Progress = silent) -> list[SessionRecording]:
    """Read the one session of an ``.npz`` file of plain arrays, all times in s on one session clock.

    ``mouse``, ``series``, ``experiment``, ``movie``: whose, and the name of what was shown. ``frames`` (frame, height,
    width): every scene's frames, one scene after the other; uint8, or numbers together with ``gray_range`` [black,
    white]; ``scene_frames`` (scene,): how many belong to each, all to one without; ``frame_rate_hz``.
    ``presentation_scene`` (presentation,) from 0, ``presentation_s`` (presentation, 2) onset and end,
    ``presentation_tier`` (presentation,) "train" or "test". ``frame_onsets_s``: measured onset of every frame of every
    presentation, one presentation after the other, NaN for a dropped frame. ``spike_times_s`` (spike,) with
    ``spike_units`` (spike,); or ``counts`` (unit, bin) with ``bins_s``, (bin, 2) or edges (bin + 1,). ``units`` (unit,)
    numbers the units, and names those without a spike. ``opto_epochs_s`` (epoch, 2) on and off. Each of running,
    pupil_size, pupil_x and pupil_y (time,), NaN where missing, with its own clock, ``running_times_s`` (time,) and so
    on.

    Presentations may come in any order. Raises RecordingError for a missing, unknown or contradictory array, by name.
    """
    arrays = _load(path)
    frames = _gray_frames(path, path.stat().st_mtime_ns)
    return [recording_of(path, arrays, frames, "npz:{}:{}".format, progress)]


@FRAME_SOURCES.register("npz")
def npz_frames(path: Path, address: str) -> Frames:
    """Frames ``start:stop`` of a file's ``frames``."""
    start, stop = map(int, address.split(":"))
    return _gray_frames(path, path.stat().st_mtime_ns)[start:stop]


@lru_cache(maxsize=1)
def _gray_frames(path: Path, changed_ns: int) -> Frames:
    """All frames of the file that was last asked for: its scenes are read one after the other."""
    return gray_frames(path, _load(path))


def _load(path: Path) -> Arrays:
    """Every array of the file by name, once all names are known and each holds what its name says."""
    arrays = load_arrays(path, KNOWN)
    if missing := lacking(arrays):
        raise RecordingError(f"{path} lacks {', '.join(missing)}: add them")
    return checked(path, arrays)


def lacking(found: Mapping[str, Any]) -> list[str]:
    """Names that a session needs and that are not among those found."""
    missing = [name for name in REQUIRED if name not in found]
    return missing + [partner for name, partner in PARTNERS.items() if name in found and partner not in found]


def checked(path: Path, found: Mapping[str, np.ndarray]) -> Arrays:
    """The arrays, once each holds what its name says. Raises RecordingError."""
    return {name: _checked(array, name, f"{path}: {name}") for name, array in found.items()}


def gray_frames(path: Path, arrays: Arrays) -> Frames:
    """The array ``frames`` as gray levels. Raises RecordingError."""
    gray_range = arrays.get("gray_range")
    if gray_range is not None:
        check_shape(gray_range, f"{path}: gray_range", (2,), "the values of black and white")
    return as_gray(arrays["frames"], str(path), gray_range)


def recording_of(
    path: Path,
    arrays: Arrays,
    frames: Frames,
    part: Callable[[int, int], str],
    progress: Progress,
    notes: Sequence[str] = (),
) -> SessionRecording:
    """The session of a file's arrays.

    Parameters
    ----------
    path : Path
        The file.
    arrays : dict
        What ``checked`` returned.
    frames : ndarray of uint8, shape (frame, height, width)
        All scenes' frames, one scene after the other.
    part : callable
        Called with the first frame of a scene and the one after its last, gives where in the file they lie.
    progress : callable
        Called with the scenes described and their number.
    notes : sequence of str, default ()
        What is said of the recording.

    Returns
    -------
    SessionRecording
        The session.

    Raises
    ------
    RecordingError
        If the arrays contradict one another, by name.
    """
    session = SessionKey(str(arrays["mouse"]), int(arrays["series"]), int(arrays["experiment"]))
    scenes = _scenes(path, arrays, frames, part, progress)
    spikes, binned = _responses(path, arrays)
    return SessionRecording(
        session=session,
        spike_times_s=spikes,
        presentations=_presentations(path, arrays, scenes),
        opto_epochs_s=arrays.get("opto_epochs_s", np.empty((0, 2))),
        scenes=scenes,
        signals={
            name: signal_of(arrays[f"{name}_times_s"], arrays[name], f"{path}: {name}")
            for name in SIGNALS
            if name in arrays
        },
        source=path,
        binned=binned,
        notes=tuple(notes),
    )


def _checked(array: np.ndarray, name: str, where: str) -> Any:
    axes = 0 if name in SINGLE else 1
    if array.ndim != axes and name in (*SINGLE, *WHOLE):
        raise RecordingError(f"{where} has shape {array.shape}, expected {'a list' if axes else 'a single value'}")
    if name in TEXTS:
        return words(array, where)
    if name in WHOLE:
        return whole_numbers(array, where)
    if name == "frames":
        return array
    return seconds(array, where) if name.endswith("_s") else numbers(array, where)


def _scenes(
    path: Path, arrays: Arrays, frames: Frames, part: Callable[[int, int], str], progress: Progress
) -> dict[SceneKey, SceneFile]:
    lengths = arrays.get("scene_frames", np.array(frames.shape[:1]))
    check("recording.scenes", len(lengths), path)
    if frames.ndim != 3 or lengths.sum() != len(frames) or np.any(lengths < 1):
        raise RecordingError(
            f"{path}: frames have shape {frames.shape} and scene_frames are {lengths.tolist()}: expected "
            "(frame, height, width) and numbers above 0 that add up to all frames"
        )
    stops = np.cumsum(lengths).tolist()
    rate, movie = float(arrays["frame_rate_hz"]), str(arrays["movie"])
    scenes = {}
    for scene, (start, stop) in enumerate(zip([0, *stops], stops, strict=False)):
        scenes[SceneKey(movie, scene)] = array_scene(path, part(start, stop), frames[start:stop], rate)
        progress(scene + 1, len(stops))
    return scenes


def _presentations(path: Path, arrays: Arrays, scenes: dict[SceneKey, SceneFile]) -> tuple[PresentationTimes, ...]:
    times, tiers = arrays["presentation_s"], arrays["presentation_tier"]
    shown = arrays["presentation_scene"]
    check_shape(times, f"{path}: presentation_s", (len(shown), 2), "(presentation, 2)")
    check_shape(tiers, f"{path}: presentation_tier", shown.shape, "(presentation,)")
    files = list(scenes.values())
    check("recording.presentations", len(shown), path)
    unknown = [scene for scene in shown if not 0 <= scene < len(files)]
    if unknown:
        raise RecordingError(f"{path}: presentation_scene holds {unknown[0]}, expected 0 to {len(files) - 1}")
    names = list(scenes)
    keys = [names[int(scene)] for scene in shown]
    onsets = _onsets(path, arrays, [files[int(scene)].frames for scene in shown])
    order = np.argsort(times[:, 0], kind="stable")
    return tuple(
        PresentationTimes(trial, keys[row], float(times[row, 0]), float(times[row, 1]), str(tiers[row]), onsets[row])
        for trial, row in enumerate(order)
    )


def _onsets(path: Path, arrays: Arrays, frames: list[int]) -> list[tuple[float, ...]]:
    if "frame_onsets_s" not in arrays:
        return [() for _ in frames]
    every = arrays["frame_onsets_s"]
    check_shape(every, f"{path}: frame_onsets_s", (sum(frames),), "one for each frame shown, NaN for a dropped frame")
    return [tuple(map(float, part)) for part in np.split(every, np.cumsum(frames)[:-1])]


def _responses(path: Path, arrays: Arrays) -> tuple[dict[int, Times], BinnedResponses | None]:
    if ("spike_times_s" in arrays) == ("counts" in arrays):
        raise RecordingError(f"{path}: expected either spike_times_s with spike_units, or counts with bins_s")
    if "spike_times_s" in arrays:
        return _spikes(path, arrays), None
    values, bins = arrays["counts"], arrays["bins_s"]
    units = arrays.get("units", np.arange(len(np.atleast_1d(values))))
    check("recording.units", len(units), path)
    if bins.ndim == 1:
        bins = np.column_stack([bins[:-1], bins[1:]])
    check_shape(values, f"{path}: counts", (len(units), *bins.shape[:1]), "(unit, bin)")
    order = np.argsort(units, kind="stable")
    return {}, BinnedResponses(tuple(int(units[i]) for i in order), bins, values[order].astype(np.float32))


def _spikes(path: Path, arrays: Arrays) -> dict[int, Times]:
    times, owners = arrays["spike_times_s"], arrays["spike_units"]
    check_shape(times, f"{path}: spike_times_s", owners.shape, "(spike,) as spike_units")
    units = np.unique(np.asarray(arrays.get("units", owners)))
    strangers = np.setdiff1d(owners, units)
    if len(strangers):
        raise RecordingError(f"{path}: spike_units holds {strangers[0]}, which is not among units: correct one of them")
    return by_unit(times, owners, units, path)
