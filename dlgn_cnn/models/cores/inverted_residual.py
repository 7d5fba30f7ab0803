"""The block of mobile networks, for movies: expand, filter each channel in space and time, squeeze, project, add."""

import torch
from torch import nn

from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.cores.layers import TemporalConvolution, depthwise_spatial


class SqueezeExcitation(nn.Module):
    """Scales each channel by what all channels are, on the average over the frame (Hu et al. 2018).

    The average is over space alone: over time too, as in the original for movies, it would let a frame see later ones.
    """

    def __init__(self, channels: int, ratio: int) -> None:
        super().__init__()
        hidden = max(1, channels // ratio)
        self.gate = nn.Sequential(
            nn.Conv2d(channels, hidden, 1), nn.SiLU(), nn.Conv2d(hidden, channels, 1), nn.Sigmoid()
        )

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames to frames."""
        scaled: torch.Tensor = frames * self.gate(frames.mean((2, 3), keepdim=True))
        return scaled


class DropPath(nn.Module):
    """Leaves a residual branch out of a clip with probability ``rate``, in training (Huang et al. 2016).

    What stays is scaled up, so that the mean does not change. The draws come from ``generator``.
    """

    def __init__(self, rate: float, generator: torch.Generator) -> None:
        super().__init__()
        self.rate, self.generator = rate, generator

    def forward(self, frames: torch.Tensor, batch: int) -> torch.Tensor:
        """Frames of ``batch`` clips to frames; all frames of a clip are left out, or none."""
        if not self.training or self.rate == 0:
            return frames
        # Drawn on the CPU so that a fit's noise does not depend on the device.
        kept = (torch.rand(batch, generator=self.generator) >= self.rate).to(frames)
        scale = (kept / (1 - self.rate)).repeat(len(frames) // batch)
        return frames * scale[:, None, None, None]


class InvertedResidual(nn.Module):
    """Inverted residual block (Sandler et al. 2018) with filters in space, then in time, and squeeze-excitation.

    The shortcut takes the pixels and frames at which the block's kernels are centred, and repeats or drops channels
    where their number changes, so it has no weights.
    """

    def __init__(self, layer: Layer, expansion: int, squeeze_ratio: int, drop_path: DropPath) -> None:
        super().__init__()
        wide = expansion * layer.incoming
        self.layer = layer
        self.expand = nn.Sequential(nn.Conv2d(layer.incoming, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.SiLU())
        self.spatial = depthwise_spatial(layer, wide)
        self.spatial_norm = nn.Sequential(nn.BatchNorm2d(wide), nn.SiLU())
        self.temporal = TemporalConvolution(wide, wide, layer.kernel_time, layer.dilation_time, groups=wide)
        self.temporal_norm = nn.Sequential(nn.BatchNorm2d(wide), nn.SiLU())
        self.squeeze = SqueezeExcitation(wide, squeeze_ratio)
        self.project = nn.Sequential(nn.Conv2d(wide, layer.outgoing, 1, bias=False), nn.BatchNorm2d(layer.outgoing))
        self.drop_path = drop_path

    def forward(self, frames: torch.Tensor, batch: int) -> torch.Tensor:
        """Frames of ``batch`` clips to fewer frames."""
        filtered = self.spatial_norm(self.spatial(self.expand(frames)))
        filtered = self.temporal_norm(self.temporal(filtered, batch))
        branch: torch.Tensor = self.drop_path(self.project(self.squeeze(filtered)), batch)
        return branch + self._shortcut(frames, batch)

    def _shortcut(self, frames: torch.Tensor, batch: int) -> torch.Tensor:
        layer = self.layer
        cut, (height, width) = layer.reach - layer.padding, frames.shape[-2:]
        kept = frames[
            layer.frames_lost * batch :, :, cut : height - cut : layer.stride, cut : width - cut : layer.stride
        ]
        if layer.outgoing == layer.incoming:
            return kept
        return kept[:, torch.arange(layer.outgoing, device=kept.device) % layer.incoming]
