"""Apertures: where a stimulus may differ from the mean grey."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.values import number
from dlgn_cnn.registry import Registry

APERTURES = Registry("aperture", "dlgn_cnn.mei")


class Aperture(Protocol):
    """A mask over the frame for each target."""

    def __call__(self, centres: torch.Tensor | None, targets: int, frame_shape: tuple[int, int]) -> torch.Tensor:
        """Mask (target or 1, height, width) of bool; ``centres`` (target, 2) are the units' places, x, y in px."""
        ...


@APERTURES.register("whole_frame")
class WholeFrame:
    """The whole frame may change."""

    def __call__(self, centres: torch.Tensor | None, targets: int, frame_shape: tuple[int, int]) -> torch.Tensor:
        """True everywhere."""
        return torch.ones(1, *frame_shape, dtype=torch.bool)


@APERTURES.register("disc")
class Disc:
    """A disc, outside which all is mean grey: the field without its surround (as the masks of Walker et al. 2019).

    ``radius_px`` is its radius, ``centre_px`` its centre, [x, y] in px; without, the peak of each unit's linear field.
    """

    def __init__(self, radius_px: float, centre_px: list[float] | None = None) -> None:
        self.radius_px = number("aperture.radius_px", radius_px, 0, above=True)
        self.centre_px = centre_px
        if centre_px is not None and len(centre_px) != 2:
            raise ConfigError(f"aperture.centre_px is {centre_px!r}: expected [x, y] in px")

    def __call__(self, centres: torch.Tensor | None, targets: int, frame_shape: tuple[int, int]) -> torch.Tensor:
        """True within the radius. Raises ConfigError where neither the config nor the data says where the centre is."""
        if self.centre_px is not None:
            centres = torch.tensor([self.centre_px])
        if centres is None:
            raise ConfigError("a disc without centre_px lies at the unit's field, which is not known here: give one")
        x, y = centres[:, :1, None], centres[:, 1:, None]
        down, across = torch.arange(frame_shape[0])[:, None], torch.arange(frame_shape[1])
        return (down - y).square() + (across - x).square() <= self.radius_px**2
