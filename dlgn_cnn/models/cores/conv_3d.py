"""The 3D core: each layer filters over space and time at once."""

from collections.abc import Iterable

import torch
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.cores.layers import channels_last
from dlgn_cnn.models.cores.planned import PlannedCore3d


@CORES.register("conv_3d")
class Conv3dCore(PlannedCore3d):
    """Causal 3D convolution, batch normalization and ELU, layer upon layer (Tran et al. 2015)."""

    def layer_modules(self, layer: Layer, index: int) -> Iterable[nn.Module]:
        """Convolution over time, height and width, normalization and nonlinearity of one layer."""
        space = layer.stride, layer.padding, layer.dilation
        stride, padding, dilation = ((t, px, px) for t, px in zip((1, 0, layer.dilation_time), space, strict=True))
        kernel = (layer.kernel_time, layer.kernel, layer.kernel)
        convolution = nn.Conv3d(layer.incoming, layer.outgoing, kernel, stride, padding, dilation, bias=False)
        return convolution, nn.BatchNorm3d(layer.outgoing), nn.ELU()

    def features(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features, all frames at once."""
        maps: torch.Tensor = self.layers(channels_last(videos))
        return maps.permute(2, 0, 1, 3, 4)

    def time_filters(self) -> torch.Tensor:
        """Filters of the first layer (out, in, time, height, width)."""
        return self.filters()[0]
