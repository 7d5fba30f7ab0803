"""The screen of an Experanto folder: trials, the scenes that they show, and when each frame appeared."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.binning import CLOCK_TOLERANCE, covered_s
from dlgn_cnn.data.readers.experanto.devices import META, Meta, described, whole
from dlgn_cnn.data.readers.shared.arrays import load_array, map_array, seconds, shown
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES, LUMA, array_scene, as_gray
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.storage.rights import present_file

COMBINED = "combined_meta.json"
KINDS = ("image", "video", "blank", "invalid")
NAMES = ("stimulus_name", "image_name")  # of a shared file; the second before it was renamed
VALIDATION = ("validation", "val")
TIERS = {"train": "train", "test": "test", "oracle": "test", "": "", "blank": "", "none": ""}
MOVIES = (".mp4", ".avi", ".mkv", ".mov")
DROPPED_S = 1e-4  # no frame is on the screen for less, and the package looks ahead by as much


@dataclass(frozen=True)
class ScreenTrial:
    """One trial: its kind, first frame of all and number of frames, tier, the stem of its file, and when it was on.

    ``told`` is the tier as the file has it; ``left_out`` says why it is not a presentation; ``stop_s`` is NaN if the
    trial is the last one and has no end.
    """

    key: str
    kind: str
    first: int
    frames: int
    tier: str
    told: str
    left_out: str
    stem: Any
    start_s: float = 0.0
    stop_s: float = 0.0


def read_trials(screen: Path, validation: str) -> tuple[list[ScreenTrial], Times]:
    """Trials in order of presentation, and the onset of every frame in s.

    Each trial lasts until the next one's first frame, the last one as long as its frames, or an image, usually do.
    ``validation`` is the tier of those for validation. Raises RecordingError where frames and trials contradict each
    other.
    """
    meta, file = described(screen / META), inside(screen, "timestamps.npy", str(screen))
    by_name = bool(meta.get("use_stimuli_names", meta.get("image_names")))
    onsets_s = seconds(load_array(file), str(file), 1)
    for row in np.flatnonzero(~(np.isfinite(onsets_s) & (np.diff(onsets_s, prepend=-np.inf) > 0)))[:1]:
        raise RecordingError(f"{file}: row {row} is {onsets_s[row]} s, expected onsets of frames that increase")
    trials: list[ScreenTrial] = []
    first, tiers = 0, TIERS | dict.fromkeys(VALIDATION, validation)
    for key, told in _told(screen).items():
        trials.append(_trial(f"{screen}: trial {key:.80}", key, told, first, by_name, tiers))
        first += trials[-1].frames
    check("recording.presentations", len(trials), screen)
    if first != len(onsets_s) or not trials:
        raise RecordingError(f"{screen}: its trials have {first} frames, and timestamps.npy {len(onsets_s)} onsets")
    starts = onsets_s[[one.first for one in trials]]
    images = [lasted for lasted, one in zip(np.diff(starts), trials, strict=False) if one.kind == "image"]
    usual = np.diff(onsets_s[trials[-1].first :]) if trials[-1].frames > 1 else images
    stops = [*starts[1:], onsets_s[-1] + np.median(usual) if len(usual) else np.nan]
    timed = zip(trials, starts, stops, strict=True)
    return [replace(one, start_s=float(start), stop_s=float(stop)) for one, start, stop in timed], onsets_s


def _told(screen: Path) -> Meta:
    """What is said of each trial, in order: by the combined file, which must agree with the others, if there is one."""
    found = {file.stem: described(file) for file in sorted(screen.glob("meta/[0-9][0-9][0-9][0-9][0-9].yml"))}
    combined = screen / COMBINED
    if not present_file(combined):
        return found
    together = described(combined)
    for key in sorted(found.keys() | together.keys() if found else ()):
        ours, theirs = (json.dumps(one.get(key), sort_keys=True, default=str) for one in (together, found))
        if ours != theirs:
            raise RecordingError(
                f"{combined} and meta/{key:.80}.yml differ: delete {COMBINED}, which the experanto package then writes "
                "again, or restore the other"
            )
    return together


def _trial(where: str, key: str, told: Any, first: int, by_name: bool, tiers: dict[str, str]) -> ScreenTrial:
    kind = str(told.get("modality")).lower() if isinstance(told, dict) else ""
    if kind not in KINDS:
        raise RecordingError(f"{where} is {shown(told)}, expected its modality, one of {', '.join(KINDS)}")
    frames, begins = whole(told, "num_frames", where) if kind == "video" else 1, whole(told, "first_frame_idx", where)
    if begins != first or frames < 1:
        raise RecordingError(
            f"{where}: first_frame_idx is {begins}, of {frames} frames, and {first} frames come before: correct it"
        )
    tier = str(told.get("tier") or "").lower()
    if tier not in tiers:
        raise RecordingError(f"{where}: tier {shown(told['tier'])}, expected one of {', '.join(filter(None, tiers))}")
    left_out = "valid_trial says no" if not told.get("valid_trial", True) else ""
    if tiers[tier] not in ("train", "test"):
        left_out = f"their tier is {tier or 'not told'}"
    stem = next((told[name] for name in NAMES if name in told), None) if by_name else key
    return ScreenTrial(key, kind, first, frames, tiers[tier], tier, left_out, stem)


def kept_of(screen: Path, trials: Sequence[ScreenTrial], recorded_s: Times) -> tuple[list[ScreenTrial], list[str]]:
    """The trials that are presentations, and what is said of those that are left out.

    Parameters
    ----------
    screen : Path
        Folder of the screen, for errors.
    trials : sequence of ScreenTrial
        All trials.
    recorded_s : ndarray, shape (interval, start and stop)
        When responses were recorded, in s.

    Returns
    -------
    tuple
        Trials and notes.

    Raises
    ------
    RecordingError
        If none is kept.
    """
    kept, left = [], Counter[str]()
    edges_s = np.array([*(one.start_s for one in trials), trials[-1].stop_s])
    known = covered_s(recorded_s, edges_s) >= (1 - CLOCK_TOLERANCE) * np.diff(edges_s)
    for one, responses in zip(trials, known, strict=True):
        if one.kind in ("image", "video"):
            why = one.left_out or ("" if one.stop_s > one.start_s else "the last one has no end")
            why = why or ("" if responses else "there are no responses throughout")
            left[why] += 1
            kept += [] if why else [one]
    notes = [f"{count} presentations are left out, since {why}" for why, count in left.items() if why]
    again = Counter(one.tier for one in kept if one.told in VALIDATION)
    notes += [f"{count} presentations for validation are in tier {tier}" for tier, count in again.items()]
    if not kept:
        spans = [f"from {clock.min():.12g} to {clock.max():.12g} s" for clock in (edges_s[:-1], recorded_s)]
        said = "; ".join(notes) or "all trials are blank"
        raise RecordingError(f"{screen} holds no presentation to fit, {spans[0]}, and responses are {spans[1]}: {said}")
    return kept, notes


def show(
    screen: Path,
    movie: str,
    trials: Sequence[ScreenTrial],
    onsets_s: Times,
    gray_range: Sequence[float] | None,
    progress: Progress,
) -> tuple[tuple[PresentationTimes, ...], dict[SceneKey, SceneFile], list[str]]:
    """Presentations of trials that are kept, and their scenes: equal frames are one, a test scene if any trial tests.

    Parameters
    ----------
    screen : Path
        Folder of the screen.
    movie : str
        Name of the movie that all scenes are of.
    trials : sequence of ScreenTrial
        Trials that are kept, in order.
    onsets_s : ndarray, shape (frame,)
        Onset of every frame of all trials in s.
    gray_range : sequence of float, optional
        Values of black and white.
    progress : callable
        Called with the trials read and their number.

    Returns
    -------
    tuple
        Presentations, scenes, and what is odd.

    Raises
    ------
    RecordingError
        If a file has fewer frames than a trial shows.
    """
    opened: dict[tuple[str, str], SceneFile] = {}
    numbers, scenes, rows = dict[str, int](), dict[SceneKey, SceneFile](), []
    for trial, one in enumerate(trials):
        own_s, place = onsets_s[one.first : one.first + one.frames], (one.kind, str(one.stem))
        if place not in opened:
            step_s = float(np.median(np.diff(own_s))) if one.frames > 1 else one.stop_s - one.start_s
            opened[place] = _scene(screen, one, round(1 / step_s, 4), ":".join(map(str, gray_range or ())))
        missing = opened[place].frames - one.frames
        if missing < 0:
            raise RecordingError(f"{opened[place].path} lacks {-missing} of the frames that trial {one.key} shows")
        key = SceneKey(movie, numbers.setdefault(opened[place].sha256, trial))
        scenes.setdefault(key, opened[place])
        seen = np.where(np.append(np.diff(own_s), np.inf) < DROPPED_S, np.nan, own_s)
        rows.append((one, key, (*seen.tolist(), *(missing * [np.nan]))))
        check("recording.scenes", len(scenes), screen)
        progress(trial + 1, len(trials))
    tested = {key for one, key, _ in rows if one.tier == "test"}
    presentations = tuple(
        PresentationTimes(trial, key, one.start_s, one.stop_s, "test" if key in tested else "train", onsets)
        for trial, (one, key, onsets) in enumerate(rows)
    )
    moved = sum(one.tier == "train" and key in tested for one, key, _ in rows)
    partly = sum(bool(np.isnan(onsets).any()) for *_, onsets in rows)
    notes = {"for training show a test scene, and are for testing": moved, "lack frames of their scene": partly}
    return presentations, scenes, [f"{count} presentations {what}" for what, count in notes.items() if count]


def _scene(screen: Path, trial: ScreenTrial, rate_hz: float, gray: str) -> SceneFile:
    where = f"{screen}: trial {trial.key}"
    if not isinstance(trial.stem, str):
        raise RecordingError(f"{where} has no {NAMES[0]}, which names its file: add it")
    file = inside(screen, f"data/{trial.stem}.npy", where)
    if present_file(file):
        address = f"{trial.kind}:{gray}"
        return array_scene(file, f"experanto:{address}", experanto_frames(file, address), rate_hz)
    for other in (inside(screen, f"data/{trial.stem}{ending}", where) for ending in MOVIES):
        if trial.kind == "video" and present_file(other):
            from dlgn_cnn.data.stimuli.video import probe

            return probe(other)
    raise RecordingError(
        f"{where}: {file} is missing: copy it there, or convert what is there, as .png or .jpg: stimuli are read from "
        f".npy arrays, and videos from {', '.join(MOVIES)} too"
    )


@FRAME_SOURCES.register("experanto")
def experanto_frames(path: Path, address: str) -> Frames:
    """Gray frames (time, height, width) of a stimulus file, by its kind and the values of black and white."""
    kind, _, gray = address.partition(":")
    check("movie.decoded", map_array(path).size, path, path.stat().st_size)
    values = load_array(path)
    values = values[0] if kind == "image" and values.ndim > 2 and len(values) == 1 else values
    colors = values.shape[-1:] == (3,) and values.ndim == (3 if kind == "image" else 4)
    if values.ndim - colors != (2 if kind == "image" else 3) or values.dtype.kind not in "iuf":
        raise RecordingError(
            f"{path}: the {kind} is of shape {values.shape} and type {values.dtype}, expected (height, width) of "
            "numbers, with time before for a video, and 3 colors after"
        )
    values = values @ LUMA if colors else values
    black, _, white = gray.partition(":")
    gray_range = (float(black), float(white)) if gray else None
    found = as_gray(np.rint(values) if colors and not gray else values, str(path), gray_range)
    return np.ascontiguousarray(found if found.ndim == 3 else found[None])
