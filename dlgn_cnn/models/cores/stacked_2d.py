"""The stacked 2D core: spatial filters shared by all units, one frame at a time."""

import torch
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import plan_layers
from dlgn_cnn.models.cores.layers import kernel_norms, spatial_convolution, to_features, to_frames
from dlgn_cnn.models.reach import Reach
from dlgn_cnn.models.regularizers import FilterPriors


@CORES.register("stacked_2d")
class Stacked2dCore(nn.Module):
    """Convolution, batch normalisation and ELU, layer upon layer (Klindt et al. 2017; Franke et al. 2022).

    ``channels``, ``kernels`` (px, odd), ``strides``, ``dilations``: one entry a layer; strides and dilations are 1
    where they are not given. ``padding`` is ``same``, which keeps the frame but for strides, or ``valid``, where each
    kernel stays within it. With ``depth_separable`` the layers after the first filter each channel by itself, then mix
    channels at each pixel. ``laplace_weight`` penalises the curvature of the first layer's filters,
    ``group_sparsity_weight`` the channels that later layers take from the layer before. No frame is lost: it has no
    memory. Raises ConfigError for layers that do not fit together.
    """

    frames_lost = 0

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        channels: list[int],
        kernels: list[int],
        strides: list[int] | None = None,
        dilations: list[int] | None = None,
        padding: str = "same",
        depth_separable: bool = False,
        laplace_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.priors = FilterPriors(laplace_weight=laplace_weight, group_sparsity_weight=group_sparsity_weight)
        plan = plan_layers(in_shape, channels, kernels, strides, dilations, padding)
        self.plan_reach = plan.reach
        self.out_shape = plan.out_shape
        layers: list[nn.Module] = []
        for index, layer in enumerate(plan.layers):
            convolution = spatial_convolution(layer, separable=depth_separable and index > 0)
            layers += [convolution, nn.BatchNorm2d(layer.outgoing), nn.ELU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time, batch, feature, height', width')."""
        return to_features(self.layers(to_frames(videos)), batch=len(videos))

    def reach(self, frames: int) -> Reach | None:
        """What one place of its features sees, however many frames there are."""
        return self.plan_reach

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energy of the first layer's filters and group sparsity of the later ones, a scalar."""
        first, *later = list(self.layers)[::3]
        assert isinstance(first.weight, torch.Tensor)
        return self.priors.penalty(first.weight, [kernel_norms(layer) for layer in later])
