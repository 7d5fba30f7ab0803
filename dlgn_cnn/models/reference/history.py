"""Causal kernels over the recent past of a signal that all units share: light, running, pupil."""

import torch
from torch import nn

from dlgn_cnn.models.kernels import remembered


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
        # A product with weights after the convolution: there are fewer functions than units.
        return self.weights @ remembered(signal[:, None], self.basis[:, None])

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
        return remembered(signal[:, None], self.kernels()[:, None])
