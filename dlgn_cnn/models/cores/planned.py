"""Bases of the cores whose layers follow a plan: they plan, run and penalize layers.

A core says in ``layer_modules`` what one layer consists of: a convolution, a normalization and a nonlinearity, unless
it overrides ``features`` and ``filters`` too.
"""

from collections.abc import Iterable
from functools import reduce

import torch
from torch import nn

from dlgn_cnn.errors import ModelError
from dlgn_cnn.models.cores.geometry import Layer, Shape, plan_layers
from dlgn_cnn.models.cores.layers import to_features, to_frames
from dlgn_cnn.models.receptive_field import ReceptiveExtent
from dlgn_cnn.models.regularizers import FilterPriors


class PlannedCore(nn.Module):
    """Convolutional layers over space, one after the other, planned before any is built.

    Parameters
    ----------
    in_shape : tuple of int
        Channels, height and width of the video; supplied by the model.
    channels : list of int
        Features, one entry a layer.
    kernels : list of int
        Width of the square kernels in px, odd, one entry a layer.
    strides, dilations : list of int, optional
        In px, one entry a layer (default: all 1).
    padding : str
        ``same`` keeps the frame except for strides; ``valid`` keeps each kernel within the frame.
    laplace_weight : float
        Weight of the penalty on the curvature of the first layer's filters in space.
    group_sparsity_weight : float
        Weight of the penalty on the channels that later layers take from the layer before.

    Raises
    ------
    ConfigError
        If the layers do not fit together, or a weight is negative.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        channels: list[int],
        kernels: list[int],
        strides: list[int] | None = None,
        dilations: list[int] | None = None,
        padding: str = "same",
        laplace_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        super().__init__()
        priors = FilterPriors(laplace_weight=laplace_weight, group_sparsity_weight=group_sparsity_weight)
        self.build(*plan_layers(in_shape, channels, kernels, strides, dilations, padding), priors)

    def build(self, plan: list[Layer], out_shape: Shape, priors: FilterPriors) -> None:
        """Build the layers of a plan.

        Parameters
        ----------
        plan : list of Layer
            The layers, the first first.
        out_shape : tuple of int
            Feature, height and width of the maps that leave the last.
        priors : FilterPriors
            Penalties of their filters.
        """
        self.plan, self.out_shape, self.priors = plan, out_shape, priors
        self.frames_lost = sum(layer.frames_lost for layer in plan)
        self.layers = nn.Sequential(
            *(module for index, layer in enumerate(plan) for module in self.layer_modules(layer, index))
        )

    def layer_modules(self, layer: Layer, index: int) -> Iterable[nn.Module]:
        """Modules of one layer, in the order in which they are applied."""
        raise NotImplementedError

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time - frames_lost, batch, feature, ...).

        Raises ModelError for a video that is too short.
        """
        if videos.shape[2] <= self.frames_lost:
            raise ModelError(
                f"the video has {videos.shape[2]} frames and the core loses {self.frames_lost}: "
                f"show it {self.frames_lost + 1} or more, or give the core shorter kernels_time"
            )
        return self.features(videos)

    def features(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features, frame by frame."""
        return to_features(self.layers(to_frames(videos)), batch=len(videos))

    def receptive_field(self, frames: int) -> ReceptiveExtent | None:
        """Extent of the frame that one place of the features sees; None without padding, which moves its rows."""
        if any(layer.padding != layer.radius_px for layer in self.plan):
            return None
        return reduce(ReceptiveExtent.then, [ReceptiveExtent(layer.radius_px, layer.stride) for layer in self.plan])

    def filters(self) -> list[torch.Tensor]:
        """Filters (out, in, ..., height, width) of each layer."""
        return [convolution.weight for convolution in list(self.layers)[::3]]  # type: ignore[misc]

    def time_filters(self) -> torch.Tensor | None:
        """Kernels (out, in, time, ...) of the first layer over time; None for a core without memory."""
        return None

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energies of the first layer's filters and group sparsity of the later ones, a scalar."""
        return self.priors.penalty(self.filters(), self.time_filters())


class PlannedCore3d(PlannedCore):
    """Convolutional layers over space and time, without padding in time, so that they are causal.

    Each layer loses ``dilation_time * (kernel_time - 1)`` frames.

    Parameters
    ----------
    in_shape : tuple of int
        Channels, height and width of the video; supplied by the model.
    channels : list of int
        Features, one entry a layer.
    kernels : list of int
        Width of the square kernels in px, odd, one entry a layer.
    kernels_time : list of int
        Length of the kernels in frames, one entry a layer.
    strides, dilations : list of int, optional
        In px, one entry a layer (default: all 1).
    dilations_time : list of int, optional
        In frames, one entry a layer (default: all 1).
    padding : str
        Padding in space: ``same`` keeps the frame except for strides; ``valid`` keeps each kernel within the frame.
    laplace_weight, laplace_time_weight : float
        Weights of the penalties on the curvature of the first layer's filters in space and in time.
    group_sparsity_weight : float
        Weight of the penalty on the channels that later layers take from the layer before.

    Raises
    ------
    ConfigError
        If the layers do not fit together, or a weight is negative.
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
        laplace_weight: float = 0.0,
        laplace_time_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        nn.Module.__init__(self)
        plan = plan_layers(in_shape, channels, kernels, strides, dilations, padding, kernels_time, dilations_time)
        self.build(*plan, FilterPriors(laplace_weight, laplace_time_weight, group_sparsity_weight))
