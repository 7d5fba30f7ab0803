"""Units that no linear field describes: rectified subunits, and a field that divides by the contrast around it."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.simulation.kernels import Fields, TimeCourses, movie_drive, standardized

SUBUNITS = 6  # on a ring about the center, each half as wide as it
SUBUNIT_WIDTH = 0.5
SUPPRESSIVE_WIDTH = 2.0  # of the suppressive field, in s.d. of the center
SUPPRESSIVE_FRAMES = 6  # over which its contrast is averaged: 100 ms


def draw_nonlinear(units: int, share: float, generator: np.random.Generator) -> np.ndarray:
    """Draw which units are nonlinear.

    Parameters
    ----------
    units : int
        Number of units.
    share : float
        Share of them; nothing is drawn for 0.
    generator : Generator
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape (unit,)
        Whether each unit is nonlinear.
    """
    chosen = np.zeros(units, bool)
    if share > 0:
        chosen[generator.permutation(units)[: round(share * units)]] = True
    return chosen


def bend(linear: Times, nonlinear: np.ndarray, movies: Frames, fields: Fields, courses: TimeCourses) -> Times:
    """Return the linear drives with those of nonlinear units replaced.

    Parameters
    ----------
    linear : ndarray, shape (scene, unit, time)
        Linear drives.
    nonlinear : ndarray of bool, shape (unit,)
        Which units are nonlinear.
    movies : ndarray of uint8, shape (scene, time, height, width)
        Gray levels at 60 Hz.
    fields : Fields
        Receptive fields of all units.
    courses : TimeCourses
        Time courses of all units.

    Returns
    -------
    ndarray of float64, shape (scene, unit, time)
        Drives.
    """
    if not nonlinear.any():
        return linear
    chosen = Fields(*(part[nonlinear] for part in vars(fields).values()))
    times = TimeCourses(*(part[nonlinear] for part in vars(courses).values()))
    bent = linear.copy()
    bent[:, nonlinear] = nonlinear_drive(linear[:, nonlinear], movies, chosen, times)
    return bent


def nonlinear_drive(linear: Times, movies: Frames, fields: Fields, courses: TimeCourses) -> Times:
    """Return drives of units that no linear field describes.

    To the linear drive as much is added by rectified subunits, as of Y cells, which answer texture of either sign; the
    sum is divided by the contrast within a suppressive field over the last 100 ms, plus its own median.

    Parameters
    ----------
    linear : ndarray, shape (scene, unit, time)
        Linear drives.
    movies : ndarray of uint8, shape (scene, time, height, width)
        Gray levels at 60 Hz.
    fields : Fields
        Receptive fields of these units.
    courses : TimeCourses
        Time courses of these units.

    Returns
    -------
    ndarray of float64, shape (scene, unit, time)
        Drives of mean 0 and s.d. 1.

    References
    ----------
    Hochstein and Shapley 1976, Journal of Physiology 262: 265-284; Bonin, Mante and Carandini 2005, Journal of
    Neuroscience 25: 10844-10856.
    """
    pooled = linear + standardized(_subunits(movies, fields, courses))
    contrast = suppressive_contrast(movies, fields)
    return standardized(pooled / (np.median(contrast, axis=(0, 2), keepdims=True) + contrast))


def suppressive_contrast(movies: Frames, fields: Fields) -> Times:
    """Root-mean-square contrast (scene, unit, time) about each center, over the last 100 ms, 1 being a full gray range.

    Frames are weighted with a Gaussian twice as wide as the center; before a scene the screen is gray.
    """
    width = replace(fields, sigma=SUPPRESSIVE_WIDTH * fields.sigma, volume=np.zeros_like(fields.volume))
    weights = np.abs(width.kernels())
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    flat = weights.reshape(len(weights), -1).T.astype(np.float32)
    mean = np.float32(movies.mean(dtype=np.float64))
    power = np.stack([np.square((movie.reshape(len(movie), -1) - mean) / 255) @ flat for movie in movies])
    # This origin makes the mean one over the frame itself and those before it.
    averaged = uniform_filter1d(
        power.astype(np.float64), SUPPRESSIVE_FRAMES, axis=1, mode="constant", origin=(SUPPRESSIVE_FRAMES - 1) // 2
    )
    return np.sqrt(np.maximum(averaged, 0.0)).transpose(0, 2, 1)


def _subunits(movies: Frames, fields: Fields, courses: TimeCourses) -> Times:
    """Mean of the subunits' rectified drives (scene, unit, time)."""
    drives = []
    for angle in 2 * np.pi * np.arange(SUBUNITS) / SUBUNITS:
        x, y = fields.x + fields.sigma * np.cos(angle), fields.y + fields.sigma * np.sin(angle)
        subunit = replace(fields, x=x, y=y, sigma=SUBUNIT_WIDTH * fields.sigma, sign=-fields.sign)
        drives.append(np.maximum(movie_drive(movies, subunit.kernels(), courses.kernels()), 0.0))
    return np.asarray(sum(drives) / SUBUNITS)
