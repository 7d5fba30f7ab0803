"""One fitted model on tiers that it was not fitted to: scores a unit, under each state of the light."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.bootstrap import intervals
from dlgn_cnn.evaluation.conditions import CONDITIONS, ScoredTrial, condition_sums, settled_frames
from dlgn_cnn.evaluation.measures import all_measures
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.moments import summed
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.shapes import Scores

BURN_IN_FRAMES = 15
TIERS = ("validation", "test")


@dataclass(frozen=True)
class ScoreConfig:
    """How to score. Intervals of ``level`` are over ``resamples`` draws of scenes; ``settle_s`` is how long the light's
    effect lasts (back to none by 0.45 s in mouse dLGN: Schmors et al. 2025). Raises ConfigError.
    """

    resamples: int = 1000
    level: float = 0.95
    settle_s: float = 0.45

    def __post_init__(self) -> None:
        if self.resamples < 1 or not 0 < self.level < 1 or self.settle_s < 0:
            raise ConfigError(
                f"resamples {self.resamples}, level {self.level}, settle_s {self.settle_s}: "
                "expected 1 or more, between 0 and 1, and not below 0"
            )


@dataclass(frozen=True)
class ConditionScore:
    """One tier under one ``light`` (all, intact, suppressed): ``frames`` of all trials, and measures (unit,) by name.

    ``values`` holds ``measures.all_measures``; ``low`` and ``high`` bound each of them.
    """

    tier: str
    light: str
    frames: int
    values: dict[str, Scores]
    low: dict[str, Scores]
    high: dict[str, Scores]


def score_units(model: torch.nn.Module, loaders: Any, tier: str, precision: str = "float32") -> dict[str, Scores]:
    """Single-trial correlation of each unit (unit,), by session; NaN for a unit without a spike in that tier.

    ``precision`` is as in ``predict``.
    """
    predicted = {
        key: predict(model, loader, key, BURN_IN_FRAMES, precision=precision) for key, loader in loaders[tier].items()
    }
    return {key: correlation(found.predicted, found.observed) for key, found in predicted.items()}


def score_conditions(
    model: torch.nn.Module,
    loaders: Any,
    generator: np.random.Generator,
    tiers: Sequence[str] = TIERS,
    config: ScoreConfig | None = None,
    precision: str = "float32",
) -> dict[str, list[ConditionScore]]:
    """Every measure by session, for every tier and light. ``generator`` draws the scenes of the intervals.

    Scenes are known from loaders that have ``trials``, as ours do; from others every trial is a scene of its own, and
    nothing that needs repeats is defined. The mean rate that likelihoods are compared with is the training tier's.
    ``precision`` is as in ``predict``.
    """
    chosen = config or ScoreConfig()
    return {
        key: [
            score
            for tier in tiers
            for score in _tier_scores(
                predict(model, loaders[tier][key], key, BURN_IN_FRAMES, precision=precision),
                tier,
                loaders[tier][key],
                generator,
                chosen,
            )
        ]
        for key in loaders["train"]
    }


def scored_trials(found: Prediction, loader: Any, settle_s: float) -> list[ScoredTrial]:
    """A tier's prediction cut into its trials, with the scene of each and the frames in which its light is settled."""
    stops = np.cumsum(found.trial_frames)[:-1]
    predicted, observed = (np.split(values, stops, -1) for values in (found.predicted, found.observed))
    opto = np.split(found.opto, stops)
    trials = getattr(loader, "trials", None)
    scenes = range(len(opto)) if trials is None else [trial.scene for trial in trials]
    light = opto if trials is None else [trial.opto for trial in trials]
    settled = settled_frames(light, round(settle_s * loader.data_info.rate_hz))
    return [
        ScoredTrial(scene, p, y, lit, known[-len(lit) :])
        for scene, p, y, lit, known in zip(scenes, predicted, observed, opto, settled, strict=True)
    ]


def _tier_scores(
    found: Prediction, tier: str, loader: Any, generator: np.random.Generator, config: ScoreConfig
) -> list[ConditionScore]:
    sums = condition_sums(scored_trials(found, loader, config.settle_s), np.array(loader.data_info.mean_counts))
    scores = []
    for light in CONDITIONS:
        whole = summed(sums[light])
        bounds = intervals(sums[light], all_measures, generator, config.resamples, config.level)
        low, high = ({name: pair[side] for name, pair in bounds.items()} for side in (0, 1))
        scores.append(ConditionScore(tier, light, int(whole["frames"][0]), all_measures(whole), low, high))
    return scores
