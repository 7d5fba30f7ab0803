"""The factorised 3D core: each layer filters over space, then over time."""

import torch
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.checks import check_frames
from dlgn_cnn.models.cores.geometry import Layer, plan_layers
from dlgn_cnn.models.cores.layers import (
    TemporalConvolution,
    kernel_norms,
    spatial_convolution,
    to_features,
    to_frames,
)
from dlgn_cnn.models.reach import Reach
from dlgn_cnn.models.regularizers import FilterPriors


class FactorisedLayer(nn.Module):
    """A convolution over space, one over time, batch normalisation, ELU; on frames (see ``layers``)."""

    def __init__(self, layer: Layer, separable: bool) -> None:
        super().__init__()
        self.spatial = spatial_convolution(layer, separable)
        groups = layer.outgoing if separable else 1
        self.temporal = TemporalConvolution(
            layer.outgoing, layer.outgoing, layer.kernel_time, layer.dilation_time, groups
        )
        self.norm = nn.BatchNorm2d(layer.outgoing)
        self.nonlinearity = nn.ELU()

    def forward(self, frames: torch.Tensor, batch: int) -> torch.Tensor:
        """Frames of ``batch`` clips to fewer frames."""
        filtered: torch.Tensor = self.nonlinearity(self.norm(self.temporal(self.spatial(frames), batch)))
        return filtered


@CORES.register("factorised_3d")
class Factorised3dCore(nn.Module):
    """Spatial then causal temporal convolution, batch normalisation and ELU, layer upon layer (Hoefling et al. 2024).

    The factorised baseline of Sensorium 2023 (Turishcheva et al. 2024). ``channels``, ``kernels`` (px, odd),
    ``kernels_time`` (frames), ``strides``, ``dilations`` (both px), ``dilations_time`` (frames): one entry a layer;
    strides and dilations are 1 where they are not given. ``padding`` is that of space: ``same`` or ``valid``. Time has
    none: each layer loses ``dilation_time * (kernel_time - 1)`` frames. With ``depth_separable`` the layers after the
    first filter each channel by itself in space, mix channels at each pixel, and filter each by itself in time.
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
        self.layers = nn.ModuleList(
            FactorisedLayer(layer, separable=depth_separable and index > 0) for index, layer in enumerate(plan.layers)
        )

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time - frames_lost, batch, feature, ...).

        Raises ModelError for a video that is too short.
        """
        check_frames(videos, self.frames_lost)
        frames = to_frames(videos)
        for layer in self.layers:
            frames = layer(frames, batch=len(videos))
        return to_features(frames, batch=len(videos))

    def reach(self, frames: int) -> Reach | None:
        """What one place of its features sees, however many frames there are."""
        return self.plan_reach

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energies of the first layer's filters and group sparsity of the later ones, a scalar."""
        first, *later = self.layers
        return self.priors.penalty(
            first.spatial.weight,  # type: ignore[union-attr, arg-type]
            [kernel_norms(layer.spatial) for layer in later],  # type: ignore[arg-type]
            first.temporal.weight,  # type: ignore[union-attr, arg-type]
        )
