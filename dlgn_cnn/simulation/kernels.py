"""Receptive fields and light kernels of dLGN units, drawn to the figures published for mouse.

Sizes and time courses after Schmors et al. (iScience 2025): half-max diameter 11.6/14.2/18.4 deg at 25/50/75 %,
ON to OFF 56:29, temporal peak one to two frames back with a slow tail, light effect deepest at 83 to 333 ms and gone by
450 ms.
"""

from dataclasses import dataclass

import numpy as np

from dlgn_cnn.data.binning import bin_opto
from dlgn_cnn.shapes import Frames, Times
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
OPTO_TAPS = 50
TROUGH_S, OPTO_END_S = (0.083, 0.333), 0.45


@dataclass(frozen=True)
class Fields:
    """Center and surround of each unit (unit,): place and s.d. of the center in px, the surround's relative width and
    volume, and the sign, -1 for an OFF center.
    """

    x: Times
    y: Times
    sigma: Times
    ratio: Times
    volume: Times
    sign: Times

    def kernels(self, surround: float = 1.0) -> Times:
        """Kernels (unit, height, width) of unit norm on the 33 by 53 grid, the surround so many times as strong."""
        height, width = GRID_PX
        down = np.arange(height)[None, :, None] - self.y[:, None, None]
        across = np.arange(width) - self.x[:, None, None]
        parts = (part[:, None, None] for part in (self.sigma, self.ratio, surround * self.volume))
        kernels = _difference(np.hypot(down, across), *parts)
        return self.sign[:, None, None] * kernels / np.linalg.norm(kernels, axis=(1, 2), keepdims=True)


def draw_fields(units: int, generator: np.random.Generator) -> Fields:
    """Center-surround fields: a difference of Gaussians (Rodieck 1965) whose surround is 2.5 to 3.5 times as wide as
    the center and holds 60 to 90 % of its volume. Centers keep ``MARGIN_PX`` from the frame's edges.
    """
    height, width = GRID_PX
    diameters = DIAMETER_MEDIAN_DEG * np.exp(DIAMETER_LOG_SD * generator.standard_normal(units))
    ratio, volume = generator.uniform(*SURROUND_RATIO, units), generator.uniform(*SURROUND_VOLUME, units)
    y = generator.uniform(MARGIN_PX, height - 1 - MARGIN_PX, units)
    x = generator.uniform(MARGIN_PX, width - 1 - MARGIN_PX, units)
    half_px = np.clip(diameters, *DIAMETER_RANGE_DEG) / DEG_PER_PX / 2
    sigma = half_px / _half_max_radius(ratio, volume)
    sign = np.where(generator.random(units) < ON_SHARE, 1.0, -1.0)
    return Fields(x, y, sigma, ratio, volume, sign)


@dataclass(frozen=True)
class TimeCourses:
    """Time course of each unit (unit, 1): a fast lobe's peak in s, and the slow lobe's relative time and size."""

    peak_s: Times
    ratio: Times
    share: Times

    def kernels(self, slower: float = 1.0, tail: float = 1.0) -> Times:
        """Biphasic kernels (unit, lag) of unit norm, lag 0 first, at 60 Hz; both lobes ``slower`` times as slow, the
        slow one ``tail`` times as large.
        """
        lag_s = (np.arange(TEMPORAL_TAPS, dtype=np.float64) + 0.5) / FRAME_RATE_HZ
        peak_s = slower * self.peak_s
        kernels = _lobe(lag_s, peak_s) - tail * self.share * _lobe(lag_s, self.ratio * peak_s)
        return kernels / np.linalg.norm(kernels, axis=1, keepdims=True)


def draw_time_courses(units: int, generator: np.random.Generator) -> TimeCourses:
    """A fast lobe and a slower one against it."""
    return TimeCourses(*(generator.uniform(*limits, (units, 1)) for limits in (PEAK_S, TAIL_RATIO, TAIL_SHARE)))


