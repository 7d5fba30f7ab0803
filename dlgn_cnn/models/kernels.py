"""Causal kernels: each unit's linear memory of a trace, such as the light or running."""

import math

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.values import choice, whole


class CausalKernels(nn.Module):
    """Traces through causal kernels, one for each unit and trace, summed over traces; all start at zero.

    A kernel is ``weights`` (unit, trace, function) times ``basis`` (function, tap), tap 0 being the frame itself.

    Parameters
    ----------
    units, traces : int
        Numbers of units and traces.
    taps : int
        Length of the kernels in frames.
    basis : str
        ``raised_cosine``, bumps narrow at short lags and broad at long ones, or ``taps``, a weight for each tap.
    functions : int
        Number of bumps.
    laplace_weight : float
        Weight of the kernels' curvature over lags, a mean square over units, traces and taps.
    l2_weight : float
        Weight of their mean square.

    Raises
    ------
    ConfigError
        If there are too few taps, or the basis is unknown.
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
        whole("taps of a kernel", taps, 1)
        choice("basis of a kernel", basis, ("raised_cosine", "taps"))
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
    """Pass traces through causal kernels and sum over traces.

    What was before the first frame is not known; a trace is taken to have been as it is there. Light and behavior last:
    light that is redrawn every second was the same a quarter of a second before in seven windows of eight, and off in
    half. Under constant light, in which MEIs are made and effects predicted, a rate is then the one that lasts, with no
    switch at the first frame.

    Parameters
    ----------
    traces : Tensor, shape (batch, trace, time)
        The traces.
    kernels : Tensor, shape (kernel, trace, lag)
        Kernels, lag 0 first.
    frames : int, optional
        Number of last frames that are wanted (default: all).

    Returns
    -------
    Tensor, shape (batch, kernel, frame)
        The sums.

    Examples
    --------
    >>> remembered(torch.tensor([[[0.0, 1.0, 0.0]]]), torch.tensor([[[1.0, 0.5]]]))
    tensor([[[0.0000, 1.0000, 0.5000]]])
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

    Examples
    --------
    >>> raised_cosines(3, 10).shape
    torch.Size([3, 10])
    """
    if not 2 <= functions <= taps:
        raise ConfigError(f"{functions} raised cosines over {taps} taps: expected from 2 to as many as taps")
    warped = torch.log(torch.arange(taps) + 1 + taps / 10)
    peaks = torch.linspace(float(warped[0]), float(warped[-1]), functions)
    phase = (warped - peaks[:, None]) / (peaks[1] - peaks[0]) * math.pi / 2
    return 0.5 + 0.5 * torch.cos(phase.clamp(-math.pi, math.pi))
