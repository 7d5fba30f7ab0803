"""Effects of light, running and pupil on each unit, in the data and in a fitted model."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.data.sessions.opto_blocks import EXCHANGED
from dlgn_cnn.evaluation.metrics import OPTO_ON, modulation_index, opto_modulation, pupil_modulation, running_modulation
from dlgn_cnn.evaluation.predict import Prediction, predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES, TIERS
from dlgn_cnn.feedback.opto_null import false_discovery_rates, opto_p_values
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.shapes import Floats, Scores


@dataclass(frozen=True)
class OptoEffect:
    """The light's effect on each unit (unit,), and that of running and pupil: mean rates in Hz, indices from -1 to 1.

    OMI = (suppressed - intact) / (sum): in the data from lit and unlit frames, which show different movies; in the
    model from the same frames shown twice, with opto at 0 and at 1. ``data_omi_p`` is the p of the data's OMI where
    the light does nothing (``opto_null``), ``data_omi_q`` the false-discovery rate over all units of all sessions,
    ``data_omi_session_q`` over those of its own. RMI compares running with still, EMI large with small pupil, over the
    frames as recorded: in the model, each frame is that of the intact or the suppressed prediction, as it was recorded.
    Frames in which a unit was not observed count in none of these but the model's OMI.
    """

    data_intact_hz: Scores
    data_suppressed_hz: Scores
    data_omi: Scores
    data_omi_p: Scores
    data_omi_q: Scores
    data_omi_session_q: Scores
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
    precision: str = "float32",
    period_s: float | None = None,
    permutations: int = 4999,
) -> dict[str, OptoEffect]:
    """Compute the effects by session, over the whole trials of some tiers.

    RMI and EMI need loaders that have ``trials``, as ours do, with behavior as recorded; from others they are NaN.

    Parameters
    ----------
    model : Module
        Fitted model.
    loaders : mapping
        ``{tier: {session: loader}}``.
    generator : Generator
        Draws the permutations.
    tiers : sequence of str
        Tiers to take together.
    precision : str
        As in ``predict``.
    period_s : float, optional
        Seconds between two draws of the light in blocks (default: each session's own design). If a design is not
        known, there is no p.
    permutations : int
        Number of permutations.

    Returns
    -------
    dict of str to OptoEffect
        Effects by session.
    """

    def null(counts: Floats, opto: Floats, trial_frames: Sequence[int], info: DataInfo) -> Scores:
        kind, own_s = info.opto_design if period_s is None else ("blocks", period_s)
        if kind not in EXCHANGED:
            return np.full(len(counts), np.nan)
        return opto_p_values(counts, opto, trial_frames, own_s * info.rate_hz, permutations, generator, kind)

    found = {key: _opto_effect(model, loaders, key, tiers, null, precision) for key in loaders["train"]}
    rates = false_discovery_rates(np.concatenate([effect.data_omi_p for effect in found.values()]))
    stops = np.cumsum([len(effect.data_omi_p) for effect in found.values()])[:-1]
    return {
        key: dataclasses.replace(effect, data_omi_q=own, data_omi_session_q=false_discovery_rates(effect.data_omi_p))
        for (key, effect), own in zip(found.items(), np.split(rates, stops), strict=True)
    }


def _opto_effect(
    model: torch.nn.Module,
    loaders: Mapping[str, Any],
    key: str,
    tiers: Sequence[str],
    null: Callable[..., Scores],
    precision: str,
) -> OptoEffect:
    info = loaders["train"][key].data_info
    rate_hz = info.rate_hz

    def run(opto: float) -> list[Prediction]:
        return [predict(model, loaders[tier][key], key, BURN_IN_FRAMES, opto, precision) for tier in tiers]

    found = run(0.0)
    observed, opto = _on_end([f.observed for f in found]), _on_end([f.opto for f in found])
    intact, suppressed = (_on_end([f.predicted for f in each]) for each in (found, run(1.0)))
    frames, predicted = [n for f in found for n in f.trial_frames], np.where(opto >= OPTO_ON, suppressed, intact)
    predicted = np.where(np.isnan(observed), np.nan, predicted)
    data, intact, suppressed = opto_modulation(observed, opto), intact.mean(-1), suppressed.mean(-1)
    running, pupil = _behavior([loaders[tier][key] for tier in tiers], frames)
    return OptoEffect(
        data_intact_hz=data.intact * rate_hz,
        data_suppressed_hz=data.suppressed * rate_hz,
        data_omi=data.omi,
        data_omi_p=null(observed, opto, frames, info),
        data_omi_q=np.full(len(observed), np.nan),
        data_omi_session_q=np.full(len(observed), np.nan),
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
