"""Drifting gratings as controls: what physiologists have shown for sixty years, at the MEI's norm."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.constraints import Constraint
from dlgn_cnn.mei.controls.controls import scaled


@dataclass(frozen=True)
class Grating:
    """A sine grating that drifts in a disc: direction of drift and phase in degrees, radius in px.

    ``cycles_px`` is its spatial frequency in cycles a px, ``cycles_frame`` its temporal one in cycles a frame.
    """

    direction_deg: float
    cycles_px: float
    cycles_frame: float
    radius_px: float
    phase_deg: float = 0.0

    def clip(self, shape: tuple[int, int, int], center_px: tuple[float, float]) -> torch.Tensor:
        """The clip (time, height, width) of values in -1..1 about the center (x, y); gray outside the disc."""
        time, height, width = shape
        frame = torch.arange(time, dtype=torch.float64)[:, None, None]
        down = torch.arange(height, dtype=torch.float64)[:, None] - center_px[1]
        across = torch.arange(width, dtype=torch.float64) - center_px[0]
        angle = math.radians(self.direction_deg)
        along = across * math.cos(angle) + down * math.sin(angle)
        phase = self.cycles_px * along - self.cycles_frame * frame + self.phase_deg / 360
        return torch.sin(2 * torch.pi * phase) * (down.square() + across.square() <= self.radius_px**2)


@dataclass(frozen=True)
class GratingGrid:
    """All combinations of some directions, frequencies, sizes and phases; units as in ``Grating``.

    The defaults are for 60 frames a second and a picture of 33x53 px of about 1 to 2 degrees: 0.03 to 0.25 cycles a px
    and 1 to 12 Hz, which cover the mouse's dLGN (Grubb & Thompson 2003).
    """

    directions_deg: Sequence[float] = tuple(range(0, 360, 45))
    cycles_px: Sequence[float] = (0.03, 0.06, 0.12, 0.25)
    cycles_frame: Sequence[float] = (1 / 60, 4 / 60, 12 / 60)
    radii_px: Sequence[float] = (6.0, 60.0)
    phases_deg: Sequence[float] = (0.0, 180.0)

    def __post_init__(self) -> None:
        if not self.gratings():
            raise ConfigError("a grid of gratings is empty along one of its axes: give each one value at least")

    def gratings(self) -> list[Grating]:
        """Every grating of the grid."""
        axes = (self.directions_deg, self.cycles_px, self.cycles_frame, self.radii_px, self.phases_deg)
        return [Grating(*values) for values in itertools.product(*axes)]


def grating_clips(
    grid: GratingGrid,
    shape: tuple[int, int, int],
    center_px: tuple[float, float],
    constraint: Constraint,
    mask: torch.Tensor | None = None,
    device: torch.device | None = None,
    batch_size: int = 32,
) -> Iterator[torch.Tensor]:
    """The grid's gratings at one unit's place, in the order of ``gratings``, in batches, as the constraint allows."""
    every = grid.gratings()
    for first in range(0, len(every), batch_size):
        clips = [grating.clip(shape, center_px) for grating in every[first : first + batch_size]]
        yield scaled(torch.stack(clips).float().to(device), constraint, mask)