def opto_kernels(units: int, generator: np.random.Generator) -> Times:
    """Kernels (unit, lag) of sum 1, lag 0 first, at 60 Hz: a bump that peaks at 83 to 333 ms and ends by 450 ms."""
    lag_s = np.arange(OPTO_TAPS) / FRAME_RATE_HZ
    trough_s = generator.uniform(*TROUGH_S, (units, 1))
    phase = np.where(lag_s < trough_s, lag_s / trough_s, 1 + (lag_s - trough_s) / (OPTO_END_S - trough_s))
    kernels = np.where(lag_s < OPTO_END_S, np.sin(np.pi / 2 * phase) ** 2, 0.0)
    return kernels / kernels.sum(axis=1, keepdims=True)


def _difference(radius: Times, sigma: Times, ratio: Times, volume: Times) -> Times:
    center = np.exp(-(radius**2) / (2 * sigma**2))
    surround = np.exp(-(radius**2) / (2 * (ratio * sigma) ** 2))
    return center - volume / ratio**2 * surround


def _half_max_radius(ratio: Times, volume: Times) -> Times:
    """Radius (unit,) at which the kernel is half its peak, in s.d. of the center."""
    radius = np.linspace(0, 2, 2001)
    profile = _difference(radius, np.ones((len(ratio), 1)), ratio[:, None], volume[:, None])
    return radius[np.argmax(profile < profile[:, :1] / 2, axis=1)]


def _lobe(lag_s: Times, peak_s: Times) -> Times:
    """A gamma-shaped lobe of height 1 at ``peak_s``."""
    relative = lag_s / peak_s
    return (relative * np.exp(1 - relative)) ** 3


def movie_drive(movies: Frames, spatial: Times, temporal: Times) -> Times:
    """Return linear responses to movies.

    Before a scene the screen is gray at the movies' mean, so its first frames see a history without contrast.

    Parameters
    ----------
    movies : ndarray of uint8, shape (scene, time, height, width)
        Gray levels at 60 Hz.
    spatial : ndarray, shape (unit, height, width)
        Kernels in space.
    temporal : ndarray, shape (unit, lag)
        Kernels in time, lag 0 first.

    Returns
    -------
    ndarray of float64, shape (scene, unit, time)
        Drives of mean 0 and s.d. 1 over all scenes.
    """
    scenes, time = movies.shape[:2]
    kernels = spatial.reshape(len(spatial), -1).T.astype(np.float32)
    mean = movies.mean(dtype=np.float64)
    responses = np.stack([((movie.reshape(time, -1) - np.float32(mean)) / 255) @ kernels for movie in movies])
    drive = np.zeros((scenes, len(spatial), time))
    for lag in range(temporal.shape[1]):
        earlier = responses[:, : time - lag].transpose(0, 2, 1)
        drive[:, :, lag:] += temporal[None, :, lag, None] * earlier
    return standardized(drive)


def standardized(drive: Times) -> Times:
    """A drive (scene, unit, time) of mean 0 and s.d. 1 over all scenes; 0 of a unit that nothing drives."""
    centered = drive - drive.mean(axis=(0, 2), keepdims=True)
    spread = centered.std(axis=(0, 2), keepdims=True)
    return centered / np.where(spread > 0, spread, 1.0)


def opto_shares(epochs_s: Times, shown_s: Times, frames: int) -> Times:
    """Return the share of each bin that was lit, with the bins before onset that opto kernels still remember.

    Parameters
    ----------
    epochs_s : ndarray, shape (epoch, 2)
        Light on and off in seconds.
    shown_s : ndarray, shape (trial, 2)
        Onset and end of each presentation in seconds.
    frames : int
        Bins of equal length in a trial.

    Returns
    -------
    ndarray of float64, shape (trial, history + time)
        Shares, 0 to 1.
    """
    steps = np.arange(1 - OPTO_TAPS, frames + 1)
    return np.stack(
        [bin_opto(epochs_s, start + steps * (stop - start) / frames).astype(np.float64) for start, stop in shown_s]
    )


def opto_drive(shares: Times, kernels: Times) -> Times:
    """Shares (trial, history + time) through causal kernels (unit, lag): (trial, unit, time)."""
    windows = np.lib.stride_tricks.sliding_window_view(shares, OPTO_TAPS, axis=1)
    return np.einsum("tfl,ul->tuf", windows, kernels[:, ::-1], optimize=True)
