"""Smooth bases of kernels over space and time."""

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError


def natural_cubic_basis(points: int, functions: int) -> torch.Tensor:
    """Natural cubic regression splines (function, point): knots evenly spaced from the first point to the last.

    The cardinal basis (Wood 2017, sec. 5.3.1; ``cr`` in mgcv and patsy; Huang et al. 2021): function k is 1 at knot k
    and 0 at all others, so a weight is the kernel's own value at its knot; they sum to 1 everywhere, and beyond the
    last knots they are straight. Raises ConfigError for more functions than points, or fewer than 2.
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
    """How many knots about ``spacing`` points apart cover ``points``. Raises ConfigError for a spacing below 1."""
    if spacing < 1:
        raise ConfigError(f"knots {spacing} points apart: expected 1 or more, 1 being a knot at every point")
    return 1 if points == 1 else max(2, round((points - 1) / spacing) + 1)
