"""Steerable filters: two-dimensional Hermite functions, which a rotation only mixes among themselves."""

import numpy as np
import numpy.typing as npt
import torch

OVERSAMPLING = 2
Complex = npt.NDArray[np.complex128]


def turned_basis(kernel: int, rotations: int) -> torch.Tensor:
    """Every basis function at every angle: (rotation, function, height, width), float32, ``kernel`` px wide.

    A filter is a weighted sum of the functions of one rotation; the same weights at rotation ``r`` give the filter
    turned counter-clockwise on the screen by ``r / rotations`` of a full turn. ``rotations`` is a multiple of 4.

    Within a quarter turn the functions are steered, so that no pixel is interpolated; whole quarters are turned as
    pixels, which makes a core's equivariance to them exact.
    """
    functions = _polar_functions(kernel)
    quarter = rotations // 4
    # On the screen y points down, so the polar angle grows clockwise.
    angles = -2 * np.pi * np.arange(quarter) / rotations
    steered = np.stack([_real_functions(functions, angle) for angle in angles])
    turned = np.concatenate([np.rot90(steered, turns, axes=(-2, -1)) for turns in range(4)])
    return torch.tensor(turned, dtype=torch.float32)


def _real_functions(functions: list[tuple[int, Complex]], angle: float) -> npt.NDArray[np.float64]:
    """Functions turned by ``angle``: one for order 0, the real and imaginary part for others; all of norm 1."""
    parts = []
    for order, function in functions:
        turned = function * np.exp(-1j * order * angle) / np.linalg.norm(function)
        parts += [turned.real] if order == 0 else [np.sqrt(2) * turned.real, np.sqrt(2) * turned.imag]
    return np.stack(parts)


def _polar_functions(kernel: int) -> list[tuple[int, Complex]]:
    """Hermite functions of rank below ``kernel`` in polar form: (angular order, values (kernel, kernel)).

    Each pixel is the mean over its parts, which keeps the finest functions from aliasing (Ecker et al. 2019).
    """
    from scipy.special import eval_genlaguerre

    points = kernel * OVERSAMPLING
    extent = 2 * np.sqrt(kernel) * (1 - 1 / points)
    axis = np.linspace(-extent, extent, points)
    position = axis[None, :] + 1j * axis[:, None]
    radius, angle = np.abs(position), np.angle(position)
    functions = []
    for rank in range(kernel):
        for order in range(rank % 2, rank + 1, 2):
            radial = radius**order * eval_genlaguerre((rank - order) // 2, order, radius**2 / 2)
            values = radial * np.exp(-(radius**2) / 4 + 1j * order * angle)
            pixels = values.reshape(kernel, OVERSAMPLING, kernel, OVERSAMPLING).mean((1, 3))
            functions.append((order, pixels))
    return functions
