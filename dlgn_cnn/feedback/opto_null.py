"""Null of the opto effect: whether the light changed a unit's rate at all, by permutations of its draws.

In an experiment whose light is on or off by chance, drawn again every ``period``, the draws know nothing of the movie,
of running or of the unit. If the light does nothing to a unit, its spikes would have been the same under any other
draw. Its index under the recorded draw is then one of those under all permutations of the draws, and the rank among
them is an exact p (Fisher 1935), although lit and unlit frames show different movies, and however slowly the unit's
rate wanders. That holds for whole periods only: the frames of a period are lit together.
"""

from collections.abc import Hashable, Sequence
from itertools import pairwise

import numpy as np

from dlgn_cnn.data.sessions.opto_blocks import redraw_blocks
from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import OPTO_ON, modulation_index
from dlgn_cnn.shapes import Floats, Scores

TIE = 1e-12


def opto_p_values(
    counts: Floats,
    opto: Floats,
    trial_frames: Sequence[int],
    period_frames: float,
    permutations: int,
    generator: np.random.Generator,
) -> Scores:
    """Two-sided p of each unit's OMI: (1 + k) / (1 + n), if k of n permutations have one as far from 0.

    Two trials that follow at once may share a period, which is then permuted as two.

    Parameters
    ----------
    counts : ndarray, shape (unit, time)
        Responses, trials one after the other.
    opto : ndarray, shape (time,)
        Share of each frame in which the light was on.
    trial_frames : sequence of int
        Length of each trial.
    period_frames : float
        Frames between two draws of the light.
    permutations : int
        Number of permutations; no p is below 1 / (1 + permutations).
    generator : Generator
        Draws the permutations.

    Returns
    -------
    ndarray, shape (unit,)
        The p values; NaN for a unit without a spike, or if the light was always on or always off.

    Raises
    ------
    ModelError
        If the shapes do not fit together.
    """
    if sum(trial_frames) != len(opto) or counts.shape[1:] != opto.shape:
        raise ModelError(
            f"counts {counts.shape}, opto {opto.shape} and trials of {sum(trial_frames)} frames in all: "
            "expected (unit, time), (time,) and as many"
        )
    starts = _starts(opto, trial_frames, period_frames)
    on = (opto >= OPTO_ON)[starts].astype(np.float64)
    frames = np.diff(np.append(starts, len(opto))).astype(np.float64)
    sums = np.add.reduceat(counts, starts, axis=1, dtype=np.float64).T
    drawn = np.vstack([on, generator.permuted(np.tile(on, (permutations, 1)), axis=1)])
    index = np.abs(_indices(drawn, sums, frames))
    as_far = (index[1:] >= index[0] - TIE).sum(0)
    return np.where(np.isfinite(index[0]), (1 + as_far) / (1 + permutations), np.nan)


def false_discovery_rates(p_values: Scores, sessions: Sequence[Hashable] | None = None) -> Scores:
    """Least false-discovery rate at which each unit is called (Benjamini and Hochberg 1995).

    Parameters
    ----------
    p_values : ndarray, shape (unit,)
        NaN stays NaN, and is not counted.
    sessions : sequence of hashable, length unit, optional
        Session of each unit: the rate is that over the units of the same session (default: over all units).

    Returns
    -------
    ndarray, shape (unit,)
        The rates.

    Examples
    --------
    >>> false_discovery_rates(np.array([0.01, 0.04, np.nan]))
    array([0.02, 0.04,  nan])
    >>> false_discovery_rates(np.array([0.01, 0.04, np.nan]), ["a", "b", "b"])
    array([0.01, 0.04,  nan])
    """
    from scipy.stats import false_discovery_control

    found = np.full(p_values.shape, np.nan)
    families = ["all"] * len(p_values) if sessions is None else list(sessions)
    for family in dict.fromkeys(families):
        tested = np.isfinite(p_values) & np.array([one == family for one in families])
        if tested.any():
            found[tested] = false_discovery_control(p_values[tested])
    return found


def _starts(opto: Floats, trial_frames: Sequence[int], period_frames: float) -> np.ndarray:
    first = np.cumsum([0, *trial_frames])
    return np.concatenate(
        [start + np.array(redraw_blocks(opto[start:stop], period_frames)) for start, stop in pairwise(first)]
    )


def _indices(labels: Scores, sums: Scores, frames: Scores) -> Scores:
    """OMI (permutation, unit) for labels (permutation, block), response sums (block, unit) and frames (block,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        suppressed, intact = ((label @ sums) / (label @ frames)[:, None] for label in (labels, 1 - labels))
    return modulation_index(suppressed, intact)
