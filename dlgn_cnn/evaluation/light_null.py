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
from scipy.stats import false_discovery_control

from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.modulation import LIT, modulation_index
from dlgn_cnn.shapes import Floats, Scores

SHORTEST_FRAMES = 2  # what is left of a period at a trial's edge; shorter is the rounding of its edges
TIE = 1e-12


def light_p_values(
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
    lit = (opto >= LIT)[starts].astype(np.float64)
    frames = np.diff(np.append(starts, len(opto))).astype(np.float64)
    sums = np.add.reduceat(counts, starts, axis=1, dtype=np.float64).T
    drawn = np.vstack([lit, generator.permuted(np.tile(lit, (permutations, 1)), axis=1)])
    index = np.abs(_indices(drawn, sums, frames))
    as_far = (index[1:] >= index[0] - TIE).sum(0)
    return np.where(np.isfinite(index[0]), (1 + as_far) / (1 + permutations), np.nan)


def false_discovery_rates(p_values: Scores) -> Scores:
    """The least false-discovery rate (unit,) at which each unit is called (Benjamini and Hochberg 1995); NaN kept."""
    found, known = np.full(p_values.shape, np.nan), np.isfinite(p_values)
    if known.any():
        found[known] = false_discovery_control(p_values[known])
    return found


def redraw_blocks(opto: Floats, period_frames: float) -> list[int]:
    """The first frame of each block of one trial's light (time,), in order: stretches drawn together.

    Every change of the light begins a block, and so does every whole period after or before one within a run. In a
    trial whose light never changes it is not known when it was drawn: its blocks are counted from its start.
    """
    if len(opto) == 0 or period_frames <= 0:
        raise ModelError(f"light of {len(opto)} frames and a period of {period_frames}: both must be above 0")
    changes = 1 + np.flatnonzero(np.diff(opto >= LIT))
    edges = [0, *changes.tolist(), len(opto)]
    blocks: list[int] = []
    for start, stop in pairwise(edges):
        blocks += _run_blocks(start, stop, period_frames, backwards=start == 0 and stop < len(opto))
    return blocks


def _run_blocks(start: int, stop: int, period_frames: float, backwards: bool) -> list[int]:
    count = int((stop - start) // period_frames) + 1
    steps = np.rint(period_frames * np.arange(1, count + 1)).astype(int)
    inner = stop - steps[::-1] if backwards else start + steps
    return [start, *inner[(inner - start >= SHORTEST_FRAMES) & (stop - inner >= SHORTEST_FRAMES)].tolist()]


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
