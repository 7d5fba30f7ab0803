"""The rotation-equivariant 2D core: every feature at every orientation, from one set of weights."""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import Layer, plan_layers
from dlgn_cnn.models.cores.hermite import turned_basis
from dlgn_cnn.models.cores.layers import to_features, to_frames
from dlgn_cnn.models.reach import Reach
from dlgn_cnn.models.regularizers import FilterPriors, group_norms, separable_group_norms


def turned_weights(weights: torch.Tensor) -> torch.Tensor:
    """Weights (rotation, out, orientation, in, height, width) to those of a convolution, each output in its own frame.

    An output at rotation ``r`` sees the input's orientations relative to its own, so they are shifted by ``r``.
    """
    shifted = torch.stack([turned.roll(rotation, dims=1) for rotation, turned in enumerate(weights)])
    return shifted.flatten(2, 3).flatten(0, 1)


class EquivariantConvolution(nn.Module):
    """Filters of Hermite functions at ``rotations`` angles, on frames whose channels are (orientation, feature).

    ``orientations`` of the input: 1 for the movie, else ``rotations``. ``coefficients`` (out, orientation, in,
    function) are of the filters at rotation 0; all others follow.
    """

    basis: torch.Tensor

    def __init__(self, layer: Layer, rotations: int, orientations: int) -> None:
        super().__init__()
        self.layer = layer
        # Not in the state: it follows from the config.
        self.register_buffer("basis", turned_basis(layer.kernel, rotations), persistent=False)
        inputs, functions = orientations * layer.incoming, self.basis.shape[1]
        shape = (layer.outgoing, orientations, layer.incoming, functions)
        self.coefficients = nn.Parameter(torch.randn(shape) / (inputs * functions) ** 0.5)

    def filters(self) -> torch.Tensor:
        """The filters at rotation 0: (out, orientation x in, height, width)."""
        return torch.einsum("osif,fyx->osiyx", self.coefficients, self.basis[0]).flatten(1, 2)

    def group_norms(self) -> torch.Tensor:
        """The L2 norms (out, orientation x in) of the filters at rotation 0."""
        return group_norms(self.filters())

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames to frames with channels (rotation, feature)."""
        weights = turned_weights(torch.einsum("osif,rfyx->rosiyx", self.coefficients, self.basis))
        layer = self.layer
        return functional.conv2d(frames, weights, None, layer.stride, layer.padding, layer.dilation)


class SeparableEquivariantConvolution(nn.Module):
    """A turned filter for each feature and orientation, then an equivariant mixture of channels at each pixel."""

    basis: torch.Tensor

    def __init__(self, layer: Layer, rotations: int) -> None:
        super().__init__()
        self.layer, self.rotations = layer, rotations
        self.register_buffer("basis", turned_basis(layer.kernel, rotations), persistent=False)
        functions, inputs = self.basis.shape[1], rotations * layer.incoming
        self.coefficients = nn.Parameter(torch.randn(layer.incoming, functions) / functions**0.5)
        self.mixture = nn.Parameter(torch.randn(layer.outgoing, rotations, layer.incoming) / inputs**0.5)

    def filters(self) -> torch.Tensor:
        """The filter of each channel: (orientation x in, 1, height, width)."""
        return torch.einsum("if,rfyx->riyx", self.coefficients, self.basis).flatten(0, 1)[:, None]

    def group_norms(self) -> torch.Tensor:
        """The L2 norms (out, orientation x in) of the full filters at rotation 0 that both steps make."""
        return separable_group_norms(self.filters(), self.mixture.flatten(1)[..., None])

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames with channels (orientation, feature) to frames with channels (rotation, feature)."""
        filters, layer = self.filters(), self.layer
        filtered = functional.conv2d(
            frames, filters, None, layer.stride, layer.padding, layer.dilation, groups=len(filters)
        )
        mixture = self.mixture.expand(self.rotations, -1, -1, -1)[..., None, None]
        return functional.conv2d(filtered, turned_weights(mixture))


class EquivariantNorm(nn.BatchNorm2d):
    """Batch normalisation of frames with channels (rotation, feature): all rotations of a feature share it."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames to frames."""
        count, channels, height, width = frames.shape
        last = frames.permute(0, 2, 3, 1)
        rotations = channels // self.num_features
        wide = last.reshape(count, height, width * rotations, self.num_features).permute(0, 3, 1, 2)
        return super().forward(wide).permute(0, 2, 3, 1).reshape(last.shape).permute(0, 3, 1, 2)


@CORES.register("rotation_equivariant_2d")
class RotationEquivariant2dCore(nn.Module):
    """Convolution, batch normalisation and ELU with each filter at every angle (Ecker et al. 2019).

    Filters are weighted sums of Hermite functions, so that they turn without being interpolated; later layers see
    orientations relative to their own (so too Ustyuzhaninov et al. 2020). A frame turned by a quarter gives the maps
    turned by a quarter and the orientations shifted by a quarter of ``rotations``, exactly (with strides where these
    divide the frame's size less 1); turns between are as exact as pixels allow.

    ``channels``: features a layer, each at all ``rotations`` (a multiple of 4), so that the readout gets their product,
    ordered (rotation, feature). ``kernels`` (px, odd), ``strides``, ``dilations``: one entry a layer; strides and
    dilations are 1 where they are not given. ``padding`` is ``same`` or ``valid``. With ``depth_separable`` the layers
    after the first filter each channel by itself, then mix channels at each pixel. ``laplace_weight`` penalises the
    curvature of the first layer's filters, ``group_sparsity_weight`` the channels that later layers take from the layer
    before. No frame is lost. Raises ConfigError for layers that do not fit together.
    """

    frames_lost = 0

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        channels: list[int],
        kernels: list[int],
        rotations: int = 8,
        strides: list[int] | None = None,
        dilations: list[int] | None = None,
        padding: str = "same",
        depth_separable: bool = False,
        laplace_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        super().__init__()
        if type(rotations) is not int or rotations < 4 or rotations % 4:
            raise ConfigError(f"rotations of a core is {rotations!r}: give a multiple of 4, so that quarters are exact")
        self.priors = FilterPriors(laplace_weight=laplace_weight, group_sparsity_weight=group_sparsity_weight)
        plan = plan_layers(in_shape, channels, kernels, strides, dilations, padding)
        self.plan_reach = plan.reach
        features, height, width = plan.out_shape
        self.out_shape = (rotations * features, height, width)
        layers: list[nn.Module] = []
        for index, layer in enumerate(plan.layers):
            if depth_separable and index:
                layers.append(SeparableEquivariantConvolution(layer, rotations))
            else:
                layers.append(EquivariantConvolution(layer, rotations, orientations=rotations if index else 1))
            layers += [EquivariantNorm(layer.outgoing), nn.ELU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        """Video (batch, channel, time, height, width) to features (time, batch, rotation x feature, ...)."""
        return to_features(self.layers(to_frames(videos)), batch=len(videos))

    def reach(self, frames: int) -> Reach | None:
        """What one place of its features sees, however many frames there are."""
        return self.plan_reach

    def regularizer(self) -> torch.Tensor:
        """Weighted Laplace energy of the first layer's filters and group sparsity of the later ones, a scalar."""
        first, *later = list(self.layers)[::3]
        return self.priors.penalty(
            first.filters(),  # type: ignore[operator]
            [layer.group_norms() for layer in later],  # type: ignore[operator]
        )
