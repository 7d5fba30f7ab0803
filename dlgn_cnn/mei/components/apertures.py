"""Apertures: where a stimulus may differ from the mean gray."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry
from dlgn_cnn.values import number

APERTURES = Registry("aperture", "dlgn_cnn.mei.components")


class Aperture(Protocol):
    """A mask over the frame for each target."""

    def __call__(self, centers: torch.Tensor | None, targets: int, frame_shape: tuple[int, int]) -> torch.Tensor:
        """Mask (target or 1, height, width) of bool; ``centers`` (target, 2) are the units' places, x, y in px."""


@APERTURES.register("whole_frame")
class WholeFrame:
    """The whole frame may change."""

    def __call__(self, centers: torch.Tensor | None, targets: int, frame_shape: tuple[int, int]) -> torch.Tensor:
        """True everywhere."""
        return torch.ones(1, *frame_shape, dtype=torch.bool)


@APERTURES.register("disc")
class Disc:
    """A disc, outside which all is mean gray: the field without its surround (as the masks of Walker et al. 2019).

    ``radius_px`` is its radius, ``center_px`` its center, [x, y] in px; without, the peak of each unit's linear field.
    """

    def __init__(self, radius_px: float, center_px: list[float] | None = None) -> None:
        self.radius_px = number("aperture.radius_px", radius_px, 0, above=True)
        self.center_px = center_px
        if center_px is not None and len(center_px) != 2:
            raise ConfigError(f"aperture.center_px is {center_px!r}: expected [x, y] in px")

    def __call__(self, centers: torch.Tensor | None, targets: int, frame_shape: tuple[int, int]) -> torch.Tensor:
        """True within the radius. Raises ConfigError where neither the config nor the data says where the center is."""
        if self.center_px is not None:
            centers = torch.tensor([self.center_px])
        if centers is None:
            raise ConfigError("a disc without center_px lies at the unit's field, which is not known here: give one")
        x, y = centers[:, :1, None], centers[:, 1:, None]
        down, across = torch.arange(frame_shape[0])[:, None], torch.arange(frame_shape[1])
        return (down - y).square() + (across - x).square() <= self.radius_px**2
