"""Scores of one fitted model on tiers that it was not fitted to: for each unit, in each opto condition."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.evaluation.conditions import ScoredTrial, condition_frames, condition_sums, settled_frames
from dlgn_cnn.evaluation.intervals import intervals
from dlgn_cnn.evaluation.measures import measures
from dlgn_cnn.evaluation.moments import Sums, summed
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.shapes import Scores

BURN_IN_FRAMES = 15
TIERS = ("validation", "test")
RESAMPLES, LEVEL = 1000, 0.95  # draws of scenes, and the level of their intervals
SETTLE_S = 0.45  # how long the light's effect lasts in mouse dLGN (Schmors et al. 2025)


@dataclass(frozen=True)
class ConditionScore:
    """Measures (unit,) of one tier by name, under one ``opto_condition`` (all, intact, suppressed).

    ``frames`` (unit,) are those in which the unit was observed.
    ``values`` holds every measure; ``low`` and ``high`` bound those that are registered with an interval.
    """

    tier: str
    opto_condition: str
    frames: Scores
    values: dict[str, Scores]
    low: dict[str, Scores]
    high: dict[str, Scores]


def score_conditions(
    model: torch.nn.Module,
    loaders: Any,
    generator: np.random.Generator,
    tiers: Sequence[str] = TIERS,
    precision: str = "float32",
) -> dict[str, list[ConditionScore]]:
    """Compute every measure by session, for every tier and opto condition.

    Scenes are known from loaders that have ``trials``, as ours do. From others every trial is a scene of its own, and
    nothing that needs repeats is defined. The mean rate that likelihoods are compared with is the training tier's.

    Parameters
    ----------
    model : Module
        Fitted model.
    loaders : mapping
        ``{tier: {session: loader}}``.
    generator : Generator
        Draws the scenes of the intervals.
    tiers : sequence of str
        Tiers to score.
    precision : str
        As in ``predict``.

    Returns
    -------
    dict of str to list of ConditionScore
        Scores by session.
    """
    return {
        key: [
            score
            for tier in tiers
            for score in _tier_scores(
                predict(model, loaders[tier][key], key, BURN_IN_FRAMES, precision=precision),
                tier,
                loaders[tier][key],
                generator,
            )
        ]
        for key in loaders["train"]
    }


def scored_trials(found: Prediction, loader: Any) -> list[ScoredTrial]:
    """A tier's prediction cut into its trials, with the scene of each and the frames in which its light is settled."""
    stops = np.cumsum(found.trial_frames)[:-1]
    predicted, observed = (np.split(values, stops, -1) for values in (found.predicted, found.observed))
    opto = np.split(found.opto, stops)
    trials = getattr(loader, "trials", None)
    scenes = range(len(opto)) if trials is None else [trial.scene for trial in trials]
    shares = opto if trials is None else [trial.opto for trial in trials]
    settled = settled_frames(shares, round(SETTLE_S * loader.data_info.rate_hz))
    return [
        ScoredTrial(scene, p, y, own, known[-len(own) :])
        for scene, p, y, own, known in zip(scenes, predicted, observed, opto, settled, strict=True)
    ]


def _tier_scores(found: Prediction, tier: str, loader: Any, generator: np.random.Generator) -> list[ConditionScore]:
    sums = condition_sums(scored_trials(found, loader), np.array(loader.data_info.mean_counts))
    known, scores = measures(), []
    for condition, chosen in condition_frames(found.opto).items():
        whole = summed(sums[condition])
        given = {"sums": whole, "predicted": found.predicted[:, chosen], "observed": found.observed[:, chosen]}
        values = {name: one(**given) for name, one in known.items()}
        bounds = intervals(sums[condition], _bounded, generator, RESAMPLES, LEVEL)
        low, high = ({name: pair[side] for name, pair in bounds.items()} for side in (0, 1))
        scores.append(ConditionScore(tier, condition, whole["frames"], values, low, high))
    return scores


def _bounded(sums: Sums) -> dict[str, Scores]:
    """The measures that are stored with their interval."""
    return {name: one(sums=sums) for name, one in measures().items() if one.interval}
