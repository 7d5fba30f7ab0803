"""Sums over the frames of a scene, from which every measure follows: added up over scenes, or over scenes drawn again.

A *cell* is one frame of a scene under one opto condition with at least two repeats: only there is it known how much of
a response is noise. Sums are float64 arrays (unit,) by name; those of several scenes stack to (scene, unit). Observed
responses are NaN where a unit was not observed, which no sum counts: repeats are then those in which it was.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Floats, Scores

Sums = dict[str, Scores]
Mask = npt.NDArray[np.bool_]
ROUNDING = 1e-12  # of the mean square: a variance below is a constant's, and what is left of it by rounding
SMALLEST_RATE = 1e-6  # of a unit's mean: a prediction of nothing where there is a spike has no likelihood


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
    mean, there = np.asarray(mean_counts, np.float64)[:, None], ~np.isnan(observed)
    p, y = np.where(there, predicted - mean, 0.0), np.where(there, observed - mean, 0.0)
    rate = np.maximum(predicted, SMALLEST_RATE * mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        nats = np.where(there, observed * np.log(rate / mean) - (rate - mean), 0.0)
    counts = ~(observed < 0).any(1) & (mean[:, 0] > 0)
    return {
        "frames": there.sum(1, dtype=np.float64),
        "spikes": np.where(there, observed, 0.0).sum(1, dtype=np.float64),
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
    kept, n = _repeated(observed, alike)
    y = _centered(observed, kept, mean_counts)
    total, squares = y.sum(0), (y**2).sum(0)
    deviation = (y - total / n) * kept * np.sqrt(n / (n - 1))
    return {
        "cells": kept.any(0).sum(1, dtype=np.float64),
        "cell_frames": kept.sum((0, 2), dtype=np.float64),
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
    kept, n = _repeated(observed, alike)
    p, y = (_centered(values, kept, mean_counts) for values in (predicted, observed))
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


def variance(count: Scores, total: Scores, squares: Scores) -> Scores:
    """The variance of values of which only sums are known.

    Parameters
    ----------
    count, total, squares : ndarray, shape (..., unit)
        Number of the values, their sum and the sum of their squares.

    Returns
    -------
    ndarray, shape (..., unit)
        The variance; NaN for what never varies.

    Examples
    --------
    >>> variance(np.array([2.0, 2.0]), np.array([2.0, 4.0]), np.array([4.0, 8.0]))
    array([ 1., nan])
    """
    found = squares / count - (total / count) ** 2
    return np.where(found > ROUNDING * squares / count, found, np.nan)


def _repeated(observed: Floats | Scores, alike: Mask) -> tuple[Mask, Scores]:
    """Which responses belong to a cell (repeat, unit, time); repeats of each (unit, time), 2 outside of cells."""
    if observed.ndim != 3 or alike.shape != (observed.shape[0], observed.shape[2]):
        raise ModelError(
            f"responses {observed.shape} and alike {alike.shape}: expected (repeat, unit, time), (repeat, time)"
        )
    there = alike[:, None] & ~np.isnan(observed)
    count = there.sum(0)
    return there & (count >= 2), np.maximum(count, 2).astype(np.float64)


def _centered(values: Floats | Scores, kept: Mask, mean_counts: Scores) -> Scores:
    """Deviations from the mean (repeat, unit, time), 0 where not kept."""
    return np.where(kept, values - np.asarray(mean_counts, np.float64)[:, None], 0.0)


def _half_sums(y: Scores, kept: Mask) -> Sums:
    """Sums of the means of the first, third, ... and of the second, fourth, ... repeat, over cells that have both."""
    halves = [(y[start::2].sum(0), kept[start::2].sum(0)) for start in (0, 1)]
    both = np.logical_and(*(count > 0 for _, count in halves))
    a, b = (np.where(both, total / np.maximum(count, 1), 0.0) for total, count in halves)
    return {
        "half_cells": both.sum(1, dtype=np.float64),
        "a": a.sum(1),
        "b": b.sum(1),
        "aa": (a**2).sum(1),
        "bb": (b**2).sum(1),
        "ab": (a * b).sum(1),
    }


def _check_alike(predicted: Floats | Scores, observed: Floats | Scores) -> None:
    if predicted.shape != observed.shape:
        raise ModelError(f"predicted has shape {predicted.shape}, observed {observed.shape}: expected equal shapes")
