"""Receptive fields of components, by which a rate can be computed from a piece of the picture.

A core or recurrent unit that says how far it sees has ``receptive_field(frames)``: the ``ReceptiveExtent`` of the last
of so many frames, None where it is not known. A recurrent state's grows with their number.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any

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
    parts: list[Any] = [core] if recurrent is None else [core, recurrent]
    fields: list[Any] = [one.receptive_field(frames) if hasattr(one, "receptive_field") else None for one in parts]
    return None if None in fields else reduce(ReceptiveExtent.then, fields)
