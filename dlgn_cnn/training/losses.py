"""Losses: negative log-likelihoods a unit and frame, so that their scale is blind to batch, window and population."""

import torch

from dlgn_cnn.registry import Registry
from dlgn_cnn.shapes import Counts, Rate

LOSSES = Registry("loss", "dlgn_cnn.training", given=("rate", "counts"))
SMALLEST_RATE = 1e-6


@LOSSES.register("poisson")
def poisson(rate: Rate, counts: Counts) -> torch.Tensor:
    """Mean Poisson negative log-likelihood in nats a unit and frame, without the term that only counts decide.

    ``rate`` and ``counts`` are (batch, unit, time), both in spikes a frame.
    """
    safe = rate.clamp_min(SMALLEST_RATE)
    return (safe - counts * safe.log()).mean()
