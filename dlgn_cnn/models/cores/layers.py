"""Convolutions that the cores share, and the layout in memory in which they are cheap.

Between layers, maps are *frames*: (time x batch, channel, height, width) with time slowest, stored ``channels_last``.
So each frame's channels of a pixel lie together, a convolution over space takes the frames as they are, one over time
takes them as one image of time x (batch x height x width) pixels, and no layer copies what another left.
"""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.regularizers import group_norms, separable_group_norms


def to_frames(videos: torch.Tensor) -> torch.Tensor:
    """Video (batch, channel, time, height, width) to frames."""
    return channels_last(videos.permute(2, 0, 1, 3, 4).flatten(0, 1))


def channels_last(maps: torch.Tensor) -> torch.Tensor:
    """The same maps (batch, channel, ...), each pixel's channels side by side in memory.

    ``contiguous(memory_format=...)`` leaves the strides of a single channel as they are, and every later layer would
    then take and give contiguous maps.
    """
    last = maps.movedim(1, -1)
    return last.reshape(-1).view(last.shape).movedim(-1, 1)


def to_features(frames: torch.Tensor, batch: int) -> torch.Tensor:
    """Frames to features (time, batch, feature, height, width)."""
    return frames.unflatten(0, (-1, batch))


class DepthSeparable(nn.Sequential):
    """A filter for each channel, then a mixture of channels at each pixel (Chollet 2017)."""

    def __init__(self, depthwise: nn.Module, pointwise: nn.Module) -> None:
        super().__init__(depthwise, pointwise)

    def group_norms(self) -> torch.Tensor:
        """As ``kernel_norms``."""
        depthwise, pointwise = (part.weight for part in self)
        assert isinstance(depthwise, torch.Tensor)
        assert isinstance(pointwise, torch.Tensor)
        return separable_group_norms(depthwise, pointwise)


def kernel_norms(convolution: nn.Module) -> torch.Tensor:
    """The L2 norms (out, in) of the kernels of a convolution or of what a depth-separable one amounts to."""
    if isinstance(convolution, DepthSeparable):
        return convolution.group_norms()
    assert isinstance(convolution.weight, torch.Tensor)
    return group_norms(convolution.weight)


def spatial_convolution(layer: Layer, separable: bool = False) -> nn.Module:
    """A layer's convolution over space, without bias, since a normalisation follows."""
    if separable:
        return DepthSeparable(depthwise_spatial(layer), nn.Conv2d(layer.incoming, layer.outgoing, 1, bias=False))
    return nn.Conv2d(
        layer.incoming, layer.outgoing, layer.kernel, layer.stride, layer.padding, layer.dilation, bias=False
    )


def depthwise_spatial(layer: Layer, channels: int | None = None) -> nn.Conv2d:
    """A layer's filters over space, one for each of ``channels``, by default its incoming ones."""
    count = channels or layer.incoming
    return nn.Conv2d(count, count, layer.kernel, layer.stride, layer.padding, layer.dilation, groups=count, bias=False)


class TemporalConvolution(nn.Conv2d):
    """Filters over time alone, on frames; ``weight`` is (out, in, time, 1), the current frame last.

    A feature sees its own frame and ``spacing * (kernel - 1)`` earlier ones, which it costs at the start; ``spacing``
    is the dilation, in frames.

    Why a 2D convolution: on a CPU a training step took a quarter of a 3D one's time in float32 and 0.9 of it in
    bfloat16; of depthwise ones an eighth and a twelfth. Products of matrices, and sums of shifted frames, were slower.
    Why no dilation: torch 2.13's gradient of depthwise kernels over time is wrong with it, in bfloat16 on a CPU.
    Every ``spacing``-th frame is a movie of its own, and these lie side by side like pixels: the same, unspaced.
    """

    def __init__(self, incoming: int, outgoing: int, kernel: int, spacing: int = 1, groups: int = 1) -> None:
        super().__init__(incoming, outgoing, (kernel, 1), groups=groups, bias=False)
        self.spacing = spacing

    def forward(self, frames: torch.Tensor, batch: int) -> torch.Tensor:  # type: ignore[override]
        """Frames of ``batch`` clips to fewer frames."""
        count, channels, height, width = frames.shape
        pixels = frames.permute(0, 2, 3, 1).reshape(count // batch, batch * height * width, channels)
        missing = -len(pixels) % self.spacing
        if missing:
            pixels = functional.pad(pixels, (0, 0, 0, 0, 0, missing))
        image = pixels.reshape(1, len(pixels) // self.spacing, -1, channels)
        filtered = super().forward(image.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        maps = filtered.reshape(-1, height, width, self.out_channels).permute(0, 3, 1, 2)
        return maps[: len(maps) - missing * batch]
