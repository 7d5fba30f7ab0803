"""The stacked 2D core: spatial filters shared by all units, one frame at a time."""

import torch
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.checks import check_layers
from dlgn_cnn.models.regularizers import laplace_energy


@CORES.register("stacked_2d")
class Stacked2dCore(nn.Module):
    """Convolution, batch normalisation and ELU, layer upon layer (Klindt et al. 2017; Franke et al. 2022).

    ``channels``, ``kernels`` (px, odd), ``strides``: one entry a layer. ``laplace_weight`` penalises the curvature of
    the first layer's filters. Padding keeps the frame; a stride divides it. No frame is lost: it has no memory.
    """

    frames_lost = 0

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        channels: list[int],
        kernels: list[int],
        strides: list[int] | None = None,
        laplace_weight: float = 0.0,
    ) -> None:
        super().__init__()
        strides = strides or [1] * len(channels)
        check_layers(channels, kernels, strides)
        incoming, height, width = in_shape
        layers: list[nn.Module] = []
        for outgoing, kernel, stride in zip(channels, kernels, strides, strict=True):
            convolution = nn.Conv2d(incoming, outgoing, kernel, stride, padding=kernel // 2, bias=False)
            layers += [convolution, nn.BatchNorm2d(outgoing), nn.ELU()]
            incoming, height, width = outgoing, -(-height // stride), -(-width // stride)
        self.layers = nn.Sequential(*layers)
        self.laplace_weight = laplace_weight
        self.out_shape = (incoming, height, width)

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time, batch, feature, height', width')."""
        batch, _, time = videos.shape[:3]
        frames = videos.permute(2, 0, 1, 3, 4).flatten(0, 1)
        features: torch.Tensor = self.layers(frames.contiguous(memory_format=torch.channels_last))
        return features.unflatten(0, (time, batch))

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energy of the first layer's filters, a scalar."""
        first = self.layers[0]
        assert isinstance(first, nn.Conv2d)
        return self.laplace_weight * laplace_energy(first.weight)
