"""Losses: negative log-likelihoods a unit and frame, so that their scale is blind to batch, window and population.

A loss is a function of rate and counts, both (batch, unit, time) in spikes a frame, and of parameters of the noise, one
value for all units or one a unit (unit,). The rate is the expected count under every loss. A parameter's default is
where a fit of it starts; ``dlgn_cnn.training.observation_model`` fits it, within the bounds that ``CONSTRAINTS`` there
has for its name. Terms that only counts decide are left out.
"""

import torch
import torch.nn.functional as functional

from dlgn_cnn.registry import Registry
from dlgn_cnn.shapes import Counts, Rate

LOSSES = Registry("loss", "dlgn_cnn.training", given=("rate", "counts"))
SMALLEST_RATE = 1e-6
Noise = float | torch.Tensor


@LOSSES.register("poisson")
def poisson(rate: Rate, counts: Counts) -> torch.Tensor:
    """Mean Poisson negative log-likelihood in nats a unit and frame, without the term that only counts decide.

    ``rate`` and ``counts`` are (batch, unit, time), both in spikes a frame.
    """
    return functional.poisson_nll_loss(rate.clamp_min(SMALLEST_RATE), counts, log_input=False, eps=0.0)


@LOSSES.register("negative_binomial")
def negative_binomial(rate: Rate, counts: Counts, dispersion: Noise = 0.1) -> torch.Tensor:
    """Mean negative binomial negative log-likelihood: variance = rate + dispersion * rate^2 (Goris et al. 2014).

    Counts that vary more than a Poisson process of the same rate, as where the gain fluctuates from trial to trial.
    ``dispersion`` > 0 is the variance of that gain; toward 0 the loss becomes Poisson's.
    """
    safe, spread = rate.clamp_min(SMALLEST_RATE), _per_unit(dispersion, rate)
    size = 1 / spread
    # Two large numbers that nearly cancel where the dispersion is small: their difference needs 64 bits.
    ways = torch.lgamma(counts.double() + size.double()) - torch.lgamma(size.double()) - counts * size.double().log()
    excess = torch.log1p(spread * safe)
    return (size * excess + counts * (excess - safe.log()) - ways.to(rate.dtype)).mean()


def _per_unit(value: Noise, rate: Rate) -> torch.Tensor:
    """A parameter (unit,) or a number, shaped to go with (batch, unit, time)."""
    return torch.as_tensor(value, dtype=rate.dtype, device=rate.device)[..., None]
