"""Linear receptive fields: which pixels, how long before a spike."""

from collections.abc import Sequence

import numpy as np

from dlgn_cnn.shapes import Floats, Frames

Trials = Sequence[tuple[Frames, Floats]]


def spike_triggered_average(trials: Trials, lags: int) -> Floats:
    """Mean movie before a spike, less the mean movie: (unit, lag, height, width), lag 0 the spike's own frame.

    ``trials`` are pairs of frames (time, height, width) and counts (unit, time). The first ``lags - 1`` frames of each
    trial trigger nothing, since their past is not known. A unit without spikes has a field of zeros. Memory: one trial
    as float32 besides the result.
    """
    mean = _mean_frame(trials)
    units, shape = len(trials[0][1]), trials[0][0].shape[1:]
    total, spikes = np.zeros((units, lags, mean.size)), np.zeros(units)
    for frames, counts in trials:
        flat = frames.reshape(len(frames), -1).astype(np.float32) - mean
        scored = counts[:, lags - 1 :].astype(np.float32)
        spikes += scored.sum(1)
        for lag in range(lags):
            total[:, lag] += scored @ flat[lags - 1 - lag : len(flat) - lag]
    average = total / np.maximum(spikes, 1)[:, None, None]
    return average.reshape(units, lags, *shape).astype(np.float32)


def session_fields(trials: Trials, lags: int, ridge: float = 0.02) -> Floats:
    """Receptive fields (unit, lag, height, width) corrected for the movie's own correlations.

    The spike-triggered average is divided by the stimulus covariance (Theunissen et al. 2001), taken as the product
    of one over pixels and one over lags, each with ``ridge`` times its mean variance added to the diagonal, which
    keeps directions that natural movies hardly contain from being all noise. Each field has unit norm. Memory: the
    square of the number of pixels, in float64 (25 MB at 33 x 53).
    """
    average = spike_triggered_average(trials, lags)
    units, _, height, width = average.shape
    space, time = _space_covariance(trials), _time_covariance(trials, lags)
    flat = average.reshape(units * lags, -1).astype(np.float64)
    whitened = np.linalg.solve(_ridged(space, ridge), flat.T).T.reshape(units, lags, -1)
    fields = np.einsum("kl,ulp->ukp", np.linalg.inv(_ridged(time, ridge)), whitened)
    norm = np.linalg.norm(fields.reshape(units, -1), axis=1)
    fields /= np.where(norm > 0, norm, 1)[:, None, None]
    return fields.reshape(units, lags, height, width).astype(np.float32)


def _mean_frame(trials: Trials) -> Floats:
    frames = sum(len(video) for video, _ in trials)
    return (sum(video.sum(0, dtype=np.float64) for video, _ in trials) / frames).ravel().astype(np.float32)


def _space_covariance(trials: Trials) -> np.ndarray:
    mean = _mean_frame(trials)
    total = np.zeros((mean.size, mean.size))
    for video, _ in trials:
        flat = video.reshape(len(video), -1).astype(np.float32) - mean
        total += flat.T @ flat
    return total / sum(len(video) for video, _ in trials)


def _time_covariance(trials: Trials, lags: int) -> np.ndarray:
    mean, found = _mean_frame(trials), np.zeros(lags)
    for video, _ in trials:
        flat = video.reshape(len(video), -1).astype(np.float32) - mean
        found += [np.vdot(flat[lag:], flat[: len(flat) - lag]) / (len(flat) - lag) for lag in range(lags)]
    index = np.abs(np.subtract.outer(np.arange(lags), np.arange(lags)))
    return (found / found[0])[index]


def _ridged(covariance: np.ndarray, ridge: float) -> np.ndarray:
    size = len(covariance)
    return covariance + ridge * np.trace(covariance) / size * np.eye(size)
