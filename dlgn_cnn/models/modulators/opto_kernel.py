"""The light as an additive kernel, as published kernels of suppressed feedback have it."""

import torch
from torch import nn

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import MODULATORS, Signals


@MODULATORS.register("opto_kernel")
class OptoKernel(nn.Module):
    """The light through a causal kernel for each unit, added to its drive (Schmors et al. 2025).

    Published kernels have 50 taps at 60 Hz, are deepest 83 to 333 ms after the light and back at zero by 450 ms.
    Kernels start at zero. Before a window's first frame the light is taken to have been as it is there; a window's
    first frames, which a core loses or the loss leaves out, count.

    Parameters
    ----------
    units : int
        Number of units; supplied by the model.
    info : DataInfo
        Supplied by the model; not used.
    generator : Generator
        Supplied by the model; not used.
    taps : int
        Length of the kernels in frames, the present one included.
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
        taps: int = 50,
        basis: str = "raised_cosine",
        functions: int = 10,
        laplace_weight: float = 0.0,
        l2_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.opto = CausalKernels(units, 1, taps, basis, functions, laplace_weight, l2_weight)

    def forward(self, drive: torch.Tensor, signals: Signals) -> torch.Tensor:
        """Drive (time, batch, unit) plus the light's."""
        added: torch.Tensor = self.opto(signals.opto[:, None], len(drive))
        return drive + added

    def regularizer(self) -> torch.Tensor:
        """The penalty of its kernels."""
        return self.opto.regularizer()
