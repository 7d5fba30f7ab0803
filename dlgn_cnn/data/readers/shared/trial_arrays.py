"""Recordings from layouts that keep arrays a trial and no clock: one is laid out for them, trial after trial."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlgn_cnn.data.binning import epochs_of_opto
from dlgn_cnn.data.recording import (
    BinnedResponses,
    PresentationTimes,
    SampledSignal,
    SceneFile,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Floats, Times

BEHAVIOR_ROWS = ("pupil_size", "running")  # the order of Sensorium 2023
OPTIONAL = {"opto": 1, "behavior": 2, "pupil_center": 2}  # axes of what a layout may hold besides responses
PUPIL_ROWS = ("pupil_x", "pupil_y")
PAUSE_S = 1.0  # between trials, so that nothing is interpolated from one into the next
UNUSED_TIER = "none"  # of trials that a layout holds and does not use
# Why a trial is left out.
OF_UNUSED_TIER, UNRECORDED = f"they are of tier {UNUSED_TIER!r}", "they have no responses"


@dataclass(frozen=True)
class ArrayTrial:
    """One trial: its scene, and arrays whose last axis is the scene's frames.

    ``tier`` is "train" for training, and any other word for testing.
    ``responses`` (unit, time), not negative; ``optional`` has those of ``OPTIONAL`` that the layout holds: ``opto``
    (time,) share lit; ``behavior`` (pupil size, running; time) and ``pupil_center`` (x, y; time), NaN where missing.
    """

    name: str
    tier: str
    scene: SceneFile
    responses: Floats
    optional: Mapping[str, Floats]
    padded: bool = False

    def __post_init__(self) -> None:
        for name, array in {"responses": self.responses, **self.optional}.items():
            if array.shape[-1] != self.scene.frames:
                raise RecordingError(
                    f"trial {self.name}: {name} has {array.shape[-1]} frames, its video {self.scene.frames}: "
                    "expected one and the same number"
                )
            if OPTIONAL.get(name) == 2 and array.shape[:-1] != (2,):
                raise RecordingError(f"trial {self.name}: {name} has shape {array.shape}, expected (2, time)")


def unpadded(array: np.ndarray, where: str) -> int:
    """How many frames of an array, whose last axis they are, come before its padding, which is NaN to the end.

    Raises RecordingError, which begins with ``where``, for one that holds NaN elsewhere.
    """
    if array.dtype.kind != "f":
        return array.shape[-1]
    there = np.isfinite(array).all(axis=tuple(range(array.ndim - 1)))
    time = len(there) if there.all() else int(np.argmin(there))
    if time == 0 or there[time:].any():
        raise RecordingError(f"{where} holds NaN before its last frame: expected NaN, if any, at the end only")
    return time


def recording_of(
    session: SessionKey,
    units: Sequence[int] | None,
    found: Sequence[ArrayTrial | str],
    source: Path,
    behavior_rows: Sequence[str] = BEHAVIOR_ROWS,
) -> SessionRecording:
    """Lay out one session whose trials follow one another with a pause between.

    Frames are evenly spaced at their scene's rate.

    Equal frames are one scene, numbered by the first trial that showed it; a scene that any trial shows for testing is
    a test scene wherever it is shown. The movie is named after the session.

    Parameters
    ----------
    session : SessionKey
        Key of the session.
    units : sequence of int or None
        Number of each row of responses; rows are put in their order. None counts from 0.
    found : sequence of ArrayTrial or str
        Trials in the order in which they were shown; of one that is left out, why. Trials of a tier other than "train"
        whose responses are all 0, as those of a competition that withholds them, are left out too.
    source : Path
        File or folder that the recording names as its source.
    behavior_rows : sequence of str, default ("pupil_size", "running")
        What the two rows of ``behavior`` are.

    Returns
    -------
    SessionRecording
        The session, its responses binned by frame.

    Raises
    ------
    RecordingError
        If there is no trial, or a trial lacks a row of responses.
    """
    trials, notes = _used(found)
    if len(trials) == 0:
        said = "; ".join(notes)
        raise RecordingError(f"session {session} has no trial with responses: nothing can be fitted to it ({said})")
    units = range(len(trials[0].responses)) if units is None else units
    order = np.argsort(units, kind="stable")
    if any(len(trial.responses) != len(order) for trial in trials):
        raise RecordingError(f"session {session}: every trial needs a row of responses for each of {len(order)} units")
    if sorted(behavior_rows) != sorted(BEHAVIOR_ROWS):
        raise RecordingError(f"behavior_rows {list(behavior_rows)}: expected an order of {list(BEHAVIOR_ROWS)}")
    movie, scenes = str(session), dict[str, int]()
    numbers = [scenes.setdefault(trial.scene.sha256, number) for number, trial in enumerate(trials)]
    tested = {number for number, trial in zip(numbers, trials, strict=True) if trial.tier != "train"}
    edges = _clock(trials)
    shown = tuple(
        PresentationTimes(
            trial=index,
            scene=SceneKey(movie, scene),
            start_s=float(clock[0]),
            stop_s=float(clock[-1]),
            tier="test" if scene in tested else "train",
        )
        for index, (scene, clock) in enumerate(zip(numbers, edges, strict=True))
    )
    opto = [(t.optional["opto"], clock) for t, clock in zip(trials, edges, strict=True) if "opto" in t.optional]
    bins = np.concatenate([np.column_stack([clock[:-1], clock[1:]]) for clock in edges])
    values = np.concatenate([trial.responses[order] for trial in trials], axis=1).astype(np.float32)
    return SessionRecording(
        session=session,
        spike_times_s={},
        presentations=shown,
        opto_epochs_s=np.concatenate([np.empty((0, 2)), *itertools.starmap(epochs_of_opto, opto)]),
        scenes={SceneKey(movie, number): trials[number].scene for number in sorted(set(numbers))},
        signals=_signals(trials, edges, behavior_rows),
        source=source,
        binned=BinnedResponses(tuple(int(units[index]) for index in order), bins, values),
        notes=notes,
    )


def _used(found: Sequence[ArrayTrial | str]) -> tuple[list[ArrayTrial], tuple[str, ...]]:
    """The trials that are read, and what is said of the others."""
    trials, left = [one for one in found if not isinstance(one, str)], Counter(o for o in found if isinstance(o, str))
    responded = {trial.tier for trial in trials if np.any(trial.responses)} | {"train"}
    left += Counter(f"all responses of tier {t.tier!r} are 0" for t in trials if t.tier not in responded)
    trials = [trial for trial in trials if trial.tier in responded]
    notes = [f"{count} of {len(found)} trials are left out: {why}" for why, count in left.items()]
    if padded := sum(trial.padded for trial in trials):
        notes.append(f"{padded} of {len(found)} trials end where their video or responses turn NaN, which is padding")
    return trials, tuple(notes)


def _clock(trials: Sequence[ArrayTrial]) -> list[Times]:
    start, edges = 0.0, []
    for trial in trials:
        edges.append(start + np.arange(trial.scene.frames + 1) / trial.scene.rate_hz)
        start = float(edges[-1][-1]) + PAUSE_S
    return edges


def _signals(
    trials: Sequence[ArrayTrial], edges: Sequence[Times], behavior_rows: Sequence[str]
) -> dict[str, SampledSignal]:
    found: dict[str, SampledSignal] = {}
    for array, names in (("behavior", behavior_rows), ("pupil_center", PUPIL_ROWS)):
        having = [(t.optional[array], clock) for t, clock in zip(trials, edges, strict=True) if array in t.optional]
        for row, name in enumerate(names if having else ()):
            times = np.concatenate([(clock[:-1] + clock[1:]) / 2 for _, clock in having])
            values = np.concatenate([rows[row] for rows, _ in having])
            found[name] = SampledSignal(times, values.astype(np.float32))
    return found
