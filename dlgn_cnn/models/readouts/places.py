"""Places in a feature map: (x, y) in -1..1 from pixel centre to pixel centre, x over width, y over height."""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.models.perceptron import perceptron


class Retinotopy(nn.Module):
    """Where units look, predicted from where their linear receptive fields lie by one map that all units share.

    place = start + map(centres) (Lurz et al. 2021, who predict it from cortical coordinates); the map, ``layers``
    linear maps ``hidden`` wide with ELUs between, starts near zero. ``start`` and ``centres`` are (unit, 2).
    """

    start: torch.Tensor
    centres: torch.Tensor

    def __init__(
        self, start: torch.Tensor, centres: torch.Tensor, layers: int, hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.register_buffer("start", start.clone())
        self.register_buffer("centres", centres.clone())
        self.map = perceptron(2, layers, hidden, nn.ELU, generator)

    def forward(self) -> torch.Tensor:
        """The units' places (unit, 2)."""
        moved: torch.Tensor = self.map(self.centres)
        return self.start + moved


def reflected(places: torch.Tensor) -> torch.Tensor:
    """Places beyond an edge of the picture, mirrored back into it; the others as they are.

    Clamped to the edge instead, a place out there would have no gradient, and its unit would never come back.
    """
    mirrored = 1 - (torch.remainder(places + 1, 4) - 2).abs()
    return torch.where(places.abs() <= 1, places, mirrored)


def shifted(features: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Feature maps (time, batch, feature, height, width) moved by ``shift`` (time, batch, 2), read bilinearly.

    What was at place + shift is then at place; beyond the picture lies zero.
    """
    axes = (pixel_places(size, shift) for size in features.shape[:-3:-1])
    grid = torch.stack(torch.meshgrid(*axes, indexing="xy"), -1) + shift.flatten(0, 1)[:, None, None]
    maps = functional.grid_sample(features.flatten(0, 1).to(grid.dtype), grid, align_corners=True)
    return maps.unflatten(0, shift.shape[:2])


def pixel_places(size: int, like: torch.Tensor) -> torch.Tensor:
    """The coordinate of each of ``size`` pixels' centres along one axis."""
    return torch.linspace(-1, 1, size, dtype=like.dtype, device=like.device)
