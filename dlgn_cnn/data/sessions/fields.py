"""Linear receptive fields: which pixels, how long before a spike."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from dlgn_cnn.shapes import Floats, Frames

Trials = Sequence[tuple[Frames, Floats]]


def spike_triggered_average(trials: Trials, lags: int) -> Floats:
    """Mean movie before a spike, less the mean movie: (unit, lag, height, width), lag 0 the spike's own frame.

    ``trials`` are pairs of frames (time, height, width) and counts (unit, time). The first ``lags - 1`` frames of each
    trial trigger nothing, since their past is not known. A unit without spikes has a field of zeros. Memory: one trial
    as float32 besides the result.
    """
    units, shape = len(trials[0][1]), trials[0][0].shape[1:]
    total, spikes = np.zeros((units, lags, math.prod(shape))), np.zeros(units)
    for flat, (_, counts) in zip(_centered(trials), trials, strict=True):
        scored = counts[:, lags - 1 :].astype(np.float32)
        spikes += scored.sum(1)
        for lag in range(lags):
            total[:, lag] += scored @ flat[lags - 1 - lag : len(flat) - lag]
    average = total / np.maximum(spikes, 1)[:, None, None]
    return average.reshape(units, lags, *shape).astype(np.float32)


def session_fields(trials: Trials, lags: int, ridge_space: float = 30.0, ridge_time: float = 0.3) -> Floats:
    """Return space-time separable receptive fields, corrected for the movie's own correlations.

    The spike-triggered average is divided by the stimulus covariance, taken as the product of one over pixels and one
    over lags. Natural movies hold most of their variance in a few slow, coarse directions, so the ridge over pixels is
    large: without it the fine directions would be all noise. Of the result the best separable field is kept, which is
    the first pair of singular vectors (dLGN fields are nearly separable; the rest is mostly noise). Memory: the square
    of the number of pixels, in float64 (25 MB at 33 x 53).

    Parameters
    ----------
    trials : sequence of (frames, counts)
        Frames (time, height, width) and counts (unit, time) of each trial.
    lags : int
        Frames before a spike, its own included.
    ridge_space, ridge_time : float, default 30 and 0.3
        Ridge added to the diagonal of each covariance, in multiples of its mean variance.

    Returns
    -------
    ndarray of float32, shape (unit, lag, height, width)
        Fields of unit norm, zeros for a unit without spikes.

    References
    ----------
    Theunissen et al. 2001, Network: Computation in Neural Systems 12: 289-316.
    """
    average = spike_triggered_average(trials, lags)
    units, _, height, width = average.shape
    space, time = _space_covariance(trials), _time_covariance(trials, lags)
    flat = average.reshape(units * lags, -1).astype(np.float64)
    whitened = np.linalg.solve(_ridged(space, ridge_space), flat.T).T.reshape(units, lags, -1)
    fields = np.einsum("kl,ulp->ukp", np.linalg.inv(_ridged(time, ridge_time)), whitened)
    temporal, _, spatial = np.linalg.svd(fields, full_matrices=False)
    separable = temporal[:, :, :1] * spatial[:, :1]
    spikes = np.any(average != 0, axis=(1, 2, 3))
    return (separable * spikes[:, None, None]).reshape(units, lags, height, width).astype(np.float32)


def field_centers(fields: Floats) -> tuple[tuple[float, float], ...]:
    """Place (x, y) in -1..1, as readouts count it, at which each field (unit, lag, height, width) is strongest."""
    units, _, height, width = fields.shape
    peak = np.square(fields).sum(1).reshape(units, -1).argmax(1)
    rows, columns = np.unravel_index(peak, (height, width))
    x, y = 2 * columns / max(width - 1, 1) - 1, 2 * rows / max(height - 1, 1) - 1
    return tuple((float(one), float(other)) for one, other in zip(x, y, strict=True))


def _centered(trials: Trials) -> Iterator[Floats]:
    """Frames (time, pixel) of each trial in turn, less the mean frame."""
    frames = sum(len(video) for video, _ in trials)
    mean = (sum(video.sum(0, dtype=np.float64) for video, _ in trials) / frames).ravel().astype(np.float32)
    for video, _ in trials:
        yield video.reshape(len(video), -1).astype(np.float32) - mean


def _space_covariance(trials: Trials) -> np.ndarray:
    pixels, frames = trials[0][0][0].size, sum(len(video) for video, _ in trials)
    return sum((flat.T @ flat for flat in _centered(trials)), np.zeros((pixels, pixels))) / frames


def _time_covariance(trials: Trials, lags: int) -> np.ndarray:
    found = np.zeros(lags)
    for flat in _centered(trials):
        found += [np.vdot(flat[lag:], flat[: len(flat) - lag]) / (len(flat) - lag) for lag in range(lags)]
    index = np.abs(np.subtract.outer(np.arange(lags), np.arange(lags)))
    return (found / found[0])[index]


def _ridged(covariance: np.ndarray, ridge: float) -> np.ndarray:
    return covariance + ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
