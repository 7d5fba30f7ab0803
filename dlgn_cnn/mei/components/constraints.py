"""Constraints: which stimuli are allowed. Every stimulus that the model sees during a synthesis has been projected."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry
from dlgn_cnn.values import number

CONSTRAINTS = Registry("constraint", "dlgn_cnn.mei.components")


def project(
    proposals: torch.Tensor, norm: float, low: float, high: float, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Nearest point to each proposal of a given L2 norm with every value in [low, high].

    It is ``clip(scale * proposal)``. The squared norm of that is concave and piecewise linear in ``scale ** 2``, so
    Newton's steps from below end on the exact scale after a few passes. The same point is the best stimulus for a
    linear unit with the proposal as its filter.

    Parameters
    ----------
    proposals : Tensor, shape (stimulus, ...)
        Stimuli in any scale.
    norm : float
        L2 norm of every result.
    low, high : float
        Range of the values, with low <= 0 <= high.
    mask : Tensor of bool, optional
        Where values may differ from zero; broadcasts to the proposals (default: everywhere).

    Returns
    -------
    Tensor, shape (stimulus, ...)
        The projected stimuli.

    Examples
    --------
    >>> project(torch.tensor([[3.0, 4.0]]), 1.0, -2.0, 2.0)
    tensor([[0.6000, 0.8000]])
    """
    free = torch.ones_like(proposals, dtype=torch.bool) if mask is None else mask.expand_as(proposals)
    free = free.flatten(1)
    rows = torch.where(free, proposals.flatten(1), 0.0)
    # Squares of tiny gradients would vanish in float32.
    rows = rows / rows.abs().amax(1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
    bounds = torch.where(rows > 0, high, low).to(rows.dtype)
    projected, saturated = _scale_to_norm(rows, bounds, norm)
    short = (projected.square().sum(1) < norm**2 * (1 - 1e-6)).nonzero().flatten()
    if len(short):
        corners = torch.where(saturated[short], bounds[short], torch.zeros_like(bounds[short]))
        projected[short] = _overfill(rows[short], corners, free[short], norm, low, high)
    return projected.clamp(low, high).view_as(proposals)


def _scale_to_norm(rows: torch.Tensor, bounds: torch.Tensor, norm: float) -> tuple[torch.Tensor, torch.Tensor]:
    """``clip(scale * rows)`` of the wanted norm, or as near as its signs allow, and which values lie on a bound."""
    squares, limits = rows.square(), bounds.square()
    saturated = torch.zeros_like(rows, dtype=torch.bool)
    while True:
        free = squares.masked_fill(saturated, 0).sum(1)
        fixed = limits.masked_fill(~saturated, 0).sum(1)
        share = (norm**2 - fixed).clamp_min(0) / free.clamp_min(torch.finfo(rows.dtype).tiny)
        # Gray stays gray, also where all else is on a bound and no scale is enough.
        scaled = torch.where(rows != 0, rows * share.sqrt()[:, None], 0.0)
        reached = saturated | (scaled.abs() >= bounds.abs()) & (rows != 0)
        if torch.equal(reached, saturated):
            return torch.where(saturated, bounds, scaled), saturated
        saturated = reached


def _overfill(
    rows: torch.Tensor, corners: torch.Tensor, free: torch.Tensor, norm: float, low: float, high: float
) -> torch.Tensor:
    """Reach a norm that the rows' own signs cannot: move values to the longer bound, the least opposed first."""
    longer = high if high >= -low else low
    opposed = (rows if longer < 0 else -rows).masked_fill((corners == longer) | ~free, -torch.inf)
    order = opposed.argsort(dim=1, stable=True)
    sorted_squares = corners.square().gather(1, order)
    gains = (longer**2 - sorted_squares) * free.gather(1, order)
    before = gains.cumsum(1) - gains
    missing = norm**2 - corners.square().sum(1, keepdim=True)
    taken = torch.minimum((missing - before).clamp_min(0), gains)
    moved = torch.where(taken > 0, (sorted_squares + taken).sqrt().copysign(torch.tensor(longer)), torch.nan)
    filled = torch.where(moved.isnan(), corners.gather(1, order), moved)
    return torch.empty_like(filled).scatter_(1, order, filled)


class Constraint(Protocol):
    """A set of allowed stimuli, given as the map from any stimulus to the nearest allowed one.

    ``mask`` (stimulus or 1, time or 1, height, width) of bool says which values may change: all others are mean gray.
    """

    def project(self, proposals: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """The nearest allowed stimulus of each proposal, (stimulus, time, height, width)."""

    def check(self, free: int, total: int) -> None:
        """Raise ConfigError where no clip of ``total`` values, of which ``free`` may change, is allowed."""

    def violation(self, stimuli: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Distance of each stimulus from being allowed (stimulus,), as a share of the norm or range."""

    def in_range(self, stimuli: torch.Tensor) -> torch.Tensor:
        """Whether every value of each stimulus lies in the range, whatever its norm: (stimulus,) of bool."""


@CONSTRAINTS.register("rms_contrast")
class RmsContrast:
    """A fixed root-mean-square contrast within a pixel range, both exact at once.

    The clip's L2 norm is ``contrast`` times the root of its number of pixels and frames. A receptive field fills a few
    hundredths of a clip: 0.15 over all of it is about a movie's contrast within the field, and near what Hoefling et
    al. (2024) allow (0.18); with 1, the field is all black and white.

    Parameters
    ----------
    low, high : float
        Bounds of every pixel in normalized gray levels, of which 0 is the mean gray.
    contrast : float
        Root mean square of the whole clip about the mean gray, in standard deviations of the training movies' gray
        level: 1 is the contrast of the average movie over its whole frame.

    Raises
    ------
    ConfigError
        If the range excludes the mean gray, or no clip in the range has the contrast.

    Examples
    --------
    >>> RmsContrast(-2.0, 2.0, contrast=0.5).norm_of(16)
    2.0
    """

    def __init__(self, low: float, high: float, contrast: float = 0.15) -> None:
        self.low = number("constraint.low", low, high=0)
        self.high = number("constraint.high", high, low=0)
        self.largest = max(-self.low, self.high)
        self.contrast = number("constraint.contrast", contrast, 0, above=True)
        if self.contrast > self.largest:
            raise ConfigError(
                f"constraint.contrast is {contrast}, but a clip within [{low}, {high}] has a contrast of at most "
                f"{self.largest:g}: lower the contrast or widen the range"
            )

    def norm_of(self, total: int) -> float:
        """Contrast times the root of the number of values."""
        return self.contrast * total**0.5

    def project(self, proposals: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """The nearest clip of this norm in this range, gray outside the mask, to each of (stimulus, time, ...)."""
        return project(proposals, self.norm_of(proposals[0].numel()), self.low, self.high, mask)

    def check(self, free: int, total: int) -> None:
        """Raise ConfigError where even black and white in all free values falls short of the norm."""
        norm, most = self.norm_of(total), self.largest * free**0.5
        if norm > most * (1 + 1e-9):
            raise ConfigError(
                f"the constraint asks for a norm of {norm:.4g}, but {free} values that may change within "
                f"[{self.low:g}, {self.high:g}] reach at most {most:.4g}: lower it, or widen range, aperture or frames"
            )

    def violation(self, stimuli: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """The largest of: departure from the norm, from the range, and from gray outside the mask."""
        rows = stimuli.flatten(1)
        norm = self.norm_of(rows.shape[1])
        off = [(rows.norm(dim=1) / norm - 1).abs()]
        off += [(rows.amax(1) - self.high).clamp_min(0) / self.largest]
        off += [(self.low - rows.amin(1)).clamp_min(0) / self.largest]
        if mask is not None:
            off += [stimuli.masked_fill(mask, 0).flatten(1).norm(dim=1) / norm]
        return torch.stack(off).amax(0)

    def in_range(self, stimuli: torch.Tensor) -> torch.Tensor:
        """Whether every value lies within [low, high], to 1e-6 of the longer side: (stimulus,) of bool."""
        rows, room = stimuli.flatten(1), 1e-6 * self.largest
        return (rows.amin(1) >= self.low - room) & (rows.amax(1) <= self.high + room)
