"""Priors on weights, as penalties added to the loss."""

import torch
import torch.nn.functional as functional

LAPLACIAN = ((0.25, 0.5, 0.25), (0.5, -3.0, 0.5), (0.25, 0.5, 0.25))


def laplace_energy(weight: torch.Tensor) -> torch.Tensor:
    """Mean squared discrete Laplacian of filters (out, in, height, width): small where filters are smooth.

    The nine-point stencil of Lindeberg (1990), whose response hardly depends on direction.
    """
    stencil = weight.new_tensor(LAPLACIAN)[None, None]
    flat = weight.reshape(-1, 1, *weight.shape[-2:])
    return functional.conv2d(flat, stencil, padding=1).square().mean()
