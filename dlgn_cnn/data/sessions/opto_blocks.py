"""The light's labels in blocks: which frames were drawn together, and the same labels in another order.

A fit to shuffled labels is the null of a light effect in a fitted model: the blocks, the movie, the behavior and the
responses stay where they are, and only which blocks were lit is another draw.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dlgn_cnn.data.sessions.session_data import SessionData, TrialData
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.shapes import Floats
from dlgn_cnn.values import number, whole

SHORTEST_FRAMES = 2  # what is left of a period at a trial's edge; shorter is the rounding of its edges
OPTO_ON = 0.5
PERIOD_S = 1.002
SHUFFLED_TIERS = ("train", "validation")


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
        raise ConfigError(f"shuffle_opto {shuffle!r}: give {{seed: 0}}, and period_s where it is not {PERIOD_S}")
    whole("shuffle_opto.seed", shuffle["seed"])
    number("shuffle_opto.period_s", shuffle.get("period_s", PERIOD_S), 0, above=True)


def with_shuffled_opto(session: SessionData, shuffle: Mapping[str, Any], name: str) -> SessionData:
    """Permute the light's labels of a session's training and validation trials, each among themselves.

    Blocks between two draws of the light, as ``redraw_blocks`` finds them, keep their frames and change labels, so that
    as many blocks are lit as before. The test tier stays as recorded: its scores say what the true labels are worth to
    a model that never had them.

    Parameters
    ----------
    session : SessionData
        The session.
    shuffle : mapping
        ``seed``, and ``period_s``, the time between two draws (default: 1.002 s).
    name : str
        Name of the session, which the order of labels also follows from.

    Returns
    -------
    SessionData
        The session with other labels.
    """
    period_frames = shuffle.get("period_s", PERIOD_S) * session.rate_hz
    redrawn: dict[int, Floats] = {}
    for index, tier in enumerate(SHUFFLED_TIERS):
        trials = [trial for trial in session.trials if trial.tier == tier]
        generator = np.random.default_rng([shuffle["seed"], index, *name.encode()])
        redrawn |= dict(zip([trial.trial for trial in trials], _redrawn(trials, period_frames, generator), strict=True))
    trials = [
        dataclasses.replace(trial, opto=redrawn[trial.trial]) if trial.trial in redrawn else trial
        for trial in session.trials
    ]
    return dataclasses.replace(session, trials=tuple(trials))


def _redrawn(trials: Sequence[TrialData], period_frames: float, generator: np.random.Generator) -> list[Floats]:
    starts = [redraw_blocks(trial.opto, period_frames) for trial in trials]
    labels = [trial.opto[first] >= OPTO_ON for trial, own in zip(trials, starts, strict=True) for first in own]
    drawn = np.split(generator.permutation(labels).astype(np.float32), np.cumsum([len(own) for own in starts])[:-1])
    blocks = zip(trials, starts, drawn, strict=False)  # without trials, there is one empty part
    return [np.repeat(labels, np.diff([*own, len(trial.opto)])) for trial, own, labels in blocks]
