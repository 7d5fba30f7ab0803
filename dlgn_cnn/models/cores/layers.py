"""Convolutions that the cores share, and the layout in memory in which they are cheap.

Between layers, maps are *frames*: (time x batch, channel, height, width) with time slowest, stored ``channels_last``.
So each frame's channels of a pixel lie together, a convolution over space takes the frames as they are, one over time
takes them as one image of time x (batch x height x width) pixels, and no layer copies what another left.
"""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.models.cores.geometry import Layer


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


def spatial_convolution(layer: Layer) -> nn.Conv2d:
    """A layer's convolution over space, without bias, since a normalization follows."""
    return nn.Conv2d(
        layer.incoming, layer.outgoing, layer.kernel, layer.stride, layer.padding, layer.dilation, bias=False
    )


class TemporalConvolution(nn.Conv2d):
    """Filters over time alone, on frames; ``weight`` is (out, in, time, 1), the current frame last.

    A feature sees its own frame and ``spacing * (kernel - 1)`` earlier ones, which it costs at the start.

    Parameters
    ----------
    incoming, outgoing : int
        Channels.
    kernel : int
        Length in frames.
    spacing : int
        Dilation in frames.

    Notes
    -----
    Why a 2D convolution: on a CPU a training step took a quarter of a 3D one's time in float32 and 0.9 of it in
    bfloat16. Products of matrices, and sums of shifted frames, were slower. Why no dilation: every ``spacing``-th frame
    is a movie of its own, and these lie side by side like pixels: the same, unspaced.
    """

    def __init__(self, incoming: int, outgoing: int, kernel: int, spacing: int = 1) -> None:
        super().__init__(incoming, outgoing, (kernel, 1), bias=False)
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
