"""One fitted model on its test tier: scores a unit, and the light's effect in data and in model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.modulation import light_modulation, modulation_index
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.shapes import Scores

BURN_IN_FRAMES = 15


@dataclass(frozen=True)
class LightEffect:
    """The light's effect on each unit (unit,): mean rates in Hz and OMI = (suppressed - intact) / (sum).

    In the data from lit and unlit frames, which show different movies; in the model from the same frames shown twice,
    always dark and always lit.
    """

    data_intact_hz: Scores
    data_suppressed_hz: Scores
    data_omi: Scores
    model_intact_hz: Scores
    model_suppressed_hz: Scores
    model_omi: Scores


def score_units(model: torch.nn.Module, loaders: Any, tier: str) -> dict[str, Scores]:
    """Single-trial correlation of each unit (unit,), by session; NaN for a unit without a spike in that tier."""
    return {
        key: correlation(found.predicted, found.observed)
        for key, found in ((key, predict(model, loader, key, BURN_IN_FRAMES)) for key, loader in loaders[tier].items())
    }


def light_effects(
    model: torch.nn.Module, loaders: Any, tiers: tuple[str, ...] = ("validation", "test")
) -> dict[str, LightEffect]:
    """The light's effect by session, over the whole trials of ``tiers``."""
    return {key: _light_effect(model, loaders, key, tiers) for key in loaders["train"]}


def _light_effect(model: torch.nn.Module, loaders: Mapping[str, Any], key: str, tiers: tuple[str, ...]) -> LightEffect:
    rate_hz = loaders["train"][key].data_info.rate_hz

    def run(light: float | None) -> list[Prediction]:
        return [predict(model, loaders[tier][key], key, BURN_IN_FRAMES, light) for tier in tiers]

    dark, lit = run(0.0), run(1.0)
    observed = np.concatenate([found.observed for found in dark], -1)
    opto = np.concatenate([found.opto for found in dark])
    data = light_modulation(observed, opto)
    intact, suppressed = (np.concatenate([f.predicted for f in found], -1).mean(-1) for found in (dark, lit))
    return LightEffect(
        data_intact_hz=data.intact * rate_hz,
        data_suppressed_hz=data.suppressed * rate_hz,
        data_omi=data.omi,
        model_intact_hz=intact * rate_hz,
        model_suppressed_hz=suppressed * rate_hz,
        model_omi=modulation_index(suppressed, intact),
    )
