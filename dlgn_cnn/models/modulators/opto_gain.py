"""The light as a gain: multiplies each unit's drive while feedback is suppressed."""

from functools import partial

import torch
from torch import nn

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import MODULATORS, Signals
from dlgn_cnn.models.modulators.gain_offset import GainAndOffset


@MODULATORS.register("opto_gain")
class OptoGain(nn.Module):
    """The light scales each unit's drive: exp(gain * opto) * drive + offset * opto (as Olsen et al. 2012).

    It starts at identity.

    Parameters
    ----------
    units : int
        Number of units; supplied by the model.
    info : DataInfo
        Supplied by the model; not used.
    generator : Generator
        Supplied by the model; not used.
    offset : bool
        Whether the drive is scaled around a level that each unit learns, so that its baseline may stay; otherwise
        around a drive of zero, baseline included.
    taps : int
        Length in frames of the causal kernels through which gain and offset follow the light.
    basis : str
        ``raised_cosine``, bumps over log time, or ``taps``, a weight for each tap.
    functions : int
        Number of bumps.
    laplace_weight : float
        Weight of the kernels' curvature over lags.
    l2_weight : float
        Weight of their mean square.
    """

    unitwise = True

    def __init__(
        self,
        units: int,
        info: DataInfo,
        generator: torch.Generator,
        offset: bool = True,
        taps: int = 1,
        basis: str = "taps",
        functions: int = 10,
        laplace_weight: float = 0.0,
        l2_weight: float = 0.0,
    ) -> None:
        super().__init__()
        kernels = partial(CausalKernels, units, 1, taps, basis, functions, laplace_weight, l2_weight)
        self.change = GainAndOffset(kernels, True, offset)

    def forward(self, drive: torch.Tensor, signals: Signals) -> torch.Tensor:
        """Drive (time, batch, unit), scaled and moved while the light is on."""
        return self.change(drive, signals.opto[:, None])

    def regularizer(self) -> torch.Tensor:
        """The penalties of its kernels."""
        return self.change.regularizer()
