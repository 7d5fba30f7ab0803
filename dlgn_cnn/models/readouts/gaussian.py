"""The Gaussian readout: each unit looks at one point of the feature maps, learned with its uncertainty."""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.readouts import READOUTS


@READOUTS.register("gaussian")
class GaussianReadout(nn.Module):
    """Full Gaussian readout (Lurz et al. 2021): position ~ N(mean, L L^T) in training, the mean in evaluation.

    Positions are in [-1, 1] x [-1, 1] (x over width, y over height, corners at pixel centres); a feature map is read
    bilinearly, one position a clip. ``mean`` (unit, 2), ``covariance_factor`` (unit, 2, 2) = L, ``features``
    (unit, feature), ``bias`` (unit,). The noise comes from ``generator``, which the fit seeds. ``feature_weight``
    weighs the L1 norm of the features in the loss.

    ``init_mean`` is where a fit starts: ``fields``, the peak of the unit's linear receptive field (``centres``
    (unit, 2), from the training tier), which saves most of a fit that begins at the ``centre`` of the frame.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        units: int,
        centres: torch.Tensor,
        bias: torch.Tensor,
        generator: torch.Generator,
        init_mean: str = "fields",
        init_sigma: float = 0.1,
        feature_weight: float = 0.0,
    ) -> None:
        super().__init__()
        channels = in_shape[0]
        if init_mean not in ("fields", "centre"):
            raise ConfigError(f"init_mean {init_mean!r} of a gaussian readout: choose fields or centre")
        self.mean = nn.Parameter(centres.clone() if init_mean == "fields" else torch.zeros(units, 2))
        self.covariance_factor = nn.Parameter(init_sigma * torch.eye(2).repeat(units, 1, 1))
        noise = torch.randn(units, channels, generator=generator)
        self.features = nn.Parameter(noise / channels)
        self.bias = nn.Parameter(bias.clone())
        self.generator = generator
        self.feature_weight = feature_weight

    def positions(self, clips: int) -> torch.Tensor:
        """Where each unit looks in each clip: (clip, unit, 2), drawn in training, the mean in evaluation."""
        mean = self.mean.expand(clips, -1, -1)
        if self.training:
            # Drawn on the CPU so that a fit's noise does not depend on the device.
            noise = torch.randn(clips, *self.mean.shape, generator=self.generator).to(self.mean.device)
            mean = mean + torch.einsum("uij,cuj->cui", self.covariance_factor, noise)
        return mean.clamp(-1, 1)

    def forward(
        self, features: torch.Tensor, shift: torch.Tensor | None = None, opto: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Features (time, batch, feature, height, width) to drive (time, batch, unit); ``shift`` (time, batch, 2)."""
        time, clips, channels = features.shape[:3]
        grid = self.positions(clips)
        if shift is None:
            # One position a clip: all its frames are read at once, as channels of one map.
            maps = features.permute(1, 0, 2, 3, 4).flatten(1, 2)
            read = functional.grid_sample(maps, grid[:, :, None].to(maps.dtype), align_corners=True)
            drive = torch.einsum("ctfu,uf->tcu", read.squeeze(-1).unflatten(1, (time, channels)), self.features)
        else:
            moved = (grid + shift[:, :, None]).flatten(0, 1)[:, :, None]
            read = functional.grid_sample(features.flatten(0, 1), moved.to(features.dtype), align_corners=True)
            drive = torch.einsum("nfu,uf->nu", read.squeeze(-1), self.features).unflatten(0, (time, clips))
        return drive + self.bias

    def regularizer(self) -> torch.Tensor:
        """Weighted L1 norm of the feature weights, summed over units."""
        return self.feature_weight * self.features.abs().sum()
