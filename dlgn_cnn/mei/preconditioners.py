"""Preconditioners: how the gradient is reshaped before a step. They act as priors on the stimulus."""

from typing import Protocol

import torch

from dlgn_cnn.mei.values import number
from dlgn_cnn.registry import Registry

PRECONDITIONERS = Registry("preconditioner", "dlgn_cnn.mei")


class Preconditioner(Protocol):
    """A positive semidefinite map of gradients: a small step along the result never lowers the activation."""

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor:
        """Gradient (stimulus, time, height, width) to a direction of the same shape."""
        ...


@PRECONDITIONERS.register("none")
class Identity:
    """The gradient as it is."""

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient itself."""
        return gradient


@PRECONDITIONERS.register("gaussian_blur")
class GaussianBlur:
    """Gaussian blur in space and time, which keeps the stimulus smooth (Walker et al. 2019 blur so in space).

    ``sigma_px`` and ``sigma_frames`` are standard deviations; 0 leaves an axis as it is. Each axis is multiplied with
    a symmetric matrix, scaled near the border so that its gradients are not dimmed by what lies beyond it.
    """

    def __init__(self, sigma_px: float = 1.0, sigma_frames: float = 1.0) -> None:
        self.sigma_px = number("preconditioner.sigma_px", sigma_px, 0)
        self.sigma_frames = number("preconditioner.sigma_frames", sigma_frames, 0)

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor:
        """Blur (stimulus, time, height, width) along its last three axes."""
        time, height, width = gradient.shape[1:]
        in_time = blur_matrix(time, self.sigma_frames).to(gradient)
        rows, columns = (blur_matrix(size, self.sigma_px).to(gradient) for size in (height, width))
        blurred = rows @ gradient @ columns
        return (in_time @ blurred.flatten(2)).view_as(gradient)


def blur_matrix(size: int, sigma: float) -> torch.Tensor:
    """The symmetric, positive semidefinite Gaussian blur of an axis of ``size`` samples, (size, size) float64."""
    if sigma == 0:
        return torch.eye(size, dtype=torch.float64)
    place = torch.arange(size, dtype=torch.float64)
    kernel = torch.exp(-0.5 * ((place[:, None] - place) / sigma).square())
    mass = kernel.sum(1).sqrt()
    return kernel / (mass[:, None] * mass)
