"""Receptive fields and light kernels of dLGN units, drawn to the figures published for mouse.

Sizes and time courses after Schmors et al. (iScience 2025): half-max diameter 11.6/14.2/18.4 deg at 25/50/75 %,
ON to OFF 56:29, temporal peak one to two frames back with a slow tail, light effect deepest at 83 to 333 ms and gone by
450 ms.
"""

import numpy as np

from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.config import DEG_PER_PX, FRAME_RATE_HZ, GRID_PX

DIAMETER_MEDIAN_DEG = 14.2
DIAMETER_LOG_SD = float(np.log(18.4 / 11.6) / 1.349)  # 1.349 s.d. lie between the quartiles
DIAMETER_RANGE_DEG = (6.0, 40.0)
ON_SHARE = 56 / (56 + 29)
MARGIN_PX = 6
SURROUND_RATIO = (2.5, 3.5)
SURROUND_VOLUME = (0.6, 0.9)
TEMPORAL_TAPS = 15
PEAK_S, TAIL_RATIO, TAIL_SHARE = (0.025, 0.042), (2.5, 3.5), (0.2, 0.5)
LIGHT_TAPS = 50
TROUGH_S, LIGHT_END_S = (0.083, 0.333), 0.45


def spatial_kernels(units: int, generator: np.random.Generator) -> Times:
    """Centre-surround kernels (unit, height, width) of unit norm on the 33 by 53 grid; an OFF centre is negative.

    A difference of Gaussians (Rodieck 1965) whose surround is 2.5 to 3.5 times as wide as the centre and holds 60 to
    90 % of its volume. Centres keep ``MARGIN_PX`` from the frame's edges.
    """
    height, width = GRID_PX
    diameters = DIAMETER_MEDIAN_DEG * np.exp(DIAMETER_LOG_SD * generator.standard_normal(units))
    ratio, volume = generator.uniform(*SURROUND_RATIO, units), generator.uniform(*SURROUND_VOLUME, units)
    y = generator.uniform(MARGIN_PX, height - 1 - MARGIN_PX, units)
    x = generator.uniform(MARGIN_PX, width - 1 - MARGIN_PX, units)
    down, across = np.arange(height)[None, :, None] - y[:, None, None], np.arange(width) - x[:, None, None]
    half_px = np.clip(diameters, *DIAMETER_RANGE_DEG) / DEG_PER_PX / 2
    sigma = half_px / _half_max_radius(ratio, volume)
    kernels = _difference(np.hypot(down, across), *(part[:, None, None] for part in (sigma, ratio, volume)))
    sign = np.where(generator.random(units) < ON_SHARE, 1.0, -1.0)
    return sign[:, None, None] * kernels / np.linalg.norm(kernels, axis=(1, 2), keepdims=True)


def temporal_kernels(units: int, generator: np.random.Generator) -> Times:
    """Biphasic kernels (unit, lag) of unit norm, lag 0 first, at 60 Hz: a fast lobe and a slower one against it."""
    lag_s = (np.arange(TEMPORAL_TAPS, dtype=np.float64) + 0.5) / FRAME_RATE_HZ
    peak_s, ratio, share = (generator.uniform(*limits, (units, 1)) for limits in (PEAK_S, TAIL_RATIO, TAIL_SHARE))
    kernels = _lobe(lag_s, peak_s) - share * _lobe(lag_s, ratio * peak_s)
    return kernels / np.linalg.norm(kernels, axis=1, keepdims=True)


def light_kernels(units: int, generator: np.random.Generator) -> Times:
    """Kernels (unit, lag) of sum 1, lag 0 first, at 60 Hz: a bump that peaks at 83 to 333 ms and ends by 450 ms."""
    lag_s = np.arange(LIGHT_TAPS) / FRAME_RATE_HZ
    trough_s = generator.uniform(*TROUGH_S, (units, 1))
    phase = np.where(lag_s < trough_s, lag_s / trough_s, 1 + (lag_s - trough_s) / (LIGHT_END_S - trough_s))
    kernels = np.where(lag_s < LIGHT_END_S, np.sin(np.pi / 2 * phase) ** 2, 0.0)
    return kernels / kernels.sum(axis=1, keepdims=True)


def _difference(radius: Times, sigma: Times, ratio: Times, volume: Times) -> Times:
    centre = np.exp(-(radius**2) / (2 * sigma**2))
    surround = np.exp(-(radius**2) / (2 * (ratio * sigma) ** 2))
    return centre - volume / ratio**2 * surround


def _half_max_radius(ratio: Times, volume: Times) -> Times:
    """Radius (unit,) at which the kernel is half its peak, in s.d. of the centre."""
    radius = np.linspace(0, 2, 2001)
    profile = _difference(radius, np.ones((len(ratio), 1)), ratio[:, None], volume[:, None])
    return radius[np.argmax(profile < profile[:, :1] / 2, axis=1)]


def _lobe(lag_s: Times, peak_s: Times) -> Times:
    """A gamma-shaped lobe of height 1 at ``peak_s``."""
    relative = lag_s / peak_s
    return (relative * np.exp(1 - relative)) ** 3
