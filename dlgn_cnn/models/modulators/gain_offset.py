"""A gain and an offset a unit that follow traces: what the modulators of light and behavior are."""

from collections.abc import Callable

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import Signals


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

    unitwise = True

    def __init__(self, kernels: Callable[[], CausalKernels], gain: bool, offset: bool) -> None:
        super().__init__()
        if not gain and not offset:
            raise ConfigError("a modulator with neither gain nor offset does nothing: set one, or leave it out")
        self.gain = kernels() if gain else None
        self.offset = kernels() if offset else None

    def traces(self, signals: Signals) -> torch.Tensor | None:
        """Traces (batch, trace, all frames of the window) that the kernels follow: here the light; None for none."""
        return signals.opto[:, None]

    def forward(self, drive: torch.Tensor, signals: Signals) -> torch.Tensor:
        """Drive (time, batch, unit), scaled and moved; as it is where there are no traces."""
        traces = self.traces(signals)
        if traces is None:
            return drive
        if self.gain is not None:
            drive = drive * self.gain(traces, len(drive)).exp()
        if self.offset is not None:
            drive = drive + self.offset(traces, len(drive))
        return drive

    def regularizer(self) -> torch.Tensor:
        """The penalties of its kernels."""
        return torch.stack([part.regularizer() for part in (self.gain, self.offset) if part is not None]).sum()
