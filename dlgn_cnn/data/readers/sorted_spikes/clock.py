"""Relation of two clocks: straight between points at which both were read."""

import numpy as np

from dlgn_cnn.data.readers.sorted_spikes.tables import require_rows
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times

LARGEST = 2**53  # up to which float64 tells each sample from the next


def checked_points(points: Times, where: str) -> Times:
    """Points (point, 2) of a clock and another one. Raises RecordingError unless both run on from row to row."""
    later = np.diff(points, axis=0, prepend=-np.inf) > 0
    runs = np.all((np.abs(points) < LARGEST) & later, axis=1)
    require_rows(runs, points, where, "finite times, both later than in the row before")
    if len(points) < 2:
        raise RecordingError(f"{where} has {len(points)} rows, expected two or more points of the two clocks")
    return points


def interpolated(clock: Times, points: Times) -> Times:
    """Times on the other clock.

    Parameters
    ----------
    clock : ndarray, shape (time,)
        Ascending times on the first clock of ``points``.
    points : ndarray, shape (point, 2)
        Times on both clocks, both increasing. Before the first and after the last point, the slope is that from the
        first to the last.

    Returns
    -------
    ndarray of float64, shape (time,)
        Ascending times on the second clock.

    Examples
    --------
    >>> interpolated(np.array([0.0, 10.0, 40.0]), np.array([[10.0, 1.0], [20.0, 2.0], [30.0, 5.0]]))
    array([-1.,  1.,  7.])
    """
    (first, start), (last, stop) = points[0], points[-1]
    within = np.clip(clock, first, last)
    found = np.interp(within, points[:, 0], points[:, 1]) + (clock - within) * ((stop - start) / (last - first))
    return np.maximum.accumulate(found)  # rounding must not exchange two times


def drift_ppm(points: Times, rate_hz: float) -> tuple[float, float, float]:
    """How much slower the first clock runs than the second, in parts per million: in all, least and most.

    Parameters
    ----------
    points : ndarray, shape (point, 2)
        Times on both clocks, both increasing.
    rate_hz : float
        Nominal units of the first clock in a second: 1 for seconds.

    Returns
    -------
    tuple of float
        From the first point to the last, and the least and the most from a point to the next.
    """
    steps = np.vstack([points[-1] - points[0], np.diff(points, axis=0)])
    slower = (steps[:, 1] / steps[:, 0] * rate_hz - 1) * 1e6
    return float(slower[0]), float(slower[1:].min()), float(slower[1:].max())
