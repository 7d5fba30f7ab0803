"""The light as an additive kernel: what the published kernels of feedback suppression show."""

import torch
from torch import nn

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.kernels import CausalKernels
from dlgn_cnn.models.modulators import MODULATORS, Signals


@MODULATORS.register("opto_kernel")
class OptoKernel(nn.Module):
    """The light through a causal kernel a unit, added to its drive (Schmors et al. 2025).

    There kernels have 50 taps at 60 Hz, are deepest 83 to 333 ms after the light and back at zero by 450 ms.
    ``taps`` frames of the light count, the present one included; ``basis`` is ``raised_cosine``, ``functions`` bumps
    over log time, or ``taps``, a free weight a tap. ``laplace_weight`` weighs the kernels' curvature over lags,
    ``l2_weight`` their mean square. Kernels start at zero. Before a window's first frame the light is taken to have
    been as it is there; a window's first frames, which a core loses or the loss leaves out, count.
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
