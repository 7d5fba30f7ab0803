"""A gaze: the moving window through which a picture or a film is seen, as from the head of a moving animal.

Gaze shifts, slow drift, tremble and zoom give movies the fast transients and the smooth stretches that the view of a
freely moving animal has; they are not a recording of one.
"""

from itertools import accumulate

import numpy as np

from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.config import MOVIE_RATE_HZ

GAZE_SHIFTS_HZ = 1.0
GAZE_SETTLE_S = 0.05
DRIFT_SHARE, DRIFT_S = 0.06, 0.6
TREMBLE_SHARE = 0.004
WINDOW_SHARE = (0.4, 0.75)
ZOOM_SD, ZOOM_S = 0.08, 1.0


def gaze_windows(frames: int, shape: tuple[int, ...], aspect: float, generator: np.random.Generator) -> Times:
    """Draw the windows through which a moving gaze sees an image.

    Parameters
    ----------
    frames : int
        Number of frames at 30 Hz.
    shape : tuple of int
        Height and width of the image.
    aspect : float
        Width of each window over its height, in pixels.
    generator : Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (frame, 4)
        Top, bottom, left and right, as shares of the image's height and width.
    """
    tallest = min(1.0, shape[1] / aspect / shape[0])
    zoom = np.exp(ZOOM_SD * wander(frames, ZOOM_S * MOVIE_RATE_HZ, generator))
    heights = np.clip(generator.uniform(*WINDOW_SHARE) * zoom, 0.2, 0.95) * tallest
    widths = heights * aspect * shape[0] / shape[1]
    tops, lefts = _path(frames, generator) * (1 - heights), _path(frames, generator) * (1 - widths)
    return np.stack([tops, tops + heights, lefts, lefts + widths], 1)


def look(image: np.ndarray, window: Times) -> np.ndarray:
    """The part of an image (height, width) that a window of ``gaze_windows`` shows; one pixel at least."""
    (top, bottom), (left, right) = (window[:2] * image.shape[0]).astype(int), (window[2:] * image.shape[1]).astype(int)
    return image[top : max(bottom, top + 1), left : max(right, left + 1)]


def _path(frames: int, generator: np.random.Generator) -> np.ndarray:
    """Place of the window (frame,) along one axis, from 0 to 1: fixations, drift and tremble."""
    shift = generator.random(frames) < GAZE_SHIFTS_HZ / MOVIE_RATE_HZ
    targets = generator.random(frames)[np.maximum.accumulate(np.where(shift, np.arange(frames), 0))]
    keep = np.exp(-1 / (GAZE_SETTLE_S * MOVIE_RATE_HZ))
    settled = low_pass((1 - keep) * targets[1:], keep, targets[0])
    place = np.concatenate([targets[:1], settled])
    drift = DRIFT_SHARE * wander(frames, DRIFT_S * MOVIE_RATE_HZ, generator)
    moved = place + drift + TREMBLE_SHARE * generator.standard_normal(frames)
    # Reflected, not clipped: a camera that sticks to the photograph's edge would stand still there.
    return 1 - np.abs((moved % 2) - 1)


def wander(samples: int, time_constant: float, generator: np.random.Generator) -> np.ndarray:
    """Draw a smooth random walk of mean 0 and s.d. 1: white noise through two equal low-passes.

    Parameters
    ----------
    samples : int
        Length of the walk.
    time_constant : float
        Of each low-pass, in samples.
    generator : Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (time,)
        The walk; it is stationary from the first sample on.
    """
    keep = np.exp(-1 / time_constant)
    noise = generator.standard_normal((2, samples))
    state = generator.standard_normal(2)
    # Stationary s.d. of white noise through this filter twice, so that neither start nor length changes the spread.
    gain = np.sqrt((1 - keep**2) ** 3 / (1 + keep**2))
    first = low_pass(noise[0], keep, state[0] / np.sqrt(1 - keep**2))
    return gain * low_pass(first, keep, state[1] / gain)


def low_pass(values: Times, keep: float, start: float) -> Times:
    """A state after each value, which is added to what the state keeps. scipy.signal takes longer to import.

    Parameters
    ----------
    values : ndarray, shape (time,)
        What is added.
    keep : float
        Share of the state that is kept from one value to the next.
    start : float
        The state before the first value.

    Returns
    -------
    ndarray of float64, shape (time,)
        The states.

    Examples
    --------
    >>> low_pass(np.array([1.0, 0.0, 0.0]), 0.5, 4.0)
    array([3.  , 1.5 , 0.75])
    """
    states = accumulate(values.tolist(), lambda state, value: keep * state + value, initial=float(start))
    return np.fromiter(states, np.float64, len(values) + 1)[1:]
