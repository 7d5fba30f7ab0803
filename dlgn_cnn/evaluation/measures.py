"""Measures of each unit, from sums over frames that are added up over scenes, or over scenes drawn again.

A *cell* is one frame of a scene under one opto condition with at least two repeats: only there is it known how much of
a response is noise. Sums are float64 arrays (unit,) by name; those of several scenes stack to (scene, unit). Measures
take sums (..., unit) and return (..., unit). They are NaN where undefined: for a unit without a spike, a prediction
that never varies, or a ceiling where nothing was repeated or repeats agree no better than by chance.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Floats, Scores

Sums = dict[str, Scores]
Mask = npt.NDArray[np.bool_]
SMALLEST_RATE = 1e-6  # of a unit's mean: a prediction of nothing where there is a spike has no likelihood
ROUNDING = 1e-12  # of the mean square: a variance below is a constant's, and what is left of it by rounding
LEAST_DEFINED = 0.95  # of the resamples: an interval over fewer would be one over the favorable draws


def frame_sums(predicted: Floats | Scores, observed: Floats | Scores, mean_counts: Scores) -> Sums:
    """Sums over the frames of single trials.

    Parameters
    ----------
    predicted, observed : ndarray, shape (unit, frame)
        Rates and responses in spikes a frame.
    mean_counts : ndarray, shape (unit,)
        Mean response in the training tier.

    Returns
    -------
    dict of str to ndarray, shape (unit,)
        Sums by name. ``nats`` is the Poisson log-likelihood of the prediction over that of the mean, NaN for a unit
        with a response below zero, which no count can be.

    Raises
    ------
    ModelError
        If the shapes differ.

    Examples
    --------
    >>> frame_sums(np.ones((1, 4)), np.ones((1, 4)), np.ones(1))["spikes"]
    array([4.])
    """
    _check_alike(predicted, observed)
    mean = np.asarray(mean_counts, np.float64)[:, None]
    p, y = predicted - mean, observed - mean
    rate = np.maximum(predicted, SMALLEST_RATE * mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        nats = observed * np.log(rate / mean) - (rate - mean)
    counts = (observed >= 0).all(1) & (mean[:, 0] > 0)
    return {
        "frames": np.full(len(p), float(p.shape[1])),
        "spikes": observed.sum(1, dtype=np.float64),
        "nats": np.where(counts, nats.sum(1), np.nan),
        "p": p.sum(1),
        "y": y.sum(1),
        "pp": (p**2).sum(1),
        "yy": (y**2).sum(1),
        "py": (p * y).sum(1),
    }


def repeat_sums(observed: Floats | Scores, alike: Mask, mean_counts: Scores) -> Sums:
    """Sums over the cells of one scene's repeats.

    Frames that fewer than two repeats share are left out. Each recorded frame counts once: a cell of n repeats has the
    weight n. ``alike_products`` are products of different repeats, whose expectation no noise enters; ``grand_noise``
    is what noise adds to the square of the sum of all responses, trial by trial since noise within a trial may be slow.

    Parameters
    ----------
    observed : ndarray, shape (repeat, unit, time)
        Responses in order of presentation.
    alike : ndarray of bool, shape (repeat, time)
        Which frames are repeats of one another.
    mean_counts : ndarray, shape (unit,)
        Mean response in the training tier.

    Returns
    -------
    dict of str to ndarray, shape (unit,)
        Sums by name.

    Raises
    ------
    ModelError
        If the shapes do not fit together.

    Examples
    --------
    >>> repeat_sums(np.ones((2, 1, 3)), np.ones((2, 3), bool), np.zeros(1))["cells"]
    array([3.])
    """
    y, kept, n = _cells(observed, alike, mean_counts)
    total, squares = y.sum(0), (y**2).sum(0)
    deviation = (y - total / n) * kept * np.sqrt(n / (n - 1))
    return {
        "cells": np.full(y.shape[1], float(kept.any(0).sum())),
        "cell_frames": np.full(y.shape[1], float(kept.sum())),
        "cell_y": total.sum(1),
        "cell_yy": squares.sum(1),
        "mean_yy": (total**2 / n).sum(1),
        "alike_products": ((total**2 - squares) / (n - 1)).sum(1),
        "noise": ((squares - total**2 / n) / (n - 1) * n).sum(1),
        "grand_noise": (deviation.sum(2) ** 2).sum(0),
        "others_squared": (((n - 2) * total**2 + squares) / (n - 1) ** 2).sum(1),
        **_half_sums(y, kept),
    }


def fit_sums(predicted: Floats | Scores, observed: Floats | Scores, alike: Mask, mean_counts: Scores) -> Sums:
    """Sums over the same cells of a prediction, which may differ between repeats.

    Parameters
    ----------
    predicted, observed : ndarray, shape (repeat, unit, time)
        Rates and responses in order of presentation.
    alike : ndarray of bool, shape (repeat, time)
        Which frames are repeats of one another.
    mean_counts : ndarray, shape (unit,)
        Mean response in the training tier.

    Returns
    -------
    dict of str to ndarray, shape (unit,)
        Sums by name.

    Raises
    ------
    ModelError
        If the shapes do not fit together.
    """
    _check_alike(predicted, observed)
    p, _, n = _cells(predicted, alike, mean_counts)
    y, _, _ = _cells(observed, alike, mean_counts)
    predicted_total, total = p.sum(0), y.sum(0)
    return {
        "cell_p": predicted_total.sum(1),
        "mean_pp": (predicted_total**2 / n).sum(1),
        "mean_py": (predicted_total * total / n).sum(1),
        "squared_error": ((p - y) ** 2).sum((0, 2)),
    }


def added(sums: Sequence[Sums]) -> Sums:
    """Add sums up by name.

    Examples
    --------
    >>> added([{"y": np.array([1.0])}, {"y": np.array([2.0])}])
    {'y': array([3.])}
    """
    return {name: np.sum([one[name] for one in sums], axis=0) for name in sums[0]}


def stacked(sums: Sequence[Sums]) -> Sums:
    """One row each: (scene, unit)."""
    return {name: np.stack([one[name] for one in sums]) for name in sums[0]}


def summed(sums: Sums) -> Sums:
    """From (scene, unit) to (unit,)."""
    return {name: values.sum(0) for name, values in sums.items()}


def _cells(values: Floats | Scores, alike: Mask, mean_counts: Scores) -> tuple[Scores, Mask, Scores]:
    """Deviations from the mean (repeat, unit, frame), 0 where not kept; kept (repeat, 1, frame); how many (frame,)."""
    if values.ndim != 3 or alike.shape != (values.shape[0], values.shape[2]):
        raise ModelError(
            f"responses {values.shape} and alike {alike.shape}: expected (repeat, unit, time), (repeat, time)"
        )
    shared = alike.sum(0) >= 2
    kept = alike[:, None, shared]
    centered = values[..., shared] - np.asarray(mean_counts, np.float64)[:, None]
    return np.where(kept, centered, 0.0), kept, kept[:, 0].sum(0).astype(np.float64)


def _half_sums(y: Scores, kept: Mask) -> Sums:
    """Sums of the means of the first, third, ... and of the second, fourth, ... repeat, over cells that have both."""
    halves = [(y[start::2].sum(0), kept[start::2, 0].sum(0)) for start in (0, 1)]
    both = np.logical_and(*(count > 0 for _, count in halves))
    a, b = (total[:, both] / count[both] for total, count in halves)
    return {
        "half_cells": np.full(y.shape[1], float(both.sum())),
        "a": a.sum(1),
        "b": b.sum(1),
        "aa": (a**2).sum(1),
        "bb": (b**2).sum(1),
        "ab": (a * b).sum(1),
    }


def _check_alike(predicted: Floats | Scores, observed: Floats | Scores) -> None:
    if predicted.shape != observed.shape:
        raise ModelError(f"predicted has shape {predicted.shape}, observed {observed.shape}: expected equal shapes")


def single_trial(sums: Sums) -> dict[str, Scores]:
    """Scores of single trials, from ``frame_sums``.

    ``correlation``: Pearson of predicted and recorded response over all frames. ``bits_per_spike``: Poisson
    log-likelihood over that of the unit's mean in the training tier, in bits, over the number of spikes (Paninski,
    Pillow and Lewi 2007); 0 is no better than that mean. It does not depend on the unit in which responses are given.
    """
    n, p, y = sums["frames"], sums["p"], sums["y"]
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums["py"] / n - p * y / n**2
        return {
            "correlation": covariance / np.sqrt(_variance(n, p, sums["pp"]) * _variance(n, y, sums["yy"])),
            "bits_per_spike": sums["nats"] / np.where(sums["spikes"] > 0, sums["spikes"], np.nan) / np.log(2),
        }


def repeatability(sums: Sums) -> dict[str, Scores]:
    """Measures of the recording alone, from the sums over repeats.

    ``explainable``: the share of single trials' variance that is not noise (FEV of Cadena et al. 2019), where the
    signal's variance is the mean product of different repeats, less the squared mean: Sahani and Linden's (2003) signal
    power, unbiased whatever the noise's distribution, its change with the rate, or its slowness within a trial, as long
    as trials are independent. ``ceiling``: the correlation that the true rate would have with the average of these
    repeats (CCmax: Hsu et al. 2004; Schoppe et al. 2016). ``oracle``: correlation of each trial with the mean of the
    others (Walker et al. 2019). ``split_half``: correlation between the means of odd and even repeats, and
    ``reliability`` what it would be with twice as many (Spearman 1910; Brown 1910).
    """
    n, y, signal, noise = sums["cell_frames"], sums["cell_y"], signal_variance(sums), _noise(sums)
    halves = sums["half_cells"]
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums["alike_products"] / n - (y / n) ** 2
        others = np.sqrt(_variance(n, y, sums["others_squared"]) * _variance(n, y, sums["cell_yy"]))
        split = (sums["ab"] / halves - sums["a"] * sums["b"] / halves**2) / np.sqrt(
            _variance(halves, sums["a"], sums["aa"]) * _variance(halves, sums["b"], sums["bb"])
        )
        return {
            "repeats": n / sums["cells"],
            "explainable": signal / (signal + noise),
            "ceiling": np.sqrt(signal / _variance(n, y, sums["mean_yy"])),
            "oracle": covariance / others,
            "split_half": split,
            "reliability": 2 * split / (1 + split),
        }


def against_ceiling(sums: Sums) -> dict[str, Scores]:
    """A prediction against what repeats allow, from ``repeat_sums`` and ``fit_sums``.

    ``average_correlation``: Pearson with the average of the repeats, the prediction averaged alike.
    ``normalized_correlation``: that over the ceiling (CCnorm: Schoppe et al. 2016), an estimate of the correlation with
    the true rate. Noise enters neither its covariance nor its variances, so it needs none of the correction that its
    square does (Pospisil and Bair 2020), and it may exceed 1 by chance. ``explained``: the share of explainable
    variance that single trials' squared errors leave explained (FEVE: Cadena et al. 2019); unlike the correlations it
    punishes a wrong gain or offset, and it may be negative.
    """
    n, p, y, signal = sums["cell_frames"], sums["cell_p"], sums["cell_y"], signal_variance(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums["mean_py"] / n - p * y / n**2
        spread = _variance(n, p, sums["mean_pp"])
        return {
            "average_correlation": covariance / np.sqrt(spread * _variance(n, y, sums["mean_yy"])),
            "normalized_correlation": covariance / np.sqrt(spread * signal),
            "explained": 1 - (sums["squared_error"] / n - _noise(sums)) / signal,
        }


def all_measures(sums: Sums) -> dict[str, Scores]:
    """Every measure by name, from all three kinds of sums."""
    return single_trial(sums) | repeatability(sums) | against_ceiling(sums)


def signal_variance(sums: Sums) -> Scores:
    """The variance of the true rate over the recorded frames; NaN where its estimate is not above 0."""
    n = sums["cell_frames"]
    with np.errstate(invalid="ignore", divide="ignore"):
        squared_mean = (sums["cell_y"] ** 2 - sums["grand_noise"]) / n**2
        found = sums["alike_products"] / n - squared_mean
        return np.where(found > ROUNDING * sums["cell_yy"] / n, found, np.nan)


def _noise(sums: Sums) -> Scores:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums["noise"] / sums["cell_frames"])


def _variance(count: Scores, total: Scores, squares: Scores) -> Scores:
    found = squares / count - (total / count) ** 2
    return np.where(found > ROUNDING * squares / count, found, np.nan)


def intervals(
    sums: Sums,
    measures: Callable[[Sums], dict[str, Scores]],
    generator: np.random.Generator,
    resamples: int,
    level: float = 0.95,
) -> dict[str, Scores]:
    """Percentile interval of every measure over scenes drawn with replacement.

    Whole scenes are drawn, not frames: those of a scene are alike (Efron and Tibshirani 1993). With fewer than some ten
    scenes such intervals are too narrow.

    Parameters
    ----------
    sums : dict of str to ndarray, shape (scene, unit)
        Sums of each scene.
    measures : callable
        From sums to measures by name.
    generator : Generator
        Draws the scenes.
    resamples : int
        Number of draws.
    level : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    dict of str to ndarray, shape (2, unit)
        Low and high of each measure. NaN if there is one scene only, or the measure is undefined in more than a
        twentieth of the draws.
    """
    scenes = len(sums["frames"])
    drawn = generator.multinomial(scenes, np.full(scenes, 1 / scenes), size=resamples).astype(np.float64)
    found = measures({name: drawn @ one for name, one in sums.items()})
    tail = (1 - level) / 2
    return {name: _quantiles(values, (tail, 1 - tail), scenes) for name, values in found.items()}


def _quantiles(values: Scores, quantiles: tuple[float, float], scenes: int) -> Scores:
    found = np.full((2, values.shape[1]), np.nan)
    usable = (np.isfinite(values).mean(0) >= LEAST_DEFINED) & (scenes > 1)
    if usable.any():
        found[:, usable] = np.nanquantile(values[:, usable], quantiles, axis=0)
    return found
