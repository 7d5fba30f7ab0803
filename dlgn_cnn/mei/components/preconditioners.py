"""Preconditioners: how the gradient is reshaped before a step. They act as priors on the stimulus."""

from functools import lru_cache
from typing import Protocol

import torch

from dlgn_cnn.registry import Registry
from dlgn_cnn.values import number

NEGLIGIBLE = 1e-9
PRECONDITIONERS = Registry("preconditioner", "dlgn_cnn.mei.components")


def natural_amplitude(shape: tuple[int, int, int], space_exponent: float, time_exponent: float) -> torch.Tensor:
    """Amplitude of natural movies at each frequency of a real FFT, its largest value 1.

    A frequency below the lowest that the clip holds counts as that one, so the mean gray has a finite share.

    Parameters
    ----------
    shape : tuple of int
        Frames, height and width of the clip.
    space_exponent : float
        Negative exponent of the spatial frequency: about 1 in photographs (Field 1987).
    time_exponent : float
        Negative exponent of the temporal frequency: about 1 in movies at low spatial frequencies (Dong & Atick 1995).

    Returns
    -------
    Tensor, shape (time, height, width // 2 + 1)
        Amplitudes in float64.

    Examples
    --------
    >>> natural_amplitude((1, 2, 2), 1.0, 1.0)
    tensor([[[1.0000, 1.0000],
             [1.0000, 0.7071]]], dtype=torch.float64)
    """
    time, height, width = shape
    cycles_t = torch.fft.fftfreq(time, dtype=torch.float64).abs().clamp_min(1 / time)
    down, across = torch.fft.fftfreq(height, dtype=torch.float64), torch.fft.rfftfreq(width, dtype=torch.float64)
    space = (down[:, None].square() + across.square()).sqrt().clamp_min(1 / max(height, width))
    amplitude = cycles_t[:, None, None] ** -time_exponent * space**-space_exponent
    return amplitude / amplitude.max()


class Preconditioner(Protocol):
    """A positive semidefinite map of gradients: a small step along the result never lowers the activation."""

    def __call__(self, gradient: torch.Tensor, step: int = 0) -> torch.Tensor:
        """Gradient (stimulus, time, height, width) to a direction of the same shape; steps count from 0."""


@PRECONDITIONERS.register("none")
class Identity:
    """The gradient as it is."""

    def __call__(self, gradient: torch.Tensor, step: int = 0) -> torch.Tensor:
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

    def __call__(self, gradient: torch.Tensor, step: int = 0) -> torch.Tensor:
        """Blur (stimulus, time, height, width) along its last three axes."""
        time, height, width = gradient.shape[1:]
        in_time = blur_matrix(time, self.sigma_frames).to(gradient)
        rows, columns = (blur_matrix(size, self.sigma_px).to(gradient) for size in (height, width))
        # Each axis is one product of large matrices: a product a frame would take several times as long.
        blurred = (gradient @ columns).transpose(2, 3) @ rows
        return (in_time @ blurred.transpose(2, 3).flatten(2)).view_as(gradient)


@PRECONDITIONERS.register("natural_spectrum")
class NaturalSpectrum:
    """The gradient's power at each frequency weighed by that of natural movies (Field 1987; Dong & Atick 1995).

    ``space_exponent`` and ``time_exponent`` say how amplitude falls with spatial and temporal frequency.
    """

    def __init__(self, space_exponent: float = 1.0, time_exponent: float = 1.0) -> None:
        self.space_exponent = number("preconditioner.space_exponent", space_exponent, 0)
        self.time_exponent = number("preconditioner.time_exponent", time_exponent, 0)

    def __call__(self, gradient: torch.Tensor, step: int = 0) -> torch.Tensor:
        """Weigh the spectrum of (stimulus, time, height, width) over its last three axes."""
        time, height, width = gradient.shape[1:]
        power = natural_amplitude((time, height, width), self.space_exponent, self.time_exponent).square()
        spectrum = torch.fft.rfftn(gradient, dim=(1, 2, 3)) * power.to(gradient)
        return torch.fft.irfftn(spectrum, s=gradient.shape[1:], dim=(1, 2, 3))


@lru_cache(maxsize=32)
def blur_matrix(size: int, sigma: float) -> torch.Tensor:
    """The symmetric Gaussian blur of an axis of ``size`` samples, (size, size) float64; positive to a billionth."""
    if sigma == 0:
        return torch.eye(size, dtype=torch.float64)
    place = torch.arange(size, dtype=torch.float64)
    kernel = torch.exp(-0.5 * ((place[:, None] - place) / sigma).square())
    # Further off lie numbers so small that a processor multiplies them many times more slowly.
    kernel = torch.where(kernel > NEGLIGIBLE, kernel, 0.0)
    mass = kernel.sum(1).sqrt()
    return kernel / (mass[:, None] * mass)
