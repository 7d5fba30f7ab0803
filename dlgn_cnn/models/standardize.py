"""Recorded traces as a model takes them: in standard deviations from the mean, with missing values as 0."""

from collections.abc import Sequence

import torch
from torch import nn


class Standardize(nn.Module):
    """(value - mean) / standard deviation of each row of a trace, by the training tier's figures; 0 where missing."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None])
        self.register_buffer("std", torch.tensor(std)[:, None])

    def forward(self, trace: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Trace (batch, row, time), NaN where missing, to standardized values and whether each is known, both alike.

        A missing value becomes 0, which is the mean; it is replaced before any arithmetic, so no gradient meets NaN.
        """
        known = torch.isfinite(trace)
        filled = torch.where(known, trace.to(self.mean.dtype), self.mean)
        return (filled - self.mean) / self.std, known
