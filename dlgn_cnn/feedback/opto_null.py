"""Null of the opto effect: whether the light changed a unit's rate at all, by permutations of its draws.

In an experiment whose light is on or off by chance, drawn again every ``period``, the draws know nothing of the movie,
of running or of the unit. If the light does nothing to a unit, its spikes would have been the same under any other
draw. Its index under the recorded draw is then one of those under all permutations of the draws, and the rank among
them is an exact p (Fisher 1935), although lit and unlit frames show different movies, and however slowly the unit's
rate wanders. That holds for whole draws only: the frames of a period are lit together, and so are those of a trial
whose light was drawn once.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from dlgn_cnn.data.sessions.opto_blocks import exchanged_stretches
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
    kind: str = "blocks",
) -> Scores:
    """Two-sided p of each unit's OMI: (1 + k) / (1 + n), if k of n permutations have one as far from 0.

    Two trials that follow at once may share a period, which is then permuted as two.

    Parameters
    ----------
    counts : ndarray, shape (unit, time)
        Responses, trials one after the other; NaN where a unit was not observed.
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
    kind : str
        What was drawn: ``blocks``, ``per_trial`` or ``pulses``.

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
    first = np.cumsum([0, *trial_frames])
    parts = exchanged_stretches(np.split(opto, first[1:-1]), kind, period_frames)
    there, values = (~np.isnan(counts)).astype(np.float64), np.nan_to_num(counts, nan=0.0)
    there = there[:1] if there.all() else there  # units that were all observed have the frames of one
    fixed, sums, frames = opto >= OPTO_ON, np.zeros((len(parts), len(counts))), np.zeros((len(parts), len(there)))
    for number, part in enumerate(parts):
        span, wave = slice(first[part.trial] + part.start, first[part.trial] + part.stop), part.wave >= OPTO_ON
        fixed[span], sums[number], frames[number] = False, values[:, span] @ wave, there[:, span] @ wave
    on = np.array([part.on for part in parts], np.float64)
    drawn = np.vstack([on, generator.permuted(np.tile(on, (permutations, 1)), axis=1)])
    on_sum, on_frames = drawn @ sums + values[:, fixed].sum(1), drawn @ frames + there[:, fixed].sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        suppressed, intact = on_sum / on_frames, (values.sum(1) - on_sum) / (there.sum(1) - on_frames)
        index = np.abs(modulation_index(suppressed, intact))
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
