"""Causal kernels: each unit's linear memory of a trace, such as the light or running."""

import math

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest

BASES = ("raised_cosine", "taps")


class CausalKernels(nn.Module):
    """Traces through causal kernels, one a unit and trace, summed over traces; every kernel starts at zero.

    A kernel is ``weights`` (unit, trace, function) times ``basis`` (function, tap), tap 0 being the frame itself:
    ``raised_cosine``, ``functions`` bumps narrow at short lags and broad at long ones, or ``taps``, a weight a tap.
    ``laplace_weight`` weighs the curvature of the kernels over lags, ``l2_weight`` their size, both as the mean square
    over units, traces and taps. Raises ConfigError.
    """

    basis: torch.Tensor

    def __init__(
        self,
        units: int,
        traces: int,
        taps: int,
        basis: str = "taps",
        functions: int = 10,
        laplace_weight: float = 0.0,
        l2_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if taps < 1:
            raise ConfigError(f"a kernel of {taps} taps: expected 1 or more")
        if basis not in BASES:
            raise ConfigError(f"basis {basis!r} of a kernel: {nearest(basis, BASES)}")
        table = torch.eye(taps) if basis == "taps" else raised_cosines(functions, taps)
        self.register_buffer("basis", table)
        self.weights = nn.Parameter(torch.zeros(units, traces, len(table)))
        self.laplace_weight, self.l2_weight = laplace_weight, l2_weight

    def kernels(self) -> torch.Tensor:
        """The kernels (unit, trace, tap), lag 0 first."""
        return self.weights @ self.basis

    def forward(self, traces: torch.Tensor, frames: int) -> torch.Tensor:
        """Traces (batch, trace, time) to the last ``frames`` frames of their sum (frame, batch, unit)."""
        return remembered(traces, self.kernels(), frames).permute(2, 0, 1)

    def regularizer(self) -> torch.Tensor:
        """Weighted curvature and size. Past its last tap a kernel is 0, so a step there counts as curvature."""
        kernels = self.kernels()
        bends = functional.pad(kernels, (0, 2)).diff(n=2)
        return self.laplace_weight * bends.square().mean() + self.l2_weight * kernels.square().mean()


def remembered(traces: torch.Tensor, kernels: torch.Tensor, frames: int | None = None) -> torch.Tensor:
    """Traces (batch, trace, time) through causal kernels (kernel, trace, lag), lag 0 first, summed over traces.

    The last ``frames`` frames of it (None: all): (batch, kernel, frame). What was before the first frame is not known;
    a trace is taken to have been as it is there. Light and behavior last: light that is redrawn every second was the
    same a quarter of a second before in seven windows of eight, and off in half; and under constant light, in which
    MEIs are made and effects predicted, a rate is then the one that lasts, with no switch at the first frame.
    """
    before = kernels.shape[-1] - 1
    seen = torch.cat([traces[..., :1].expand(-1, -1, before), traces], -1).to(kernels.dtype)
    if frames is not None:
        seen = seen[..., -(frames + before) :]
    return functional.conv1d(seen, kernels.flip(-1))


def raised_cosines(functions: int, taps: int) -> torch.Tensor:
    """Raised cosine bumps (function, tap) over log time (Pillow et al. 2008), peaks from lag 0 to the last tap.

    They are evenly spaced in log(lag + 1 + taps / 10), each reaches zero at the second peak on either side, and their
    sum is constant between the second and the last but one. Raises ConfigError for fewer than 2 or more than ``taps``.
    """
    if not 2 <= functions <= taps:
        raise ConfigError(f"{functions} raised cosines over {taps} taps: expected from 2 to as many as taps")
    warped = torch.log(torch.arange(taps) + 1 + taps / 10)
    peaks = torch.linspace(float(warped[0]), float(warped[-1]), functions)
    phase = (warped - peaks[:, None]) / (peaks[1] - peaks[0]) * math.pi / 2
    return 0.5 + 0.5 * torch.cos(phase.clamp(-math.pi, math.pi))
