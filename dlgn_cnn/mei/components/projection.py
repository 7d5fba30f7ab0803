"""The nearest stimulus of a given norm within a pixel range, computed exactly and for a whole batch at once."""

import torch


def project(
    proposals: torch.Tensor, norm: float, low: float, high: float, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """The point nearest to each proposal among those with this L2 norm and every value in [low, high].

    ``proposals`` (stimulus, ...) in any scale; low <= 0 <= high; where ``mask``, which broadcasts to them, is False,
    the point is zero. The same point is also the best answer to a linear
    unit with the proposal as its filter. It is ``clip(scale * proposal)``: the squared norm of that is concave and
    piecewise linear in ``scale ** 2``, so Newton's steps from below end on the exact scale after a few passes.
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
