"""Whether the light changed a unit's rate at all: a permutation test of its modulation index.

In an experiment whose light is on or off by chance, drawn anew every ``period``, the draws know nothing of the movie,
of running or of the unit. Where the light does nothing to a unit, its spikes would have been the same under any other
draw; so its index under the recorded draw is one of those under all permutations of it, and the rank among them is an
exact p (Fisher 1935), although lit and dark frames show different movies, and however slow the unit's rate wanders.
That holds for whole periods only: frames of one are lit together.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dlgn_cnn.data.sessions.opto_blocks import redraw_blocks
from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.modulation import OPTO_ON, modulation_index
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
    """Two-sided p (unit,) of each unit's OMI, (1 + k) / (1 + n): k of n permutations have one as far from 0.

    ``counts`` (unit, time) and ``opto`` (time,), trials of ``trial_frames`` on end; ``period_frames`` the time between
    two draws of the light. NaN for a unit without a spike, or where the light was always on or always off. Two trials
    that follow at once may share a period, which is then permuted as two.
    """
    if sum(trial_frames) != len(opto) or counts.shape[1:] != opto.shape:
        raise ModelError(
            f"counts {counts.shape}, opto {opto.shape} and trials of {sum(trial_frames)} frames in all: "
            "expected (unit, time), (time,) and as many"
        )
    starts = _starts(opto, trial_frames, period_frames)
    lit = (opto >= OPTO_ON)[starts].astype(np.float64)
    frames = np.diff(np.append(starts, len(opto))).astype(np.float64)
    sums = np.add.reduceat(counts, starts, axis=1, dtype=np.float64).T
    drawn = np.vstack([lit, generator.permuted(np.tile(lit, (permutations, 1)), axis=1)])
    index = np.abs(_indices(drawn, sums, frames))
    as_far = (index[1:] >= index[0] - TIE).sum(0)
    return np.where(np.isfinite(index[0]), (1 + as_far) / (1 + permutations), np.nan)


def false_discovery_rates(p_values: Scores) -> Scores:
    """The least false-discovery rate (unit,) at which each unit is called (Benjamini and Hochberg 1995); NaN kept."""
    from scipy.stats import false_discovery_control

    found, known = np.full(p_values.shape, np.nan), np.isfinite(p_values)
    if known.any():
        found[known] = false_discovery_control(p_values[known])
    return found


def _starts(opto: Floats, trial_frames: Sequence[int], period_frames: float) -> np.ndarray:
    first = np.cumsum([0, *trial_frames])
    return np.concatenate(
        [start + np.array(redraw_blocks(opto[start:stop], period_frames)) for start, stop in pairwise(first)]
    )


def _indices(lit: Scores, sums: Scores, frames: Scores) -> Scores:
    """OMI (permutation, unit) for labels (permutation, block), response sums (block, unit) and frames (block,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        suppressed, intact = ((label @ sums) / (label @ frames)[:, None] for label in (lit, 1 - lit))
    return modulation_index(suppressed, intact)
