"""Modulation indices: how a state of the brain changes a unit's mean rate."""

from dataclasses import dataclass

import numpy as np

from dlgn_cnn.errors import ModelError
from dlgn_cnn.shapes import Floats, Scores

LIT = 0.5


@dataclass(frozen=True)
class Modulation:
    """Mean rates (unit,) in the suppressed and the intact condition, in the input's unit, and their OMI."""

    suppressed: Scores
    intact: Scores
    omi: Scores


def modulation_index(rate_a: Floats | Scores, rate_b: Floats | Scores) -> Scores:
    """(a - b) / (a + b), elementwise: from -1 to 1, positive where ``rate_a`` is larger, NaN where both are 0."""
    one, other = np.asarray(rate_a, np.float64), np.asarray(rate_b, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((one - other) / (one + other))


def light_modulation(counts: Floats, opto: Floats) -> Modulation:
    """Optogenetic modulation index of each unit, (suppressed - intact) / (suppressed + intact), Schmors et al. 2025.

    ``counts`` (unit, time) and ``opto`` (time,), the share of each frame that was lit; a frame lit for half of its
    time or more is suppressed. NaN where a condition has no frame. Raises ModelError for unequal lengths.
    """
    if counts.ndim != 2 or opto.shape != counts.shape[1:]:
        raise ModelError(f"counts {counts.shape} and opto {opto.shape}: expected (unit, time) and (time,)")
    lit = opto >= LIT
    suppressed, intact = (_mean(counts[:, chosen]) for chosen in (lit, ~lit))
    return Modulation(suppressed, intact, modulation_index(suppressed, intact))


def _mean(counts: Floats) -> Scores:
    return counts.mean(1, dtype=np.float64) if counts.shape[1] else np.full(len(counts), np.nan)
