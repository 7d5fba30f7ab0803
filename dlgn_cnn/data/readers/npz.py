"""Plain arrays in one ``.npz`` file, for whoever has a recording in memory and wants it in the tables."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.array_files import load_arrays
from dlgn_cnn.data.recording import (
    MOST,
    SIGNALS,
    BinnedResponses,
    PresentationTimes,
    SampledSignal,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES, array_scene, as_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Frames, Times

REQUIRED = (
    *("mouse", "series", "experiment", "movie", "frames", "frame_rate_hz"),
    *("presentation_scene", "presentation_s", "presentation_tier"),
)
RESPONSES = ("units", "spike_times_s", "spike_units", "counts", "bins_s")
OPTIONAL = ("scene_frames", "gray_range", "frame_onsets_s", "opto_epochs_s")
CLOCKED = tuple(name for signal in SIGNALS for name in (signal, f"{signal}_times_s"))
Arrays = dict[str, np.ndarray]


def recognizes(path: Path) -> bool:
    """Whether ``path`` is an ``.npz`` file."""
    return path.is_file() and path.suffix == ".npz"


@reader("npz", recognizes)
def read_npz(path: Path, *, progress: Progress = silent) -> list[SessionRecording]:
    """The one session of an ``.npz`` file of plain arrays, all times in s on one session clock.

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
    arrays = load_arrays(path)
    _check_names(path, arrays)
    session = SessionKey(_word(path, arrays, "mouse"), *(_whole(path, arrays, n) for n in ("series", "experiment")))
    scenes = _scenes(path, arrays, progress)
    spikes, binned = _responses(path, arrays)
    light = _numbers(path, arrays, "opto_epochs_s") if "opto_epochs_s" in arrays else np.empty((0, 2))
    return [
        SessionRecording(
            session=session,
            spike_times_s=spikes,
            presentations=_presentations(path, arrays, scenes),
            opto_epochs_s=light,
            scenes=scenes,
            signals={name: _signal(path, arrays, name) for name in SIGNALS if name in arrays},
            source=path,
            binned=binned,
        )
    ]


@FRAME_SOURCES.register("npz")
def npz_frames(path: Path, address: str) -> Frames:
    """Frames ``start:stop`` of a file's ``frames``."""
    start, stop = map(int, address.split(":"))
    return _gray_frames(path, path.stat().st_mtime_ns)[start:stop]


@lru_cache(maxsize=1)
def _gray_frames(path: Path, changed_ns: int) -> Frames:
    """All frames of the file that was last asked for: its scenes are read one after the other."""
    arrays = load_arrays(path)
    _check_names(path, arrays)
    span = tuple(map(float, arrays["gray_range"])) if "gray_range" in arrays else None
    return as_gray(arrays["frames"], str(path), span)  # type: ignore[arg-type]


def _check_names(path: Path, arrays: Arrays) -> None:
    known = (*REQUIRED, *RESPONSES, *OPTIONAL, *CLOCKED)
    for name in arrays:
        if name not in known:
            raise RecordingError(f"{path} holds {name!r}, which means nothing here: {nearest(name, known)}")
    missing = [name for name in REQUIRED if name not in arrays]
    missing += [f"{name}_times_s" for name in SIGNALS if name in arrays and f"{name}_times_s" not in arrays]
    if missing:
        raise RecordingError(f"{path} lacks {', '.join(missing)}: add them")
    gray = _numbers(path, arrays, "gray_range") if "gray_range" in arrays else np.zeros(2)
    if gray.shape != (2,) or not np.isfinite(gray).all():
        raise RecordingError(f"{path}: gray_range needs two numbers, the values of black and white")


def _scenes(path: Path, arrays: Arrays, progress: Progress) -> dict[SceneKey, SceneFile]:
    frames = _gray_frames(path, path.stat().st_mtime_ns)
    lengths = _whole_numbers(path, arrays, "scene_frames") if "scene_frames" in arrays else np.array(frames.shape[:1])
    if frames.ndim != 3 or lengths.sum() != len(frames) or np.any(lengths < 1):
        raise RecordingError(
            f"{path}: frames have shape {frames.shape} and scene_frames are {lengths.tolist()}: expected "
            "(frame, height, width) and numbers above 0 that add up to all frames"
        )
    stops = np.cumsum(lengths).tolist()
    _numbers(path, arrays, "frame_rate_hz")
    rate, movie = float(_scalar(path, arrays, "frame_rate_hz")), _word(path, arrays, "movie")
    scenes = {}
    for scene, (start, stop) in enumerate(zip([0, *stops], stops, strict=False)):
        scenes[SceneKey(movie, scene)] = array_scene(path, f"npz:{start}:{stop}", frames[start:stop], rate)
        progress(scene + 1, len(stops))
    return scenes


