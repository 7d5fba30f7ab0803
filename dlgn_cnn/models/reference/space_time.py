"""Space-time kernels: what part of the movie a unit is driven by, and how long before."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from torch import nn

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.regularizers import laplace_energy
from dlgn_cnn.shapes import Video

START_PEAK, START_NOISE = 2.0, 0.01


def natural_cubic_basis(points: int, functions: int) -> torch.Tensor:
    """Natural cubic regression splines (function, point): knots evenly spaced from the first point to the last.

    The cardinal basis (Wood 2017, sec. 5.3.1; ``cr`` in mgcv and patsy; Huang et al. 2021): function k is 1 at knot k
    and 0 at all others, so a weight is the kernel's own value at its knot. They sum to 1 everywhere, and beyond the
    last knots they are straight. Raises ConfigError for more functions than points, or fewer than 2.

    Examples
    --------
    >>> natural_cubic_basis(3, 2)
    tensor([[1.0000, 0.5000, 0.0000],
            [0.0000, 0.5000, 1.0000]])
    """
    if points == functions == 1:
        return torch.ones(1, 1)
    if not 2 <= functions <= points:
        raise ConfigError(f"{functions} splines over {points} points: expected from 2 to as many as there are points")
    from scipy.interpolate import CubicSpline

    knots = np.linspace(0, points - 1, functions)
    values = CubicSpline(knots, np.eye(functions), bc_type="natural")(np.arange(points))
    return torch.tensor(values.T, dtype=torch.float32)


def knots_within(points: int, spacing: float) -> int:
    """Number of knots, about ``spacing`` points apart, that cover ``points``.

    Raises ConfigError for a spacing below 1.

    Examples
    --------
    >>> knots_within(33, 3.0)
    12
    """
    if spacing < 1:
        raise ConfigError(f"knots {spacing} points apart: expected 1 or more, 1 being a knot at every point")
    return 1 if points == 1 else max(2, round((points - 1) / spacing) + 1)


@dataclass(frozen=True)
class Bases:
    """Basis functions of kernels: ``space`` (function, pixel), None for pixels; ``time`` (function, lag).

    ``grid`` is the spatial functions' own height and width; ``support`` (unit, function) is 1 for those that a unit
    may use and 0 for the others.
    """

    space: torch.Tensor | None
    time: torch.Tensor
    grid: tuple[int, int]
    support: torch.Tensor


@dataclass(frozen=True)
class Penalty:
    """Weights in the loss, each of a mean over units: L1 and L2 norm of the spatial weights, summed, and their Laplace
    energy; ``change`` is that of the squared difference that light makes to a kernel's weights, summed.
    """

    l1: float = 0.0
    l2: float = 0.0
    laplace: float = 0.0
    change: float = 0.0


class SpaceTimeKernel(nn.Module):
    """Each unit's kernel, a sum of ``rank`` products of a spatial and a temporal one; with rank None, any kernel.

    Spatial weights (unit, rank, function) hold the size; temporal ones (unit, rank, function) count up to their norm.
    Without a rank, each temporal function has spatial weights of its own.

    Parameters
    ----------
    bases : Bases
        What kernels are weighted sums of.
    rank : int or None
        Number of products.
    changes : str or None
        ``temporal`` or ``spatial`` adds weights of that kind that hold in the light: those with opto at 0 plus a
        change, in units of their norm.
    penalty : Penalty
        Weights in the loss.
    generator : Generator
        Draws initial weights.
    """

    temporal: torch.Tensor
    space: torch.Tensor | None
    time: torch.Tensor
    support: torch.Tensor

    def __init__(
        self, bases: Bases, rank: int | None, changes: str | None, penalty: Penalty, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.grid, self.penalty, self.changes = bases.grid, penalty, changes
        for name in ("space", "time", "support"):
            self.register_buffer(name, getattr(bases, name), persistent=False)
        (units, functions), ranks = bases.support.shape, rank or len(bases.time)
        # An optimizer's step moves all weights at once: the more ranks add up to a kernel, the less each may move it.
        self.share = 1 / ranks
        noise = torch.randn(units, ranks, functions, generator=generator)
        self.spatial = nn.Parameter(START_NOISE * noise / bases.support.sum(1).sqrt()[:, None, None])
        if rank is None:
            temporal = torch.eye(ranks).repeat(units, 1, 1)
            self.register_buffer("temporal", temporal, persistent=False)
        else:
            temporal = _start(bases.time, units, rank, generator)
            self.temporal = nn.Parameter(temporal)
        changed = self.spatial.shape if changes == "spatial" else temporal.shape
        change = START_NOISE * torch.randn(changed, generator=generator)
        self.opto_change = nn.Parameter(change) if changes else None

    def weights(self) -> torch.Tensor:
        """Spatial weights (unit, rank, function) with opto at 0."""
        return self.share * self.spatial * self.support[:, None]

    def _each_weights(self) -> torch.Tensor:
        """Spatial weights (condition, unit, rank, function): with opto at 0, then 1 if changed."""
        intact = self.weights()
        if self.changes != "spatial" or self.opto_change is None:
            return intact[None]
        norm = intact.flatten(1).norm(dim=1)[:, None, None]
        return torch.stack([intact, intact + norm * self.opto_change * self.support[:, None]])

    def temporal_kernels(self) -> torch.Tensor:
        """Temporal kernels (condition, unit, rank, lag), lag 0 first: with opto at 0, then 1 if changed."""
        intact = functional.normalize(self.temporal, dim=-1)
        suppressed = [] if self.changes != "temporal" or self.opto_change is None else [intact + self.opto_change]
        return torch.stack([intact, *suppressed]) @ self.time

    def kernels(self) -> torch.Tensor:
        """Whole kernels (condition, unit, lag, height * width)."""
        spatial = self._each_weights() if self.space is None else self._each_weights() @ self.space
        return torch.einsum("curl,surp->csulp", self.temporal_kernels(), spatial).flatten(0, 1)

    def forward(self, videos: Video) -> torch.Tensor:
        """Video of one channel to drive (condition, batch, unit, time); before the video the screen was gray."""
        pixels = videos[:, 0].flatten(2)
        seen = pixels if self.space is None else pixels @ self.space.T
        units, ranks, _ = self.spatial.shape
        weights, kernels = self._each_weights(), self.temporal_kernels().flip(-1)
        responses = functional.linear(seen, weights.flatten(0, 2)).transpose(1, 2)
        spaces, times, lags = len(weights), len(kernels), kernels.shape[-1]
        # A group a unit and spatial condition: its ranks come in, its temporal conditions go out.
        filters = kernels.transpose(0, 1).reshape(units * times, ranks, lags).repeat(spaces, 1, 1)
        drive = functional.conv1d(functional.pad(responses, (lags - 1, 0)), filters, groups=spaces * units)
        return drive.unflatten(1, (spaces, units, times)).permute(1, 3, 0, 2, 4).flatten(0, 1)

    def regularizer(self) -> torch.Tensor:
        """Weighted sum of the penalties, which hold the spatial weights of both conditions alike."""
        weights, penalty = self._each_weights(), self.penalty
        rows = weights.flatten(0, 1)
        total = (penalty.l1 * rows.abs().sum() + penalty.l2 * rows.square().sum()) / len(rows)
        if penalty.laplace:
            total = total + penalty.laplace * laplace_energy(rows.unflatten(-1, self.grid).flatten(0, 1)[:, None])
        if self.opto_change is not None:
            total = total + penalty.change * self.opto_change.square().sum() / weights.shape[1]
        return total


def near_centers(centers: torch.Tensor, grid: tuple[int, int], radius: float | None) -> torch.Tensor:
    """Tell which functions of a grid a unit may use: those near its field's center, at least the nearest.

    Parameters
    ----------
    centers : Tensor, shape (unit, 2)
        Centers x, y in -1..1 from the first function to the last.
    grid : tuple of int
        Height and width of the grid.
    radius : float or None
        Radius in steps of the grid; None for all.

    Returns
    -------
    Tensor, shape (unit, function)
        1 for those that a unit may use, else 0.

    Examples
    --------
    >>> near_centers(torch.zeros(1, 2), (1, 3), 0.5)
    tensor([[0., 1., 0.]])
    """
    height, width = grid
    if radius is None:
        return torch.ones(len(centers), height * width)
    steps = (centers + 1) / 2 * torch.tensor([width - 1, height - 1])
    down = torch.arange(height)[None, :, None] - steps[:, 1, None, None]
    across = torch.arange(width)[None, None] - steps[:, 0, None, None]
    distance = torch.hypot(down, across).flatten(1)
    return (distance <= distance.amin(1, keepdim=True).clamp_min(radius)).float()


def _start(time: torch.Tensor, units: int, rank: int, generator: torch.Generator) -> torch.Tensor:
    """Temporal weights (unit, rank, function) of a lobe that peaks two frames back, each a little different."""
    relative = (torch.arange(time.shape[1]) + 0.5) / START_PEAK
    lobe = (relative * torch.exp(1 - relative)) ** 3
    # The default driver takes its order of pivots from uninitialized memory: its last bits differ between runs.
    weights = torch.linalg.lstsq(time.T, lobe[:, None], driver="gelsd").solution[:, 0]
    noise = torch.randn(units, rank, len(time), generator=generator)
    return functional.normalize(weights + 0.1 * noise, dim=-1)
