"""The depth-wise-separable 3D core: deep and narrow, with few weights a layer."""

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.checks import check_frames, check_positive
from dlgn_cnn.models.cores.geometry import plan_layers
from dlgn_cnn.models.cores.inverted_residual import DropPath, InvertedResidual
from dlgn_cnn.models.cores.layers import to_features, to_frames
from dlgn_cnn.models.regularizers import FilterPriors, group_norms


@CORES.register("depthwise_3d")
class Depthwise3dCore(nn.Module):
    """Inverted residual blocks that filter each channel over space, then time (Turishcheva et al. 2024).

    After DwiseNeuro (R. Baikulov), the winner of Sensorium 2023, made causal: kernels in time end at the current frame,
    and squeeze-excitation averages over the frame, never over time. It has no positional encoding: one in time would
    make a rate depend on where a window begins, and the readout knows its place in space.

    ``channels``, ``kernels`` (px, odd), ``kernels_time`` (frames), ``strides``, ``dilations`` (both px),
    ``dilations_time`` (frames): one entry a block; strides and dilations are 1 where they are not given. ``padding`` is
    that of space: ``same`` or ``valid``. Time has none: each block loses ``dilation_time * (kernel_time - 1)`` frames.
    The first ``channels`` is also the width of the mixture of input channels before the first block. A block works on
    ``expansion`` times its incoming channels; squeeze-excitation on a ``squeeze_ratio``-th of those. ``drop_path`` is
    the probability that the last block is left out of a clip in training; the first is never, those between in
    proportion. ``laplace_weight`` and ``laplace_time_weight`` penalise the curvature of the first block's filters in
    space and time, ``group_sparsity_weight`` the channels that later blocks' first mixtures take. Raises ConfigError
    for blocks that do not fit together.
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
        expansion: int = 6,
        squeeze_ratio: int = 32,
        drop_path: float = 0.0,
        laplace_weight: float = 0.0,
        laplace_time_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        super().__init__()
        check_positive("expansion", expansion)
        check_positive("squeeze_ratio", squeeze_ratio)
        if not 0 <= drop_path < 1:
            raise ConfigError(f"drop_path of a core is {drop_path}: give a probability of 0 or more and below 1")
        self.priors = FilterPriors(laplace_weight, laplace_time_weight, group_sparsity_weight)
        stem_shape = (channels[0] if isinstance(channels, list) and channels else 1, *in_shape[1:])
        plan = plan_layers(stem_shape, channels, kernels, strides, dilations, padding, kernels_time, dilations_time)
        self.out_shape, self.frames_lost = plan.out_shape, plan.frames_lost
        self.stem = nn.Sequential(nn.Conv2d(in_shape[0], channels[0], 1, bias=False), nn.BatchNorm2d(channels[0]))
        # Its seed follows from the model's, as the weights do.
        generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
        last = max(1, len(plan.layers) - 1)
        self.blocks = nn.ModuleList(
            InvertedResidual(layer, expansion, squeeze_ratio, DropPath(drop_path * index / last, generator))
            for index, layer in enumerate(plan.layers)
        )

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time - frames_lost, batch, feature, ...).

        Raises ModelError for a video that is too short.
        """
        check_frames(videos, self.frames_lost)
        frames = self.stem(to_frames(videos))
        for block in self.blocks:
            frames = block(frames, batch=len(videos))
        return to_features(frames, batch=len(videos))

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energies of the first block's filters and group sparsity of the later ones, a scalar."""
        first, *later = self.blocks
        return self.priors.penalty(
            first.spatial.weight,  # type: ignore[union-attr, arg-type]
            [group_norms(block.expand[0].weight) for block in later],  # type: ignore[union-attr, index]
            first.temporal.weight,  # type: ignore[union-attr, arg-type]
        )
