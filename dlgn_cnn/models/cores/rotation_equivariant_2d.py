"""The rotation-equivariant 2D core: every feature at every orientation, from one set of weights."""

from collections.abc import Iterable

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.cores.hermite import turned_basis
from dlgn_cnn.models.cores.planned import PlannedCore


def turned_weights(weights: torch.Tensor) -> torch.Tensor:
    """Weights (rotation, out, orientation, in, height, width) to those of a convolution, each output in its own frame.

    An output at rotation ``r`` sees the input's orientations relative to its own, so they are shifted by ``r``.
    """
    shifted = torch.stack([turned.roll(rotation, dims=1) for rotation, turned in enumerate(weights)])
    return shifted.flatten(2, 3).flatten(0, 1)


class EquivariantConvolution(nn.Module):
    """Filters of Hermite functions at several angles, on frames whose channels are (orientation, feature).

    ``coefficients`` (out, orientation, in, function) are of the filters at rotation 0; all others follow.

    Parameters
    ----------
    layer : Layer
        Channels, kernel, stride, padding and dilation.
    rotations : int
        Number of angles.
    orientations : int
        Orientations of the input: 1 for the movie, else ``rotations``.
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

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames to frames with channels (rotation, feature)."""
        weights = turned_weights(torch.einsum("osif,rfyx->rosiyx", self.coefficients, self.basis))
        layer = self.layer
        return functional.conv2d(frames, weights, None, layer.stride, layer.padding, layer.dilation)


class EquivariantNorm(nn.BatchNorm2d):
    """Batch normalization of frames with channels (rotation, feature): all rotations of a feature share it."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames to frames."""
        count, channels, height, width = frames.shape
        last = frames.permute(0, 2, 3, 1)
        rotations = channels // self.num_features
        wide = last.reshape(count, height, width * rotations, self.num_features).permute(0, 3, 1, 2)
        return super().forward(wide).permute(0, 2, 3, 1).reshape(last.shape).permute(0, 3, 1, 2)


@CORES.register("rotation_equivariant_2d")
class RotationEquivariant2dCore(PlannedCore):
    """Convolution, batch normalization and ELU with each filter at every angle (Ecker et al. 2019).

    Filters are weighted sums of Hermite functions, so that they turn without being interpolated; later layers see
    orientations relative to their own (so too Ustyuzhaninov et al. 2020). A frame turned by a quarter gives the maps
    turned by a quarter and the orientations shifted by a quarter of ``rotations``, exactly (with strides where these
    divide the frame's size less 1); turns between are as exact as pixels allow. No frame is lost.

    Parameters
    ----------
    in_shape : tuple of int
        Channels, height and width of the video; supplied by the model.
    channels : list of int
        Features, one entry a layer, each at all ``rotations``. The readout gets their product, ordered (rotation,
        feature).
    kernels : list of int
        Width of the square kernels in px, odd, one entry a layer.
    rotations : int
        Number of angles, a multiple of 4.
    strides, dilations : list of int, optional
        In px, one entry a layer (default: all 1).
    padding : str
        ``same`` keeps the frame except for strides; ``valid`` keeps each kernel within the frame.
    laplace_weight : float
        Weight of the penalty on the curvature of the first layer's filters.
    group_sparsity_weight : float
        Weight of the penalty on the channels that later layers take from the layer before.

    Raises
    ------
    ConfigError
        If the layers do not fit together, a weight is negative, or quarter turns are not among the rotations.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        channels: list[int],
        kernels: list[int],
        rotations: int = 8,
        strides: list[int] | None = None,
        dilations: list[int] | None = None,
        padding: str = "same",
        laplace_weight: float = 0.0,
        group_sparsity_weight: float = 0.0,
    ) -> None:
        if type(rotations) is not int or rotations < 4 or rotations % 4:
            raise ConfigError(f"rotations of a core is {rotations!r}: give a multiple of 4, so that quarters are exact")
        nn.Module.__init__(self)
        self.rotations = rotations
        super().__init__(
            in_shape, channels, kernels, strides, dilations, padding, laplace_weight, group_sparsity_weight
        )
        features, height, width = self.out_shape
        self.out_shape = (rotations * features, height, width)

    def layer_modules(self, layer: Layer, index: int) -> Iterable[nn.Module]:
        """Equivariant convolution, normalization and nonlinearity of one layer."""
        orientations = self.rotations if index else 1
        convolution = EquivariantConvolution(layer, self.rotations, orientations)
        return convolution, EquivariantNorm(layer.outgoing), nn.ELU()

    def filters(self) -> list[torch.Tensor]:
        """Filters at rotation 0 (out, orientation x in, height, width) of each layer."""
        return [convolution.filters() for convolution in list(self.layers)[::3]]  # type: ignore[operator]
