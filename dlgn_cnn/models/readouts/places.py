"""Places in a feature map: (x, y) in -1..1 from pixel center to pixel center, x over width, y over height."""

import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.models.perceptron import perceptron


class Retinotopy(nn.Module):
    """Places of units, predicted from their linear receptive fields by one map that all units share.

    place = start + map(centers) (Lurz et al. 2021, who predict it from cortical coordinates); the map starts near zero.

    Parameters
    ----------
    start : Tensor, shape (unit, 2)
        Places to start from.
    centers : Tensor, shape (unit, 2)
        Places of the linear receptive fields.
    layers : int
        Linear maps, with ELUs between.
    hidden : int
        Width of the maps.
    generator : Generator
        Draws the weights.
    """

    start: torch.Tensor
    centers: torch.Tensor

    def __init__(
        self, start: torch.Tensor, centers: torch.Tensor, layers: int, hidden: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.register_buffer("start", start.clone())
        self.register_buffer("centers", centers.clone())
        self.map = perceptron(2, layers, hidden, nn.ELU, generator)

    def forward(self) -> torch.Tensor:
        """The units' places (unit, 2)."""
        moved: torch.Tensor = self.map(self.centers)
        return self.start + moved


def reflected(places: torch.Tensor) -> torch.Tensor:
    """Mirror places beyond an edge of the picture back into it, and leave the others as they are.

    Clamped to the edge instead, a place out there would have no gradient, and its unit would never come back.

    Examples
    --------
    >>> reflected(torch.tensor([0.5, 1.25]))
    tensor([0.5000, 0.7500])
    """
    mirrored = 1 - (torch.remainder(places + 1, 4) - 2).abs()
    return torch.where(places.abs() <= 1, places, mirrored)


def shifted(features: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Feature maps (time, batch, feature, height, width) moved by ``shift`` (time, batch, 2), read bilinearly.

    What was at place + shift is then at place; beyond the picture lies zero.
    """
    across, down = (pixel_places(size, shift) for size in features.shape[:-3:-1])
    maps, moved = features.flatten(0, 1).to(shift.dtype), shift.flatten(0, 1)
    if repeatable(maps):
        rows, columns = tents(down + moved[:, 1:], len(down)), tents(across + moved[:, :1], len(across))
        maps = torch.einsum("nfhw,nvh,nuw->nfvu", maps, rows, columns)
    else:
        grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), -1) + moved[:, None, None]
        maps = functional.grid_sample(maps, grid, align_corners=True)
    return maps.unflatten(0, shift.shape[:2])


def read_points(maps: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Feature maps (clip, feature, height, width) read bilinearly at ``points`` (clip, unit, 2): (clip, feature, unit).

    Beyond the picture lies zero.
    """
    if not repeatable(maps):
        return functional.grid_sample(maps, points[:, :, None], align_corners=True).squeeze(-1)
    columns, rows = (tents(points[..., axis], maps.shape[3 - axis]) for axis in (0, 1))
    return torch.einsum("nfhw,nuh,nuw->nfu", maps, rows, columns)


def repeatable(maps: torch.Tensor) -> bool:
    """Whether the gradient must be the same bit for bit, while cuDNN's sampling adds it up in any order.

    torch does not refuse that sampling when it is kept to deterministic algorithms, as it does its own.
    """
    return maps.is_cuda and torch.are_deterministic_algorithms_enabled()


def tents(places: torch.Tensor, size: int) -> torch.Tensor:
    """Bilinear weights (..., size) of the pixels of one axis at places (...): reading is then a matrix product."""
    pixels = torch.arange(size, dtype=places.dtype, device=places.device)
    distance = ((places + 1) / 2 * (size - 1))[..., None] - pixels
    return functional.relu(1 - distance.abs())


def read_bilinearly(
    features: torch.Tensor, places_px: torch.Tensor, corners: torch.Tensor, shape: tuple[int, int]
) -> torch.Tensor:
    """Read each clip's own place in its piece of a feature map; beyond the map lies zero.

    Parameters
    ----------
    features : Tensor, shape (time, clip, feature, height, width)
        Pieces of the feature map.
    places_px : Tensor, shape (time, clip, 2)
        Places x, y in px of the whole map.
    corners : Tensor, shape (clip, 2)
        Where each piece begins, x, y in px of the whole map.
    shape : tuple of int
        Height and width of the whole map.

    Returns
    -------
    Tensor, shape (time, clip, feature)
        Features at the places.
    """
    height, width = features.shape[-2:]
    flat, low = features.flatten(3), places_px.floor()
    total = places_px.new_zeros(())
    for right, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
        pixel = low + torch.tensor((right, down), dtype=low.dtype, device=low.device)
        weight = (1 - (places_px - pixel).abs()).prod(-1)
        end = torch.tensor(shape[::-1], device=low.device)
        weight = torch.where(((pixel >= 0) & (pixel < end)).all(-1), weight, 0.0)
        inside = pixel.long() - corners
        index = inside[..., 1].clamp(0, height - 1) * width + inside[..., 0].clamp(0, width - 1)
        value = flat.gather(3, index[..., None, None].expand(-1, -1, flat.shape[2], 1))[..., 0]
        total = total + weight[..., None] * value.to(weight.dtype)
    return total


def pixel_places(size: int, like: torch.Tensor) -> torch.Tensor:
    """The coordinate of each of ``size`` pixels' centers along one axis."""
    return torch.linspace(-1, 1, size, dtype=like.dtype, device=like.device)
