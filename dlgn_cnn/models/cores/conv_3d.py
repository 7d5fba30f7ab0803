"""The 3D core: each layer filters over space and time at once."""

from functools import reduce

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.checks import check_frames
from dlgn_cnn.models.cores.geometry import Layer, plan_layers
from dlgn_cnn.models.cores.layers import DepthSeparable, channels_last, kernel_norms
from dlgn_cnn.models.reach import Reach
from dlgn_cnn.models.regularizers import FilterPriors


class DepthwiseConvolution(nn.Conv3d):
    """A filter over time, height and width for each channel.

    Why a sum of 2D convolutions, one a tap in time: a training step took a fifth of the time of torch's grouped 3D one
    in float32 on a CPU, and half in bfloat16.
    """

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (batch, channel, time, height, width) to fewer frames."""
        last = maps.movedim(1, -1)
        count = last.shape[1] - self.dilation[0] * (self.kernel_size[0] - 1)
        space = self.stride[1:], self.padding[1:], self.dilation[1:]
        parts = []
        for tap, weight in enumerate(self.weight.unbind(2)):
            start = tap * self.dilation[0]
            shown = last[:, start : start + count].flatten(0, 1).movedim(-1, 1)
            parts.append(functional.conv2d(shown, weight, None, *space, self.groups))  # type: ignore[arg-type]
        return reduce(torch.add, parts).unflatten(0, (-1, count)).transpose(1, 2)


class PointwiseConvolution(nn.Conv2d):
    """A mixture of channels at each pixel of each frame; as a 3D convolution it would leave the maps contiguous."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        super().__init__(incoming, outgoing, 1, bias=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (batch, channel, time, height, width) to maps."""
        frames = maps.movedim(1, -1).flatten(0, 1).movedim(-1, 1)
        return super().forward(frames).unflatten(0, (len(maps), -1)).transpose(1, 2)


def convolution(layer: Layer, separable: bool = False) -> nn.Module:
    """A layer's convolution over time, height and width; no padding in time, so that it is causal."""
    space = layer.stride, layer.padding, layer.dilation
    stride, padding, dilation = ((time, px, px) for time, px in zip((1, 0, layer.dilation_time), space, strict=True))
    kernel = (layer.kernel_time, layer.kernel, layer.kernel)
    incoming, outgoing = layer.incoming, layer.outgoing
    if not separable:
        return nn.Conv3d(incoming, outgoing, kernel, stride, padding, dilation, bias=False)
    return DepthSeparable(
        DepthwiseConvolution(incoming, incoming, kernel, stride, padding, dilation, groups=incoming, bias=False),
        PointwiseConvolution(incoming, outgoing),
    )


@CORES.register("conv_3d")
class Conv3dCore(nn.Module):
    """Causal 3D convolution, batch normalisation and ELU, layer upon layer (Tran et al. 2015).

    ``channels``, ``kernels`` (px, odd), ``kernels_time`` (frames), ``strides``, ``dilations`` (both px),
    ``dilations_time`` (frames): one entry a layer; strides and dilations are 1 where they are not given. ``padding`` is
    that of space: ``same`` or ``valid``. Time has none: each layer loses ``dilation_time * (kernel_time - 1)`` frames.
    With ``depth_separable`` the layers after the first filter each channel by itself, then mix channels at each pixel:
    fewer weights, and on a CPU half the time in float32 but several times that of full kernels in bfloat16.
    ``laplace_weight`` and ``laplace_time_weight`` penalise the curvature of the first layer's filters in space and
    time, ``group_sparsity_weight`` the channels that later layers take from the layer before. Raises ConfigError for
    layers that do not fit together.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        channels: list[int],
        kernels: list[int],
        kernels_time: list[int],
        strides: list[int] | None = None,
        dilations: list[int] | None = None,
        dilations_time: list[int] | None = None,
        padding: str = "same",
        depth_separable: bool = False,
        laplace_weight: float = 0.0,
        laplace_time_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.priors = FilterPriors(laplace_weight, laplace_time_weight, group_sparsity_weight)
        plan = plan_layers(in_shape, channels, kernels, strides, dilations, padding, kernels_time, dilations_time)
        self.plan_reach = plan.reach
        self.out_shape, self.frames_lost = plan.out_shape, plan.frames_lost
        layers: list[nn.Module] = []
        for index, layer in enumerate(plan.layers):
            separable = depth_separable and index > 0
            layers += [convolution(layer, separable), nn.BatchNorm3d(layer.outgoing), nn.ELU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time - frames_lost, batch, feature, ...).

        Raises ModelError for a video that is too short.
        """
        check_frames(videos, self.frames_lost)
        features: torch.Tensor = self.layers(channels_last(videos))
        return features.permute(2, 0, 1, 3, 4)

    def reach(self, frames: int) -> Reach | None:
        """What one place of its features sees, however many frames there are."""
        return self.plan_reach

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energies of the first layer's filters and group sparsity of the later ones, a scalar."""
        first, *later = list(self.layers)[::3]
        assert isinstance(first.weight, torch.Tensor)
        return self.priors.penalty(first.weight, [kernel_norms(layer) for layer in later], first.weight)
