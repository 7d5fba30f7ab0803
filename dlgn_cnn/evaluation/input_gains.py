"""How much each input gains a model: what its correlation loses when that input is another trial's.

As Schmors et al. (2025) did for their spline GLM: one input is permuted over trials while all others stay, so that its
statistics remain and only its match to the response is gone.
"""

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from dlgn_cnn.data.session_data import Trial
from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Scores

TAKEN: Mapping[str, Callable[[Trial], np.ndarray]] = {
    "movie": lambda trial: trial.videos,
    "light": lambda trial: trial.opto,
    "running": lambda trial: trial.behavior[0],
    "pupil": lambda trial: np.stack([trial.behavior[1], *trial.pupil_center], 1),
}
GIVEN: Mapping[str, Callable[[Trial, np.ndarray], dict[str, Any]]] = {
    "movie": lambda trial, trace: {"videos": trace},
    "light": lambda trial, trace: {"opto": trace},
    "running": lambda trial, trace: {"behavior": np.stack([trace, trial.behavior[1]])},
    "pupil": lambda trial, trace: {
        "behavior": np.stack([trial.behavior[0], trace[:, 0]]),
        "pupil_center": trace[:, 1:].T,
    },
}
INPUTS = tuple(TAKEN)


def input_gains(
    model: torch.nn.Module,
    loaders: Any,
    generator: np.random.Generator,
    tier: str = "test",
    permutations: int = 1,
) -> dict[str, dict[str, Scores]]:
    """``{session: {input: gain (unit,)}}``: single-trial correlation as recorded less that with the input permuted.

    The mean over ``permutations``, each within the session and drawn from ``generator``; every trial gets another's
    input, and another scene's where the movie is permuted. ``pupil`` is size and position together. NaN for a unit
    without a score, and for an input that was not recorded, never varies, or has no other to take its place; 0 for one
    that the model does not use. The loaders must have ``trials``, as ours do: from others nothing is known (NaN).
    """
    return {key: _gains(model, key, loader, generator, permutations) for key, loader in loaders[tier].items()}


def permuted_trials(trials: Sequence[Trial], name: str, generator: np.random.Generator) -> list[Trial] | None:
    """The trials with one input of ``INPUTS`` taken from another; None where there is nothing to permute.

    Donors follow one another in one random cycle, so that none gives to itself (Sattolo 1986). Where a donor is shorter
    than the trial that it gives to, the next one continues. Raises ModelError for an unknown input.
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
    model: torch.nn.Module, key: str, loader: Any, generator: np.random.Generator, permutations: int
) -> dict[str, Scores]:
    def score(shown: Any) -> Scores:
        found = predict(model, shown, key, BURN_IN_FRAMES)
        return correlation(found.predicted, found.observed)

    recorded, gains = score(loader), {}
    for name in INPUTS:
        drawn = [permuted_trials(getattr(loader, "trials", ()), name, generator) for _ in range(permutations)]
        losses = [recorded - score(loader.showing(trials)) for trials in drawn if trials is not None]
        gains[name] = np.mean(losses, axis=0) if losses else np.full(len(recorded), np.nan)
    return gains


def _cut(
    donors: Mapping[Hashable, np.ndarray], after: Mapping[Hashable, Hashable], label: Hashable, frames: int
) -> np.ndarray:
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < frames:
        label = after[label]
        parts.append(donors[label])
    return np.concatenate(parts)[:frames]


def _vary(traces: Sequence[np.ndarray]) -> bool:
    whole = np.concatenate(traces)
    return bool((whole != whole[0])[np.isfinite(whole)].any())
