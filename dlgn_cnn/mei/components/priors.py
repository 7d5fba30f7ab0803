"""Priors: what a stimulus pays for its looks; the penalty is taken off what is maximised."""

from typing import Protocol

import torch

from dlgn_cnn.mei.components.values import number
from dlgn_cnn.registry import Registry

PRIORS = Registry("prior", "dlgn_cnn.mei")


class Prior(Protocol):
    """A penalty of each stimulus by itself."""

    def __call__(self, stimuli: torch.Tensor, step: int = 0) -> torch.Tensor:
        """Penalty (stimulus,), in units of the activation, of (stimulus, time, height, width)."""
        ...


@PRIORS.register("total_variation")
class TotalVariation:
    """Mean absolute difference of neighbours in space and in time (Rudin et al. 1992): edges stay, speckle goes.

    ``weight`` multiplies the mean over pixels of the step to the right and down, ``time_weight`` that of the step to
    the next frame; both in units of the activation a standard deviation of grey.
    """

    def __init__(self, weight: float, time_weight: float = 0.0) -> None:
        self.weight = number("prior.weight", weight, 0)
        self.time_weight = number("prior.time_weight", time_weight, 0)

    def __call__(self, stimuli: torch.Tensor, step: int = 0) -> torch.Tensor:
        """Penalty (stimulus,) of (stimulus, time, height, width)."""
        return self.weight * (_steps(stimuli, 2) + _steps(stimuli, 3)) + self.time_weight * _steps(stimuli, 1)


def _steps(stimuli: torch.Tensor, axis: int) -> torch.Tensor:
    return stimuli.diff(dim=axis).abs().flatten(1).sum(1) / stimuli[0].numel()
