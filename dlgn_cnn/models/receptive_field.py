"""Receptive fields of components, by which a rate can be computed from a piece of the picture."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import nn


@dataclass(frozen=True)
class ReceptiveExtent:
    """Extent of what one place of a component's output depends on in its input.

    The place in row r of the output looks at rows ``stride * r - radius_px`` to ``stride * r + radius_px``, and a
    column likewise; beyond the picture it sees zeros. A component that sees more, or whose padding is not zero, has
    none.

    Examples
    --------
    >>> ReceptiveExtent(8, stride=3).then(ReceptiveExtent(1))
    ReceptiveExtent(radius_px=11, stride=3)
    """

    radius_px: int
    stride: int = 1

    def then(self, later: "ReceptiveExtent") -> "ReceptiveExtent":
        """The extent of both parts, ``later`` on top of this one."""
        return ReceptiveExtent(self.radius_px + self.stride * later.radius_px, self.stride * later.stride)


@runtime_checkable
class Bounded(Protocol):
    """A core or recurrent unit that says how far it sees."""

    def receptive_field(self, frames: int) -> ReceptiveExtent | None:
        """The extent of the last of ``frames`` frames, None where it is not known; a recurrent state's grows."""
        ...


@runtime_checkable
class ReadsPlaces(Protocol):
    """A readout of which each unit looks at few places of a feature map."""

    def places_px(self, units: torch.Tensor, shift: torch.Tensor | None) -> torch.Tensor:
        """Places at which units look, (time or 1, place, clip, 2): x, y in px of the whole map.

        Each is read bilinearly.
        """
        ...

    def read_each(
        self,
        features: torch.Tensor,
        units: torch.Tensor,
        corners: torch.Tensor,
        shift: torch.Tensor | None,
        opto: torch.Tensor,
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
        opto : Tensor, shape (time, clip)
            Share of each frame in which the light is on.

        Returns
        -------
        Tensor, shape (time, clip)
            Drive.
        """
        ...


def receptive_field_of(core: nn.Module, recurrent: nn.Module | None, frames: int) -> ReceptiveExtent | None:
    """Receptive field of a core and the recurrent unit on top of it.

    Parameters
    ----------
    core : Module
        The core.
    recurrent : Module or None
        The recurrent unit.
    frames : int
        Number of frames that they run over.

    Returns
    -------
    ReceptiveExtent or None
        None if one of them does not say.
    """
    below = core.receptive_field(frames) if isinstance(core, Bounded) else None
    if below is None or recurrent is None:
        return below
    above = recurrent.receptive_field(frames) if isinstance(recurrent, Bounded) else None
    return None if above is None else below.then(above)
