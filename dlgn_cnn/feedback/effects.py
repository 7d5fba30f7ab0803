"""What light, running and pupil do to each unit, in the data and in a fitted model."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.modulation import (
    OPTO_ON,
    modulation_index,
    opto_modulation,
    pupil_modulation,
    running_modulation,
)
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES, TIERS
from dlgn_cnn.feedback.opto_null import false_discovery_rates, opto_p_values
from dlgn_cnn.shapes import Floats, Scores


@dataclass(frozen=True)
class NullConfig:
    """The null of no light effect: how often the light was drawn anew, and how many permutations. Raises ConfigError.

    1.002 s is the period of Schmors et al. (2025). With n permutations no p is below 1 / (1 + n).
    """

    period_s: float = 1.002
    permutations: int = 4999

    def __post_init__(self) -> None:
        if self.period_s <= 0 or self.permutations < 1:
            raise ConfigError(f"period_s {self.period_s} and permutations {self.permutations}: both must be above 0")


@dataclass(frozen=True)
class OptoEffect:
    """The light's effect on each unit (unit,), and that of running and pupil: mean rates in Hz, indices from -1 to 1.

    OMI = (suppressed - intact) / (sum): in the data from lit and unlit frames, which show different movies; in the
    model from the same frames shown twice, always dark and always lit. ``data_omi_p`` is the p of the data's OMI where
    the light does nothing (``opto_null``), ``data_omi_q`` the false-discovery rate over all units of all sessions. RMI
    compares running with still, EMI large with small pupil, over the frames as recorded: in the model, each frame is
    that of the dark or the lit prediction, as it was recorded.
    """

    data_intact_hz: Scores
    data_suppressed_hz: Scores
    data_omi: Scores
    data_omi_p: Scores
    data_omi_q: Scores
    model_intact_hz: Scores
    model_suppressed_hz: Scores
    model_omi: Scores
    data_rmi: Scores
    model_rmi: Scores
    data_emi: Scores
    model_emi: Scores


def opto_effects(
    model: torch.nn.Module,
    loaders: Any,
    generator: np.random.Generator,
    tiers: Sequence[str] = TIERS,
    null: NullConfig | None = None,
    precision: str = "float32",
) -> dict[str, OptoEffect]:
    """The effects by session, over the whole trials of ``tiers``. ``generator`` draws the permutations.

    RMI and EMI need loaders that have ``trials``, as ours do, with behavior as recorded; from others they are NaN.
    ``precision`` is as in ``predict``.
    """
    chosen = null or NullConfig()
    found = {key: _opto_effect(model, loaders, key, tiers, generator, chosen, precision) for key in loaders["train"]}
    rates = false_discovery_rates(np.concatenate([effect.data_omi_p for effect in found.values()]))
    stops = np.cumsum([len(effect.data_omi_p) for effect in found.values()])[:-1]
    return {
        key: dataclasses.replace(effect, data_omi_q=own)
        for (key, effect), own in zip(found.items(), np.split(rates, stops), strict=True)
    }


def _opto_effect(
    model: torch.nn.Module,
    loaders: Mapping[str, Any],
    key: str,
    tiers: Sequence[str],
    generator: np.random.Generator,
    null: NullConfig,
    precision: str,
) -> OptoEffect:
    rate_hz = loaders["train"][key].data_info.rate_hz

    def run(light: float) -> list[Prediction]:
        return [predict(model, loaders[tier][key], key, BURN_IN_FRAMES, light, precision) for tier in tiers]

    found = run(0.0)
    observed, opto = _on_end([f.observed for f in found]), _on_end([f.opto for f in found])
    dark, lit = (_on_end([f.predicted for f in each]) for each in (found, run(1.0)))
    frames, predicted = [n for f in found for n in f.trial_frames], np.where(opto >= OPTO_ON, lit, dark)
    data, intact, suppressed = opto_modulation(observed, opto), dark.mean(-1), lit.mean(-1)
    running, pupil = _behavior([loaders[tier][key] for tier in tiers], frames)
    return OptoEffect(
        data_intact_hz=data.intact * rate_hz,
        data_suppressed_hz=data.suppressed * rate_hz,
        data_omi=data.omi,
        data_omi_p=opto_p_values(observed, opto, frames, null.period_s * rate_hz, null.permutations, generator),
        data_omi_q=np.full(len(observed), np.nan),
        model_intact_hz=intact * rate_hz,
        model_suppressed_hz=suppressed * rate_hz,
        model_omi=modulation_index(suppressed, intact),
        data_rmi=running_modulation(observed, running),
        model_rmi=running_modulation(predicted, running),
        data_emi=pupil_modulation(observed, pupil),
        model_emi=pupil_modulation(predicted, pupil),
    )


def _behavior(loaders: Sequence[Any], trial_frames: Sequence[int]) -> tuple[Floats, Floats]:
    """Running in cm/s and pupil size (time,) at the frames that are scored; NaN where they are not known."""
    if not all(hasattr(loader, "trials") for loader in loaders):
        nothing = np.full(sum(trial_frames), np.nan, np.float32)
        return nothing, nothing
    trials = [trial for loader in loaders for trial in loader.trials]
    rows = _on_end([t.behavior[:, -frames:] for t, frames in zip(trials, trial_frames, strict=True)])
    return rows[0], rows[1]


def _on_end(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts, -1)
