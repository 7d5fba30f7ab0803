"""The light as a gain: what a unit does, it does by so much more or less without feedback."""

from functools import partial

import torch
from torch import nn

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import MODULATORS, Signals
from dlgn_cnn.models.modulators.gain_offset import GainAndOffset


@MODULATORS.register("opto_gain")
class OptoGain(nn.Module):
    """The light scales each unit's drive: drive -> exp(gain * light) * drive + offset * light (as Olsen et al. 2012).

    With ``offset`` the drive is scaled around a level that each unit learns, so that its baseline may stay where it is;
    without, it is scaled around a drive of zero, baseline and all. With ``taps`` above 1, gain and offset follow the
    light through causal kernels of so many frames; ``basis``, ``functions``, ``laplace_weight`` and ``l2_weight`` are
    those of ``opto_kernel``. It starts at identity.
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
        """Drive (time, batch, unit), scaled and moved where there is light."""
        changed: torch.Tensor = self.change(drive, signals.opto[:, None])
        return changed

    def regularizer(self) -> torch.Tensor:
        """The penalties of its kernels."""
        return self.change.regularizer()
