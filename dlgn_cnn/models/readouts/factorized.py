"""The factorized readout: each unit has a mask over space and weights over features."""

import torch
from torch import nn

from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.readouts.places import pixel_places, shifted
from dlgn_cnn.values import choice


@READOUTS.register("factorized")
class FactorizedReadout(nn.Module):
    """Factorized readout (Klindt et al. 2017): sum over space and features of mask x feature weight x feature.

    The parameters are ``mask`` (unit, height, width), ``features`` (unit, feature) and ``bias`` (unit,). A shift moves
    the feature maps under the masks, so that it means the same as in a Gaussian readout; zeros come in from beyond the
    picture.

    Parameters
    ----------
    in_shape : tuple of int
        Features, height and width of the maps; supplied by the model.
    units : int
        Number of units; supplied by the model.
    centers : Tensor, shape (unit, 2)
        Peaks of the units' linear receptive fields, x, y in -1..1; supplied by the model.
    bias : Tensor, shape (unit,)
        Initial drive; supplied by the model.
    generator : Generator
        Draws initial weights; supplied by the model.
    init_mask : str
        Start of the masks: ``fields``, a Gaussian bump at the peak of the unit's linear receptive field; ``center``,
        one in the middle of the frame; or ``noise`` of standard deviation 0.001.
    init_sigma : float
        Standard deviation of the bumps; the picture spans -1..1 in x and in y.
    normalize : bool
        Whether each mask is divided by its Euclidean norm, so that a unit's scale lies in its features alone.
    constrain_pos : bool
        Whether negative weights of mask and features count as zero, as in Klindt et al. for masks.
    mask_weight, feature_weight : float
        Weights in the loss of the L1 norms of masks and features.

    Raises
    ------
    ConfigError
        If ``init_mask`` is unknown.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        units: int,
        centers: torch.Tensor,
        bias: torch.Tensor,
        generator: torch.Generator,
        init_mask: str = "fields",
        init_sigma: float = 0.15,
        normalize: bool = True,
        constrain_pos: bool = False,
        mask_weight: float = 0.0,
        feature_weight: float = 0.0,
    ) -> None:
        super().__init__()
        choice("init_mask of a factorized readout", init_mask, ("fields", "center", "noise"))
        channels, height, width = in_shape
        mask = 1e-3 * torch.randn(units, height, width, generator=generator)
        if init_mask != "noise":
            mask = _bumps(centers if init_mask == "fields" else torch.zeros(units, 2), height, width, init_sigma)
        self.mask = nn.Parameter(mask)
        noise = torch.randn(units, channels, generator=generator) / channels
        self.features = nn.Parameter(noise.abs() if constrain_pos else noise)
        self.bias = nn.Parameter(bias.clone())
        self.normalize, self.constrain_pos = normalize, constrain_pos
        self.mask_weight, self.feature_weight = mask_weight, feature_weight

    def weights(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The masks (unit, height, width) and feature weights (unit, feature) that act."""
        mask: torch.Tensor = self.mask
        if self.normalize:
            mask = mask / (mask.square().sum((1, 2), keepdim=True).sqrt() + 1e-6)
        return (_not_negative(mask), _not_negative(self.features)) if self.constrain_pos else (mask, self.features)

    def forward(
        self, features: torch.Tensor, shift: torch.Tensor | None = None, opto: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Read each unit's drive.

        Parameters
        ----------
        features : Tensor, shape (time, batch, feature, height, width)
            Feature maps.
        shift : Tensor, shape (time, batch, 2), optional
            How far every unit's position moves.
        opto : Tensor, shape (time, batch), optional
            Not used.

        Returns
        -------
        Tensor, shape (time, batch, unit)
            Drive.
        """
        mask, weights = self.weights()
        if shift is not None:
            features = shifted(features, shift)
        return torch.einsum("tbfu,uf->tbu", features.flatten(3) @ mask.flatten(1).T, weights) + self.bias

    def regularizer(self) -> torch.Tensor:
        """Weighted L1 norms of the masks and feature weights that act, summed over units."""
        mask, weights = self.weights()
        return self.mask_weight * mask.abs().sum() + self.feature_weight * weights.abs().sum()


def _bumps(centers: torch.Tensor, height: int, width: int, sigma: float) -> torch.Tensor:
    across = pixel_places(width, centers) - centers[:, :1]
    down = pixel_places(height, centers) - centers[:, 1:]
    bumps = torch.exp(-(down[:, :, None].square() + across[:, None].square()) / (2 * sigma**2))
    # Far from a center lie numbers so small that a processor multiplies them far more slowly.
    return torch.where(bumps > 1e-6, bumps, 0.0)


def _not_negative(weights: torch.Tensor) -> torch.Tensor:
    """Negative weights as zero, with the gradient that a weight at zero has, so that they may come back."""
    return weights + (weights.clamp_min(0) - weights).detach()
