"""Predictions of a fitted model, trial by trial, with the light as recorded or as asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.interface import Batch, observed_of
from dlgn_cnn.runtime.device import autocast, resolve
from dlgn_cnn.shapes import Floats


@dataclass(frozen=True)
class Prediction:
    """Rates and counts of one tier of one session, all its trials one after the other.

    ``predicted`` and ``observed`` are (unit, time) in spikes a frame, the latter NaN where the unit was not observed;
    ``opto`` (time,) the recorded light; ``trial_frames`` the frames that each trial contributes, in order.
    """

    predicted: Floats
    observed: Floats
    opto: Floats
    trial_frames: tuple[int, ...]


@torch.no_grad()
def predict(
    model: torch.nn.Module,
    batches: Iterable[Batch],
    data_key: str,
    burn_in_frames: int = 0,
    opto: float | None = None,
    precision: str = "float32",
) -> Prediction:
    """Run a model in evaluation mode over whole trials.

    The model's mode is restored afterwards.

    Parameters
    ----------
    model : Module
        An ``EncodingModel``.
    batches : iterable of Batch
        Whole trials. A loader that can replace the light itself (``under``) does so, since its transforms may have
        put the light into the video.
    data_key : str
        Session of the trials.
    burn_in_frames : int
        First frames of each trial that are left out, in which a recurrent state is still empty.
    opto : float, optional
        Share of every frame in which the light is on: 0 keeps feedback intact, 1 suppresses it (default: as
        recorded).
    precision : str
        As in ``dlgn_cnn.runtime.device.resolve``.

    Returns
    -------
    Prediction
        Rates and counts of all trials.
    """
    device = next(model.parameters()).device
    computed_in = resolve(precision, device)
    was_training = model.training
    model.eval()
    predicted, observed, recorded, frames = [], [], [], []
    try:
        for batch, altered in _under(batches, opto):
            moved = altered.to(device)
            shown = moved.opto if opto is None else torch.full_like(moved.opto, opto)
            with autocast(device, computed_in):
                rate = model(
                    moved.videos, shown, data_key=data_key, behavior=moved.behavior, pupil_center=moved.pupil_center
                )
            start = max(burn_in_frames, batch.responses.shape[-1] - rate.shape[-1])
            kept = batch.responses.shape[-1] - start
            predicted += list(rate[..., -kept:].float().cpu().numpy())
            observed += list(_recorded(batch)[..., -kept:].numpy())
            recorded += list(batch.opto[..., -kept:].numpy())
            frames += [kept] * len(batch.opto)
    finally:
        model.train(was_training)
    return Prediction(
        np.concatenate(predicted, -1), np.concatenate(observed, -1), np.concatenate(recorded), tuple(frames)
    )


def _recorded(batch: Batch) -> torch.Tensor:
    observed = observed_of(batch)
    return batch.responses if observed is None else batch.responses.masked_fill(~observed, torch.nan)


def _under(batches: Iterable[Batch], opto: float | None) -> Iterable[tuple[Batch, Batch]]:
    """Each batch as recorded, and as the model will see it."""
    if opto is None or not hasattr(batches, "under"):
        return ((batch, batch) for batch in batches)
    return zip(batches, batches.under(opto), strict=True)
