"""The light's labels as they were drawn: which frames were drawn together, and the same labels in another order.

A fit to shuffled labels is the null of a light effect in a fitted model: the blocks, trials or places of pulses, the
movie, the behavior and the responses stay where they are, and only which of them were lit is another draw.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.shapes import Floats
from dlgn_cnn.values import number, whole

SHORTEST_FRAMES = 2  # what is left of a period at a trial's edge; shorter is the rounding of its edges
OPTO_ON = 0.5
EXCHANGED = ("blocks", "per_trial", "pulses")  # kinds of ``SessionOptoDesign`` that say what was drawn
SHUFFLED_TIERS = ("train", "validation")


@dataclasses.dataclass(frozen=True)
class Stretch:
    """Frames of one trial that were drawn together: whether they were lit, and their light (time,) if they are."""

    trial: int
    start: int
    stop: int
    on: bool
    wave: Floats


def exchanged_stretches(trials: Sequence[Floats], kind: str, period_frames: float) -> list[Stretch]:
    """The stretches whose labels a null exchanges; any frames in between stay as they are.

    Parameters
    ----------
    trials : sequence of ndarray, shape (time,)
        The light of each trial, as the share of each frame.
    kind : str
        What was drawn: ``blocks``, ``per_trial`` (a lit trial is lit as the others are), or ``pulses``, one or none at
        each place in a train that has the phase of the trial's first pulse.
    period_frames : float
        Frames between two draws; unused for trials.

    Returns
    -------
    list of Stretch
        In order of trials and frames.
    """
    if kind == "blocks":
        return [
            Stretch(number, start, stop, bool(opto[start] >= OPTO_ON), np.ones(stop - start, np.float32))
            for number, opto in enumerate(trials)
            for start, stop in pairwise([*redraw_blocks(opto, period_frames), len(opto)])
        ]
    places = [
        (number, start, stop)
        for number, opto in enumerate(trials)
        for start, stop in ([(0, len(opto))] if kind == "per_trial" else _train_places(opto, period_frames))
    ]
    shares = np.array([trials[number][start:stop].mean() for number, start, stop in places])
    on = (shares > 0) & (shares >= shares.max(initial=0.0) / 2)  # else it is the edge of another one's
    own = [trials[number][start:stop] for number, start, stop in places]
    like = max((one for one, is_on in zip(own, on, strict=True) if is_on), key=len, default=np.zeros(1, np.float32))
    return [
        Stretch(*place, bool(is_on), one if is_on else _fitted(like, len(one)))
        for place, is_on, one in zip(places, on, own, strict=True)
    ]


def _train_places(opto: Floats, period_frames: float) -> Iterator[tuple[int, int]]:
    """First frame of each whole period of a train of pulses, and the one after its last."""
    begins = max(0, int(np.argmax(opto > 0)) - 1)  # a pulse may begin in the frame before that of its period
    edges = np.rint(np.arange(begins % period_frames, len(opto) + 1, period_frames)).astype(int)
    return pairwise(edges.tolist())


def _fitted(wave: Floats, frames: int) -> Floats:
    return np.pad(wave[:frames], (0, max(0, frames - len(wave))), mode="edge")


def redraw_blocks(opto: Floats, period_frames: float) -> list[int]:
    """The first frame of each block of one trial's light (time,), in order: stretches drawn together.

    Every change of the light begins a block, and so does every whole period after or before one within a run. In a
    trial whose light never changes it is not known when it was drawn: its blocks are counted from its start.
    """
    if len(opto) == 0 or period_frames <= 0:
        raise ModelError(f"light of {len(opto)} frames and a period of {period_frames}: both must be above 0")
    changes = 1 + np.flatnonzero(np.diff(opto >= OPTO_ON))
    edges = [0, *changes.tolist(), len(opto)]
    return [
        first
        for start, stop in pairwise(edges)
        for first in _run_blocks(start, stop, period_frames, backwards=start == 0 and stop < len(opto))
    ]


def _run_blocks(start: int, stop: int, period_frames: float, backwards: bool) -> list[int]:
    count = int((stop - start) // period_frames) + 1
    steps = np.rint(period_frames * np.arange(1, count + 1)).astype(int)
    inner = stop - steps[::-1] if backwards else start + steps
    return [start, *inner[(inner - start >= SHORTEST_FRAMES) & (stop - inner >= SHORTEST_FRAMES)].tolist()]


def is_shuffled(config: Mapping[str, Any]) -> bool:
    """Whether a dataset config asks for shuffled labels, so that fits to it are the null of others.

    >>> is_shuffled({"sessions": "all", "shuffle_opto": {"seed": 0}}), is_shuffled({"shuffle_opto": None})
    (True, False)
    """
    return config.get("shuffle_opto") is not None


def check_shuffle(shuffle: object) -> None:
    """Refuse what is not ``{"seed": 0}``, with ``period_s`` if wanted. Raises ConfigError."""
    if not isinstance(shuffle, Mapping) or "seed" not in shuffle or set(shuffle) - {"seed", "period_s"}:
        raise ConfigError(
            f"shuffle_opto {shuffle!r}: give {{seed: 0}}, and period_s to overrule the session's own design"
        )
    whole("shuffle_opto.seed", shuffle["seed"])
    number("shuffle_opto.period_s", shuffle.get("period_s", 1.0), 0, above=True)


def with_shuffled_opto(
    session: SessionData, shuffle: Mapping[str, Any], name: str, design: tuple[str, float] | None = None
) -> SessionData:
    """Permute the light's labels of a session's training and validation trials, each among themselves.

    Blocks, trials or places of pulses, as ``exchanged_stretches`` finds them, keep their frames and change labels, so
    that as many are lit as before. The test tier stays as recorded: its scores say what the true labels are worth to a
    model that never had them.

    Parameters
    ----------
    session : SessionData
        The session.
    shuffle : mapping
        ``seed``, and ``period_s``, the time between two draws in blocks (default: as the design says).
    name : str
        Name of the session, which the order of labels also follows from.
    design : tuple of str and float, optional
        Kind and period in s of the session's light (default: the session's own).

    Returns
    -------
    SessionData
        The session with other labels.

    Raises
    ------
    ConfigError
        If neither says how the light was drawn.
    """
    kind, period_s = ("blocks", shuffle["period_s"]) if "period_s" in shuffle else design or session.opto_design
    if kind == "none":
        return session
    if kind not in EXCHANGED:
        raise ConfigError(
            f"shuffle_opto of session {name}: how its light was drawn is not known: state it with dlgn ingest "
            "--replace --opto-design, or its period here, as {seed: 0, period_s: 1.0}"
        )
    redrawn: dict[int, Floats] = {}
    for index, tier in enumerate(SHUFFLED_TIERS):
        trials = [trial for trial in session.trials if trial.tier == tier]
        generator = np.random.default_rng([shuffle["seed"], index, *name.encode()])
        found = _redrawn([trial.opto for trial in trials], kind, period_s * session.rate_hz, generator)
        redrawn |= dict(zip([trial.trial for trial in trials], found, strict=True))
    trials = [
        dataclasses.replace(trial, opto=redrawn[trial.trial]) if trial.trial in redrawn else trial
        for trial in session.trials
    ]
    return dataclasses.replace(session, trials=tuple(trials))


def _redrawn(trials: Sequence[Floats], kind: str, period_frames: float, generator: np.random.Generator) -> list[Floats]:
    parts, found = exchanged_stretches(trials, kind, period_frames), [opto.copy() for opto in trials]
    for part, on in zip(parts, generator.permutation([part.on for part in parts]), strict=True):
        found[part.trial][part.start : part.stop] = part.wave * np.float32(on)
    return found
