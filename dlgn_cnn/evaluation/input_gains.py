"""Gain of each input: how much a model's correlation falls if that input is taken from another trial.

As Schmors et al. (2025) did for their spline GLM: one input is permuted over trials while all others stay, so that its
statistics remain and only its match to the response is gone.
"""

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from dlgn_cnn.data.sessions.session_data import TrialData
from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Scores

TAKEN: Mapping[str, Callable[[TrialData], np.ndarray]] = {
    "movie": lambda trial: trial.videos,
    "opto": lambda trial: trial.opto,
    "running": lambda trial: trial.behavior[0],
    "pupil": lambda trial: np.stack([trial.behavior[1], *trial.pupil_center], 1),
}
GIVEN: Mapping[str, Callable[[TrialData, np.ndarray], dict[str, Any]]] = {
    "movie": lambda trial, trace: {"videos": trace},
    "opto": lambda trial, trace: {"opto": trace},
    "running": lambda trial, trace: {"behavior": np.stack([trace, trial.behavior[1]])},
    "pupil": lambda trial, trace: {
        "behavior": np.stack([trial.behavior[0], trace[:, 0]]),
        "pupil_center": trace[:, 1:].T,
    },
}
INPUTS = tuple(TAKEN)
Asked = Callable[..., Prediction]  # a model, to predict batches
OFTEN_UNUSED = ("running", "pupil")


def input_gains(
    model: torch.nn.Module,
    loaders: Any,
    generator: np.random.Generator,
    recorded: Mapping[str, Scores] | None = None,
    tier: str = "test",
    precision: str = "float32",
) -> dict[str, dict[str, Scores]]:
    """Single-trial correlation as recorded less that with each input permuted over trials.

    Inputs are permuted within the session: every trial gets another's input, and another scene's if the movie is
    permuted. ``pupil`` is size and position together.

    Parameters
    ----------
    model : Module
        Fitted model.
    loaders : mapping
        ``{tier: {session: loader}}``; loaders must have ``trials``, as ours do, otherwise all gains are NaN.
    generator : Generator
        Draws the permutations.
    recorded : mapping, optional
        Correlation as recorded (unit,) by session, if it is known already.
    tier : str
        Tier whose trials are predicted.
    precision : str
        As in ``predict``.

    Returns
    -------
    dict
        ``{session: {input: gain (unit,)}}``: NaN for a unit without a score, and for an input that was not recorded,
        never varies, or has no other to take its place; 0 for one that the model does not use.
    """
    asked = partial(predict, model, precision=precision)
    return {
        key: _gains(asked, key, loader, generator, None if recorded is None else recorded[key])
        for key, loader in loaders[tier].items()
    }


def permuted_trials(trials: Sequence[TrialData], name: str, generator: np.random.Generator) -> list[TrialData] | None:
    """Replace one input of each trial by that of another trial.

    Donors follow one another in one random cycle, so that none gives to itself (Sattolo 1986). If a donor is shorter
    than the trial that it gives to, the next one continues.

    Parameters
    ----------
    trials : sequence of TrialData
        The trials.
    name : str
        One of ``INPUTS``.
    generator : Generator
        Draws the cycle.

    Returns
    -------
    list of TrialData or None
        The trials; None if there is nothing to permute.

    Raises
    ------
    ModelError
        If the input is unknown.
    """
    if name not in INPUTS:
        raise ModelError(f"input {name!r}: {nearest(name, INPUTS)}")
    labels: list[Hashable] = [trial.scene if name == "movie" else index for index, trial in enumerate(trials)]
    donors = {label: TAKEN[name](trial) for label, trial in zip(labels, trials, strict=True)}
    if len(donors) < 2 or not _vary(list(donors.values())):
        return None
    order = [list(donors)[index] for index in generator.permutation(len(donors))]
    after = dict(zip(order, [*order[1:], order[0]], strict=True))
    return [
        dataclasses.replace(trial, **GIVEN[name](trial, _cut(donors, after, label, len(trial.videos))))
        for label, trial in zip(labels, trials, strict=True)
    ]


def _gains(
    asked: Asked,
    key: str,
    loader: Any,
    generator: np.random.Generator,
    recorded: Scores | None,
) -> dict[str, Scores]:
    def score(shown: Any) -> Scores:
        found = asked(shown, key, BURN_IN_FRAMES)
        return correlation(found.predicted, found.observed)

    before = score(loader) if recorded is None else np.asarray(recorded)

    def loss(name: str) -> Scores:
        trials = permuted_trials(getattr(loader, "trials", ()), name, generator)
        if trials is None:
            return np.full(len(before), np.nan)
        if name in OFTEN_UNUSED and not _used(asked, key, loader, trials, name):
            return before - before
        return before - score(loader.presenting(trials))

    return {name: loss(name) for name in INPUTS}


def _used(asked: Asked, key: str, loader: Any, changed: Sequence[TrialData], name: str) -> bool:
    """Whether the trial that changed most is predicted otherwise: a model that has no such input costs no more."""

    def frames_changed(pair: tuple[TrialData, TrialData]) -> int:
        one, other = (TAKEN[name](trial) for trial in pair)
        return int(((one != other) & (np.isfinite(one) | np.isfinite(other))).sum())

    most = max(zip(loader.trials, changed, strict=True), key=frames_changed)
    one, other = (asked(loader.presenting([trial]), key).predicted for trial in most)
    return not np.array_equal(one, other, equal_nan=True)


def _cut(
    donors: Mapping[Hashable, np.ndarray], after: Mapping[Hashable, Hashable], label: Hashable, frames: int
) -> np.ndarray:
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < frames:
        label = after[label]
        parts.append(donors[label])
    return parts[0][:frames] if len(parts) == 1 else np.concatenate(parts)[:frames]


def _vary(traces: Sequence[np.ndarray]) -> bool:
    high, low = (pick.reduce([pick.reduce(trace, axis=0) for trace in traces]) for pick in (np.fmax, np.fmin))
    return bool((high > low).any())
