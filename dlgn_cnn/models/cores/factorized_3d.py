"""The factorized 3D core: each layer filters over space, then over time."""

from collections.abc import Iterable

import torch
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.cores.layers import TemporalConvolution, spatial_convolution, to_features, to_frames
from dlgn_cnn.models.cores.planned import PlannedCore3d


class FactorizedLayer(nn.Module):
    """A convolution over space, one over time, batch normalization, ELU; on frames (see ``layers``)."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.spatial = spatial_convolution(layer)
        self.temporal = TemporalConvolution(layer.outgoing, layer.outgoing, layer.kernel_time, layer.dilation_time)
        self.norm = nn.BatchNorm2d(layer.outgoing)
        self.nonlinearity = nn.ELU()

    def forward(self, frames: torch.Tensor, batch: int) -> torch.Tensor:
        """Frames of ``batch`` clips to fewer frames."""
        return self.nonlinearity(self.norm(self.temporal(self.spatial(frames), batch)))


@CORES.register("factorized_3d")
class Factorized3dCore(PlannedCore3d):
    """Spatial then causal temporal convolution, batch normalization and ELU, layer upon layer (Hoefling et al. 2024).

    The factorized baseline of Sensorium 2023 (Turishcheva et al. 2024).
    """

    def layer_modules(self, layer: Layer, index: int) -> Iterable[nn.Module]:
        """One factorized layer."""
        return (FactorizedLayer(layer),)

    def features(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features."""
        frames = to_frames(videos)
        for layer in self.layers:
            frames = layer(frames, batch=len(videos))
        return to_features(frames, batch=len(videos))

    def filters(self) -> list[torch.Tensor]:
        """Filters over space (out, in, height, width) of each layer."""
        return [layer.spatial.weight for layer in self.layers]  # type: ignore[union-attr, misc]

    def time_filters(self) -> torch.Tensor:
        """Kernels over time (out, in, time, 1) of the first layer."""
        return self.layers[0].temporal.weight  # type: ignore[union-attr, return-value]
