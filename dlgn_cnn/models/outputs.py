"""Output nonlinearities: from drive to a rate that is never negative, and their inverses for initial biases."""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.registry import Registry
from dlgn_cnn.values import number

OUTPUTS = Registry("output", "dlgn_cnn.models", has=("inverse",))
LARGEST_EXPONENT = 5.0


@OUTPUTS.register("softplus")
class Softplus(nn.Module):
    """log(1 + exp(drive * sharpness)) / sharpness: linear for a strong drive, toward zero for a weak one.

    Parameters
    ----------
    sharpness : float
        Sharpness for a unit of drive; rates are spikes a frame, of the order of 0.1, so it is large.
    learned : bool
        Whether it is a parameter, as the winner of Sensorium 2023 had it: one for all units, since an output is shared
        by all sessions and a unit's own gain is in its readout's features.

    Raises
    ------
    ConfigError
        If the sharpness is not above 0.

    Examples
    --------
    >>> Softplus()(torch.zeros(1))
    tensor([0.0693])
    """

    def __init__(self, sharpness: float = 10.0, learned: bool = False) -> None:
        super().__init__()
        number("sharpness of a softplus", sharpness, 0, above=True)
        value = torch.tensor(float(sharpness)).log()
        if learned:
            self.log_sharpness = nn.Parameter(value)
        else:
            self.register_buffer("log_sharpness", value)

    def forward(self, drive: torch.Tensor) -> torch.Tensor:
        """Drive to rate, elementwise."""
        sharpness = self.log_sharpness.exp()
        return functional.softplus(drive * sharpness) / sharpness

    def inverse(self, rate: torch.Tensor) -> torch.Tensor:
        """The drive that gives ``rate`` > 0."""
        scaled = rate * self.log_sharpness.detach().exp()
        return (scaled + torch.log(-torch.expm1(-scaled))) / self.log_sharpness.detach().exp()


@OUTPUTS.register("elu_plus_one")
class EluPlusOne(nn.Module):
    """ELU + 1: exponential below a drive of 0, linear above (Lurz et al. 2021)."""

    def forward(self, drive: torch.Tensor) -> torch.Tensor:
        """Drive to rate, elementwise; small rates keep their digits, which expm1(drive) + 1 would round away."""
        return drive.clamp_max(0).exp() + functional.relu(drive)

    def inverse(self, rate: torch.Tensor) -> torch.Tensor:
        """The drive that gives ``rate`` > 0."""
        return torch.where(rate < 1, rate.log(), rate - 1)


@OUTPUTS.register("exponential")
class Exponential(nn.Module):
    """exp(drive): the Poisson model's canonical inverse link.

    Above a drive of 5, 148 spikes a frame and more than a neuron can fire, it continues along its tangent: a wild step
    of a fit then overflows neither the rate nor the gradient, and can come back.
    """

    def forward(self, drive: torch.Tensor) -> torch.Tensor:
        """Drive to rate, elementwise."""
        bounded = drive.clamp_max(LARGEST_EXPONENT)
        return bounded.exp() * (1 + (drive - bounded))

    def inverse(self, rate: torch.Tensor) -> torch.Tensor:
        """The drive that gives ``rate`` > 0."""
        return rate.log()
