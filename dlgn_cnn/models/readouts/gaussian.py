"""The Gaussian readout: each unit looks at one point of the feature maps, learned with its uncertainty."""

import torch
from torch import nn

from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.readouts.places import Retinotopy, read_bilinearly, read_points, reflected
from dlgn_cnn.values import choice

GAUSS_TYPES = {"full": (2, 2), "uncorrelated": (2,), "isotropic": (1,)}


@READOUTS.register("gaussian")
class GaussianReadout(nn.Module):
    """Full Gaussian readout (Lurz et al. 2021): position ~ N(mean, L L^T) in training, the mean in evaluation.

    Positions are in [-1, 1] x [-1, 1] (x over width, y over height, corners at pixel centers), mirrored back where they
    leave it; a feature map is read bilinearly, one position for each clip. The parameters are ``mean`` (unit, 2),
    ``covariance_factor`` L, ``features`` (unit, feature) and ``bias`` (unit,). A shift moves positions, and may take
    them out of the picture, where features are zero.

    Parameters
    ----------
    in_shape : tuple of int
        Features, height and width of the maps; supplied by the model.
    units : int
        Number of units; supplied by the model.
    centers : Tensor, shape (unit, 2)
        Peaks of the units' linear receptive fields, x, y in -1..1, from the training tier; supplied by the model.
    bias : Tensor, shape (unit,)
        Initial drive; supplied by the model.
    generator : Generator
        Draws initial weights and the noise of a fit; supplied by the model.
    init_mean : str
        Start of the means: ``fields``, the peaks of the linear receptive fields, which saves most of a fit that begins
        at the ``center`` of the frame.
    init_sigma : float
        Start of L.
    gauss_type : str
        Form of L: ``full`` (unit, 2, 2), ``uncorrelated``, a standard deviation for each axis (unit, 2), or
        ``isotropic``, one for both (unit, 1).
    retinotopy_layers : int
        Above 0, a mean is not its unit's own but predicted from the linear field's peak by a map of so many layers that
        all units share: ``Retinotopy``.
    retinotopy_hidden : int
        Width of that map.
    feature_weight : float
        Weight of the L1 norm of the features in the loss.

    Raises
    ------
    ConfigError
        If ``init_mean`` or ``gauss_type`` is unknown.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        units: int,
        centers: torch.Tensor,
        bias: torch.Tensor,
        generator: torch.Generator,
        init_mean: str = "fields",
        init_sigma: float = 0.1,
        gauss_type: str = "full",
        retinotopy_layers: int = 0,
        retinotopy_hidden: int = 20,
        feature_weight: float = 0.0,
    ) -> None:
        super().__init__()
        choice("init_mean of a gaussian readout", init_mean, ("fields", "center"))
        choice("gauss_type of a gaussian readout", gauss_type, GAUSS_TYPES)
        start = centers.clone() if init_mean == "fields" else torch.zeros(units, 2)
        shape = GAUSS_TYPES[gauss_type]
        sigma = torch.eye(2) if gauss_type == "full" else torch.ones(shape)
        self.covariance_factor = nn.Parameter(init_sigma * sigma.repeat(units, *[1] * len(shape)))
        noise = torch.randn(units, in_shape[0], generator=generator)
        self.features = nn.Parameter(noise / in_shape[0])
        self.bias = nn.Parameter(bias.clone())
        if retinotopy_layers:
            self.mean_of = Retinotopy(start, centers, retinotopy_layers, retinotopy_hidden, generator)
        else:
            self.mean = nn.Parameter(start)
        self.predicted = retinotopy_layers > 0
        self.generator = generator
        self.map_shape = (in_shape[1], in_shape[2])
        self.feature_weight = feature_weight

    def positions(self, clips: int) -> torch.Tensor:
        """Place of each unit in each clip: (clip, unit, 2), drawn in training, the mean in evaluation."""
        mean = (self.mean_of() if self.predicted else self.mean).expand(clips, -1, -1)
        if self.training:
            # Drawn on the CPU so that a fit's noise does not depend on the device.
            noise = torch.randn(clips, *mean.shape[1:], generator=self.generator).to(mean)
            factor = self.covariance_factor
            mean = mean + (torch.einsum("uij,cuj->cui", factor, noise) if factor.ndim == 3 else factor * noise)
        return reflected(mean)

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
        time, clips = features.shape[:2]
        grid = self.positions(clips).expand(time, -1, -1, -1)
        if shift is not None:
            grid = grid + shift[:, :, None]
        # Read in the positions' precision: rounded to bfloat16 they would miss by a tenth of a pixel.
        maps = features.flatten(0, 1).to(grid.dtype)
        read = read_points(maps, grid.flatten(0, 1))
        drive = torch.einsum("nfu,uf->nu", read, self.features).unflatten(0, (time, clips))
        return drive + self.bias

    def places_px(self, units: torch.Tensor, shift: torch.Tensor | None) -> torch.Tensor:
        """Places at which units look in evaluation, (time or 1, clip, 2): x, y in px of the whole map."""
        place = self.positions(1)[0, units][None]
        sizes = torch.tensor(self.map_shape[::-1], device=place.device)
        moved = place if shift is None else place + shift
        return (moved + 1) / 2 * (sizes - 1)

    def read_each(
        self, features: torch.Tensor, units: torch.Tensor, corners: torch.Tensor, shift: torch.Tensor | None
    ) -> torch.Tensor:
        """Read the drive of one unit for each clip from a piece of the feature map.

        Parameters
        ----------
        features : Tensor, shape (time, clip, feature, height, width)
            Pieces of the feature map.
        units : Tensor, shape (clip,)
            Unit of each clip.
        corners : Tensor, shape (clip, 2)
            Where each piece begins, x, y in px of the whole map.
        shift : Tensor, shape (time, clip, 2) or None
            How far the position moves.

        Returns
        -------
        Tensor, shape (time, clip)
            Drive.
        """
        places = self.places_px(units, shift).expand(len(features), -1, -1)
        read = read_bilinearly(features, places, corners, self.map_shape)
        return (read * self.features[units]).sum(-1) + self.bias[units]

    def regularizer(self) -> torch.Tensor:
        """Weighted L1 norm of the feature weights, summed over units."""
        return self.feature_weight * self.features.abs().sum()
