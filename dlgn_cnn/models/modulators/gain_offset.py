"""A gain and an offset a unit that follow traces: what the modulators of light and behavior share."""

from collections.abc import Callable

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.kernels import CausalKernels


class GainAndOffset(nn.Module):
    """drive -> exp(gain) * drive + offset, both sums of traces through causal kernels that start at zero.

    So it starts at identity, a gain is never negative, and a trace of zeros changes nothing. The two together scale a
    drive around a level that each unit learns: offset = (1 - exp(gain)) * level.

    Parameters
    ----------
    kernels : callable
        Builds ``CausalKernels``.
    gain, offset : bool
        Which of the two there are.

    Raises
    ------
    ConfigError
        If there is neither.
    """

    def __init__(self, kernels: Callable[[], CausalKernels], gain: bool, offset: bool) -> None:
        super().__init__()
        if not gain and not offset:
            raise ConfigError("a modulator with neither gain nor offset does nothing: set one, or leave it out")
        self.gain = kernels() if gain else None
        self.offset = kernels() if offset else None

    def forward(self, drive: torch.Tensor, traces: torch.Tensor) -> torch.Tensor:
        """Drive (time, batch, unit) and traces (batch, trace, all frames of the window) to drive."""
        if self.gain is not None:
            drive = drive * self.gain(traces, len(drive)).exp()
        if self.offset is not None:
            drive = drive + self.offset(traces, len(drive))
        return drive

    def regularizer(self) -> torch.Tensor:
        """The penalties of its kernels."""
        return torch.stack([part.regularizer() for part in (self.gain, self.offset) if part is not None]).sum()
