"""Jumps and drifts of a lag, from the agreement of each window as a function of a shift.

A constant, a step and a line over the session's windows are fitted by the largest sum of agreements, the maximum of
the likelihood under white noise. The null of the gain over the constant permutes the windows.
"""

from typing import NamedTuple

import numpy as np

from dlgn_cnn.shapes import Times

SEGMENTS = 48  # of consecutive windows; steps are tried between them
FINER = 4  # interpolated shifts a bin
MARGIN = 16  # a step is not tried in the first and last of so many parts
LEVEL, PERMUTATIONS = 0.005, 399


class Change(NamedTuple):
    """A change that was fitted: ``gain`` in agreement over a constant, ``size`` in interpolated shifts, ``p`` of the
    permutations; ``window`` is the first after a step.
    """

    gain: float
    size: float
    p: float
    window: int = 0


def highest(values: Times) -> float:
    """Place of the maximum, between samples by the parabola through three.

    >>> highest(np.array([0.0, 1.0, 1.0, 0.0]))
    1.5
    """
    top = int(np.argmax(values))
    if not 0 < top < len(values) - 1:
        return float(top)
    left, center, right = values[top - 1 : top + 2]
    bend = left - 2 * center + right
    return float(top + 0.5 * (left - right) / bend) if bend < 0 else float(top)


def interpolated(curves: Times) -> Times:
    """Curves (window, shift) with ``FINER`` times as many shifts."""
    from scipy.interpolate import CubicSpline

    last = curves.shape[1] - 1
    return np.asarray(CubicSpline(np.arange(last + 1), curves, axis=1)(np.linspace(0, last, last * FINER + 1)))


def fit_changes(curves: Times, generator: np.random.Generator) -> tuple[Change, Change]:
    """Fit a step and a line, and test each.

    Parameters
    ----------
    curves : ndarray, shape (window, shift)
        Agreement of each window, in order of time, at an odd number of shifts around 0.
    generator : Generator
        Draws the permutations.

    Returns
    -------
    tuple of Change
        The step, and the line, whose size is its change over the session.
    """
    step, line = _step(_segments(curves)), fit_line(curves)
    shuffled = (curves[generator.permutation(len(curves))] for _ in range(PERMUTATIONS))
    null = np.array([(_step(_segments(one))[0], fit_line(one)[0]) for one in shuffled])
    p = (1 + (null >= (step[0], line[0])).sum(0)) / (1 + PERMUTATIONS)
    return Change(*step[:2], p[0], int(_starts(curves)[step[2]])), Change(*line, p[1])


def fit_line(curves: Times) -> tuple[float, float]:
    """Gain and size of the best line through curves (window, shift).

    Half of the shifts are for its middle, half for its slope.
    """
    segments = _segments(curves)
    count, shifts = segments.shape
    half = shifts // 2
    sizes, middles = np.arange(-half, half + 1, 2), np.arange(half - half // 2, half + half // 2 + 1, 2)
    along = np.rint(sizes[:, None] * ((np.arange(count) + 0.5) / count - 0.5)).astype(int)
    places = along[:, :, None] + middles
    heights = segments[np.arange(count)[:, None], places].sum(1).max(1)
    return float(heights.max() - segments.sum(0).max()), float(sizes[0] + 2 * highest(heights))


def find_steps(curves: Times, generator: np.random.Generator, first: int = 0) -> list[int]:
    """Windows at which the lag jumps, found one by one in the parts between those found.

    Parameters
    ----------
    curves : ndarray, shape (window, shift)
        Agreement of each window, in order of time.
    generator : Generator
        Draws the permutations.
    first : int, default 0
        Number of the first window.

    Returns
    -------
    list of int
        The first window after each jump.
    """
    if len(curves) < MARGIN or (step := fit_changes(curves, generator)[0]).p > LEVEL:
        return []
    early = find_steps(curves[: step.window], generator, first)
    return [*early, first + step.window, *find_steps(curves[step.window :], generator, first + step.window)]


def _starts(curves: Times) -> np.ndarray:
    return np.linspace(0, len(curves), min(SEGMENTS, len(curves)) + 1).astype(int)[:-1]


def _segments(curves: Times) -> Times:
    """Sums (segment, shift) over consecutive windows."""
    return np.add.reduceat(curves, _starts(curves), axis=0)


def _step(segments: Times) -> tuple[float, float, int]:
    """Gain, size, and first segment after the best step."""
    margin = max(1, len(segments) // MARGIN)
    before = np.cumsum(segments, axis=0)
    total = before[-1]
    before = before[margin - 1 : len(segments) - margin]
    gains = before.max(1) + (total - before).max(1) - total.max()
    best = int(np.argmax(gains))
    return float(gains[best]), highest(total - before[best]) - highest(before[best]), best + margin
