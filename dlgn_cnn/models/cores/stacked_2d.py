"""The stacked 2D core: spatial filters shared by all units, one frame at a time."""

from collections.abc import Iterable

from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.cores.layers import spatial_convolution
from dlgn_cnn.models.cores.planned import PlannedCore


@CORES.register("stacked_2d")
class Stacked2dCore(PlannedCore):
    """Convolution, batch normalization and ELU, layer upon layer (Klindt et al. 2017; Franke et al. 2022).

    It has no memory, so that no frame is lost.
    """

    def layer_modules(self, layer: Layer, index: int) -> Iterable[nn.Module]:
        """Convolution, normalization and nonlinearity of one layer."""
        return spatial_convolution(layer), nn.BatchNorm2d(layer.outgoing), nn.ELU()