def _presentations(path: Path, arrays: Arrays, scenes: dict[SceneKey, SceneFile]) -> tuple[PresentationTimes, ...]:
    times, tiers = _numbers(path, arrays, "presentation_s"), arrays["presentation_tier"]
    shown = _whole_numbers(path, arrays, "presentation_scene")
    if times.shape != (len(shown), 2) or tiers.shape != shown.shape:
        raise RecordingError(
            f"{path}: presentation_s has shape {times.shape}, presentation_tier {tiers.shape} and presentation_scene "
            f"{shown.shape}: expected (presentation, 2), (presentation,) and (presentation,)"
        )
    files = list(scenes.values())
    unknown = [scene for scene in shown if not 0 <= scene < len(files)]
    if unknown:
        raise RecordingError(f"{path}: presentation_scene holds {unknown[0]}, expected 0 to {len(files) - 1}")
    keys = [list(scenes)[int(scene)] for scene in shown]
    onsets = _onsets(path, arrays, [files[int(scene)].frames for scene in shown])
    order = np.argsort(times[:, 0], kind="stable")
    return tuple(
        PresentationTimes(trial, keys[row], float(times[row, 0]), float(times[row, 1]), str(tiers[row]), onsets[row])
        for trial, row in enumerate(order)
    )


def _onsets(path: Path, arrays: Arrays, frames: list[int]) -> list[tuple[float, ...]]:
    if "frame_onsets_s" not in arrays:
        return [() for _ in frames]
    every = _numbers(path, arrays, "frame_onsets_s")
    if every.shape != (sum(frames),):
        raise RecordingError(
            f"{path}: frame_onsets_s has shape {every.shape}; the presentations show {sum(frames)} frames: expected "
            "one onset each, NaN for a dropped frame"
        )
    return [tuple(map(float, part)) for part in np.split(every, np.cumsum(frames)[:-1])]


def _responses(path: Path, arrays: Arrays) -> tuple[dict[int, Times], BinnedResponses | None]:
    given = [name for name in ("spike_times_s", "counts") if name in arrays]
    partner = {"spike_times_s": "spike_units", "counts": "bins_s"}
    if len(given) != 1 or partner[given[0]] not in arrays:
        raise RecordingError(f"{path}: expected spike_times_s with spike_units, or counts with bins_s; it has {given}")
    if given == ["spike_times_s"]:
        return _spikes(path, arrays), None
    values, bins = _numbers(path, arrays, "counts"), _numbers(path, arrays, "bins_s")
    units = _whole_numbers(path, arrays, "units") if "units" in arrays else np.arange(len(np.atleast_1d(values)))
    if bins.ndim == 1:
        bins = np.column_stack([bins[:-1], bins[1:]])
    order = np.argsort(units, kind="stable")
    if values.ndim != 2 or units.shape != (len(values),):
        raise RecordingError(f"{path}: counts have shape {values.shape} for {units.shape} units: expected (unit, bin)")
    return {}, BinnedResponses(tuple(int(units[i]) for i in order), bins, values[order].astype(np.float32))


def _spikes(path: Path, arrays: Arrays) -> dict[int, Times]:
    times, owners = _numbers(path, arrays, "spike_times_s"), _whole_numbers(path, arrays, "spike_units")
    if times.ndim != 1 or times.shape != owners.shape:
        raise RecordingError(
            f"{path}: {times.shape} spike_times_s and {owners.shape} spike_units: expected a unit a spike"
        )
    units = np.unique(_whole_numbers(path, arrays, "units") if "units" in arrays else owners)
    strangers = np.setdiff1d(owners, units)
    if len(strangers):
        raise RecordingError(f"{path}: spike_units holds {strangers[0]}, which is not among units: correct one of them")
    return {int(unit): np.sort(times[owners == unit]).astype(np.float64) for unit in units}


def _signal(path: Path, arrays: Arrays, name: str) -> SampledSignal:
    times, values = _numbers(path, arrays, f"{name}_times_s"), _numbers(path, arrays, name)
    try:
        return SampledSignal(times, values.astype(np.float32))
    except RecordingError as error:
        raise RecordingError(f"{path}: {name}: {error}") from error


def _numbers(path: Path, arrays: Arrays, name: str) -> np.ndarray:
    if arrays[name].dtype.kind not in "iuf":
        raise RecordingError(f"{path}: {name} is of type {arrays[name].dtype}, expected numbers")
    return arrays[name].astype(np.float64, copy=False)


def _whole_numbers(path: Path, arrays: Arrays, name: str) -> np.ndarray:
    """A list of whole numbers as int64: neither NaN, nor a fraction that would be cut off, nor beyond the tables."""
    values = _numbers(path, arrays, name)
    if values.ndim != 1 or np.any(values != np.rint(values)) or np.any(np.abs(values) > MOST):
        raise RecordingError(f"{path}: {name} has shape {values.shape}, expected a list of whole numbers up to {MOST}")
    return values.astype(np.int64)


def _word(path: Path, arrays: Arrays, name: str) -> str:
    value = _scalar(path, arrays, name)
    if not isinstance(value, str):
        raise RecordingError(f"{path}: {name} is {value!r}, expected a text")
    return value


def _scalar(path: Path, arrays: Arrays, name: str) -> Any:
    if arrays[name].shape != ():
        raise RecordingError(f"{path}: {name} has shape {arrays[name].shape}, expected a single value")
    return arrays[name].item()


def _whole(path: Path, arrays: Arrays, name: str) -> int:
    value = _scalar(path, arrays, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RecordingError(f"{path}: {name} is {value!r}, expected a whole number from 0")
    return value
