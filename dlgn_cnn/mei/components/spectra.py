"""Spectra of natural movies."""

import torch


def natural_amplitude(shape: tuple[int, int, int], space_exponent: float, time_exponent: float) -> torch.Tensor:
    """Amplitude of natural movies at each frequency of a real FFT: (time, height, width // 2 + 1), its largest 1.

    Proportional to the spatial frequency to the power of ``-space_exponent`` (1 in photographs: Field 1987) and the
    temporal frequency to that of ``-time_exponent`` (about 1 in movies at low spatial frequencies: Dong & Atick 1995).
    A frequency below the lowest that the clip holds counts as that one, so the mean gray has a finite share.
    """
    time, height, width = shape
    cycles_t = torch.fft.fftfreq(time, dtype=torch.float64).abs().clamp_min(1 / time)
    down, across = torch.fft.fftfreq(height, dtype=torch.float64), torch.fft.rfftfreq(width, dtype=torch.float64)
    space = (down[:, None].square() + across.square()).sqrt().clamp_min(1 / max(height, width))
    amplitude = cycles_t[:, None, None] ** -time_exponent * space**-space_exponent
    return amplitude / amplitude.max()
