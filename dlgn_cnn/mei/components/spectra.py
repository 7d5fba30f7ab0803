"""Spectra of natural movies and filters over time: the priors that act on frequencies."""

from functools import lru_cache

import torch


def natural_amplitude(shape: tuple[int, int, int], space_exponent: float, time_exponent: float) -> torch.Tensor:
    """Amplitude of natural movies at each frequency of a real FFT: (time, height, width // 2 + 1), its largest 1.

    Proportional to the spatial frequency to the power of ``-space_exponent`` (1 in photographs: Field 1987) and the
    temporal frequency to that of ``-time_exponent`` (about 1 in movies at low spatial frequencies: Dong & Atick 1995).
    A frequency below the lowest that the clip holds counts as that one, so the mean grey has a finite share.
    """
    time, height, width = shape
    cycles_t = torch.fft.fftfreq(time, dtype=torch.float64).abs().clamp_min(1 / time)
    down, across = torch.fft.fftfreq(height, dtype=torch.float64), torch.fft.rfftfreq(width, dtype=torch.float64)
    space = (down[:, None].square() + across.square()).sqrt().clamp_min(1 / max(height, width))
    amplitude = cycles_t[:, None, None] ** -time_exponent * space**-space_exponent
    return amplitude / amplitude.max()


@lru_cache(maxsize=32)
def cosine_basis(size: int) -> torch.Tensor:
    """The orthonormal discrete cosine transform (type II) of an axis: (frequency, sample) float64."""
    place, wave = torch.arange(size, dtype=torch.float64), torch.arange(size, dtype=torch.float64)[:, None]
    rows = torch.cos(torch.pi / size * (place + 0.5) * wave) * (2 / size) ** 0.5
    rows[0] /= 2**0.5
    return rows


@lru_cache(maxsize=32)
def low_pass_matrix(size: int, cutoff: float, order: int) -> torch.Tensor:
    """A symmetric, positive semidefinite low-pass of an axis of ``size`` samples, (size, size) float64.

    Gain 1 / (1 + (frequency / cutoff) ** (2 order)), a Butterworth filter's power, over cosines, which mirror the axis
    at its ends; frequencies in cycles a sample.
    """
    basis = cosine_basis(size)
    frequency = torch.arange(size, dtype=torch.float64) / (2 * size)
    gain = 1 / (1 + (frequency / cutoff) ** (2 * order))
    return basis.T @ (gain[:, None] * basis)
