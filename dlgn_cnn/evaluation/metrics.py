"""Correlations of predictions with recordings, and modulation indices: how a state of the brain changes mean rates."""

from dataclasses import dataclass

import numpy as np

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Floats, Scores

OPTO_ON = 0.5
RUNNING_CM_S = 1.0


def correlation(predicted: Floats | Scores, observed: Floats | Scores, axis: int = -1) -> Scores:
    """Pearson correlation of two traces.

    Parameters
    ----------
    predicted, observed : ndarray
        Traces of equal shape; times at which ``observed`` is NaN, since the unit was not observed, are left out.
    axis : int
        Axis of time.

    Returns
    -------
    ndarray
        Correlations; NaN where a trace is constant or a prediction is NaN.

    Raises
    ------
    ModelError
        If the shapes differ.

    Examples
    --------
    >>> correlation(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 6.0]])).round(6)
    array([1.])
    """
    if predicted.shape != observed.shape:
        raise ModelError(f"predicted has shape {predicted.shape}, observed {observed.shape}: expected equal shapes")
    there = ~np.isnan(observed)

    def centered(values: Floats | Scores) -> Scores:
        known = np.where(there, values.astype(np.float64), 0.0)
        return np.where(there, known - known.sum(axis, keepdims=True) / there.sum(axis, keepdims=True), 0.0)

    with np.errstate(invalid="ignore", divide="ignore"):
        one, other = centered(predicted), centered(observed)
        return np.asarray((one * other).sum(axis) / np.sqrt((one**2).sum(axis) * (other**2).sum(axis)))


@dataclass(frozen=True)
class Modulation:
    """Mean rates (unit,) in the suppressed and the intact condition, in the input's unit, and their OMI."""

    suppressed: Scores
    intact: Scores
    omi: Scores


def modulation_index(rate_a: Floats | Scores, rate_b: Floats | Scores) -> Scores:
    """Modulation index (a - b) / (a + b), elementwise.

    It is from -1 to 1, positive where ``rate_a`` is larger, and NaN where both are 0.

    Examples
    --------
    >>> modulation_index(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    array([0.5, 0. ])
    """
    one, other = np.asarray(rate_a, np.float64), np.asarray(rate_b, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((one - other) / (one + other))


def opto_modulation(counts: Floats, opto: Floats) -> Modulation:
    """Optogenetic modulation index of each unit, (suppressed - intact) / (suppressed + intact), Schmors et al. 2025.

    ``counts`` (unit, time), NaN where a unit was not observed, and ``opto`` (time,), the share of each frame that was
    lit; a frame lit for half of its time or more is suppressed. NaN where a condition has no frame. Raises ModelError
    for unequal lengths.
    """
    if counts.ndim != 2 or opto.shape != counts.shape[1:]:
        raise ModelError(f"counts {counts.shape} and opto {opto.shape}: expected (unit, time) and (time,)")
    on = opto >= OPTO_ON
    suppressed, intact = (_mean(counts[:, chosen]) for chosen in (on, ~on))
    return Modulation(suppressed, intact, modulation_index(suppressed, intact))


def running_modulation(counts: Floats, running_cm_s: Floats) -> Scores:
    """RMI (unit,): modulation index of running and still frames, Schmors et al. 2025; running is above 1 cm/s.

    ``counts`` (unit, time), ``running_cm_s`` (time,); frames at which it is missing are left out. NaN where the mouse
    never ran, or always. Nothing randomizes running: it goes with what was shown meanwhile, and with the pupil.
    """
    return _state_modulation(counts, running_cm_s, RUNNING_CM_S)


def pupil_modulation(counts: Floats, pupil_size: Floats) -> Scores:
    """EMI (unit,): modulation index of frames whose pupil is above the median size and of the others, as above."""
    known = pupil_size[np.isfinite(pupil_size)]
    return _state_modulation(counts, pupil_size, float(np.median(known)) if len(known) else np.nan)


def _state_modulation(counts: Floats, state: Floats, threshold: float) -> Scores:
    if counts.ndim != 2 or state.shape != counts.shape[1:]:
        raise ModelError(f"counts {counts.shape} and state {state.shape}: expected (unit, time) and (time,)")
    return modulation_index(_mean(counts[:, state > threshold]), _mean(counts[:, state <= threshold]))


def _mean(counts: Floats) -> Scores:
    there = ~np.isnan(counts)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, counts, 0.0).sum(1, dtype=np.float64) / there.sum(1))
