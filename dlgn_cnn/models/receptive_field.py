"""How far a part sees: what lets a rate be computed from a piece of the picture, and be the same to the last digit."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import nn


@dataclass(frozen=True)
class ReceptiveExtent:
    """What one place of a part's output depends on in its input: ``radius_px`` to each side, every ``stride`` px.

    The place in row r of the output looks at rows ``stride * r - radius_px`` to ``stride * r + radius_px``, and a
    column likewise; beyond the picture it sees zeros. A part that sees more, or whose padding is not zero, has none.
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
        """Where units look, (time or 1, place, clip, 2): x, y in px of the whole feature map, each read bilinearly."""
        ...

    def read_each(
        self,
        features: torch.Tensor,
        units: torch.Tensor,
        corners: torch.Tensor,
        shift: torch.Tensor | None,
        opto: torch.Tensor,
    ) -> torch.Tensor:
        """Drive (time, clip) of one unit a clip from a piece of the feature map.

        ``features`` (time, clip, feature, height, width) begin at ``corners`` (clip, 2), x and y in px of the whole
        map; ``units`` (clip,), ``shift`` (time, clip, 2), ``opto`` (time, clip).
        """
        ...


def receptive_field_of(core: nn.Module, recurrent: nn.Module | None, frames: int) -> ReceptiveExtent | None:
    """The extent of a core and what follows it, over ``frames`` frames; None where a part does not say."""
    below = core.receptive_field(frames) if isinstance(core, Bounded) else None
    if below is None or recurrent is None:
        return below
    above = recurrent.receptive_field(frames) if isinstance(recurrent, Bounded) else None
    return None if above is None else below.then(above)
