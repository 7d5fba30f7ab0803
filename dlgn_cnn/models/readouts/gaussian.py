"""The Gaussian readout: each unit looks at one point of the feature maps, learned with its uncertainty."""

import torch
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.readouts.places import Retinotopy, read_bilinearly, read_points, reflected
from dlgn_cnn.registry import nearest

GAUSS_TYPES = {"full": (2, 2), "uncorrelated": (2,), "isotropic": (1,)}


@READOUTS.register("gaussian")
class GaussianReadout(nn.Module):
    """Full Gaussian readout (Lurz et al. 2021): position ~ N(mean, L L^T) in training, the mean in evaluation.

    Positions are in [-1, 1] x [-1, 1] (x over width, y over height, corners at pixel centers), mirrored back where they
    leave it; a feature map is read bilinearly, one position a clip. ``mean`` (unit, 2), ``covariance_factor`` L,
    ``features`` (unit, feature), ``bias`` (unit,). The noise comes from ``generator``, which the fit seeds. A shift
    moves positions by so much, and may take them out of the picture, where features are zero. ``feature_weight`` weighs
    the L1 norm of the features in the loss.

    ``gauss_type`` is the form of L: ``full`` (unit, 2, 2), ``uncorrelated``, a standard deviation an axis (unit, 2), or
    ``isotropic``, one for both (unit, 1); it starts at ``init_sigma``. ``init_mean`` is where a fit starts: ``fields``,
    the peak of the unit's linear receptive field (``centers`` (unit, 2), from the training tier), which saves most of a
    fit that begins at the ``center`` of the frame. With ``retinotopy_layers`` above 0 a mean is not its unit's own but
    predicted from the linear field's peak by a map that all units share, ``retinotopy_hidden`` wide: ``Retinotopy``.
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
        if init_mean not in ("fields", "center"):
            raise ConfigError(f"init_mean {init_mean!r} of a gaussian readout: choose fields or center")
        if gauss_type not in GAUSS_TYPES:
            raise ConfigError(f"gauss_type {gauss_type!r} of a gaussian readout: {nearest(gauss_type, GAUSS_TYPES)}")
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
        """Where each unit looks in each clip: (clip, unit, 2), drawn in training, the mean in evaluation."""
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
        """Features (time, batch, feature, height, width) to drive (time, batch, unit); ``shift`` (time, batch, 2)."""
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
        """Where units look in evaluation, (time or 1, 1, clip, 2): see ``receptive_field.ReadsPlaces``."""
        place = self.positions(1)[0, units][None]
        sizes = torch.tensor(self.map_shape[::-1], device=place.device)
        moved = place if shift is None else place + shift
        return ((moved + 1) / 2 * (sizes - 1))[:, None]

    def read_each(
        self,
        features: torch.Tensor,
        units: torch.Tensor,
        corners: torch.Tensor,
        shift: torch.Tensor | None,
        opto: torch.Tensor,
    ) -> torch.Tensor:
        """Drive (time, clip) of one unit a clip: see ``receptive_field.ReadsPlaces``."""
        places = self.places_px(units, shift)[:, 0].expand(len(features), -1, -1)
        read = read_bilinearly(features, places, corners, self.map_shape)
        return (read * self.features[units]).sum(-1) + self.bias[units]

    def regularizer(self) -> torch.Tensor:
        """Weighted L1 norm of the feature weights, summed over units."""
        return self.feature_weight * self.features.abs().sum()
