"""Causal kernels over the recent past of a signal that all units share: light, running, pupil."""

import torch
import torch.nn.functional as functional
from torch import nn


def past(signal: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
    """A signal (batch, time) through causal kernels (kernel, lag), lag 0 first: (batch, kernel, time).

    What was before the window is not known; the signal is taken to have been as it is in the first frame, since light
    and behaviour last.
    """
    before = signal[:, :1].expand(-1, kernels.shape[1] - 1)
    return functional.conv1d(torch.cat([before, signal], 1)[:, None], kernels.flip(1)[:, None])


class HistoryKernel(nn.Module):
    """A kernel (unit, lag) for each unit, a weighted sum of basis functions (function, lag); 0 at the start.

    ``weight`` is that of the weights' sum of squares in the loss, a mean over units.
    """

    basis: torch.Tensor

    def __init__(self, units: int, basis: torch.Tensor, weight: float) -> None:
        super().__init__()
        self.register_buffer("basis", basis, persistent=False)
        self.weights = nn.Parameter(torch.zeros(units, len(basis)))
        self.weight = weight

    def kernels(self) -> torch.Tensor:
        """The kernels (unit, lag), lag 0 first."""
        return self.weights @ self.basis

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """A signal (batch, time) to drive (batch, unit, time)."""
        return self.weights @ past(signal.to(self.basis.dtype), self.basis)

    def regularizer(self) -> torch.Tensor:
        """Weighted sum of squares, a mean over units."""
        return self.weight * self.weights.square().sum() / len(self.weights)


class MixingKernel(HistoryKernel):
    """A kernel (unit, lag) that is nowhere negative and sums to 1: how far a state has followed a signal of 0..1."""

    def kernels(self) -> torch.Tensor:
        """The kernels (unit, lag), lag 0 first."""
        return torch.softmax(super().kernels(), 1)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """A signal (batch, time) in 0..1 to the share (batch, unit, time) that it has won."""
        return past(signal.to(self.basis.dtype), self.kernels())
