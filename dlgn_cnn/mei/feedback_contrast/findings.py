"""Findings: the feedback contrast of all units of one fit, against each null that there is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dlgn_cnn.feedback.opto_null import false_discovery_rates
from dlgn_cnn.mei.feedback_contrast.significance import (
    MOST_RELABELINGS,
    VIEWS,
    between_and_within,
    between_members,
    pairwise_distances,
    pooled_null,
    starts_null,
)
from dlgn_cnn.shapes import Floats, Scores

FEWEST_MEMBERS = 3  # of which the labels of two can be exchanged in three ways


@dataclass(frozen=True)
class UnitMEIs:
    """One unit's MEIs in one fit.

    ``stimuli`` (stimulus, time, height, width), the fit's ``rates`` to each in both conditions (stimulus, condition:
    intact, suppressed), and which were made with feedback ``suppressed`` (stimulus,).
    """

    stimuli: Floats
    rates: Scores
    suppressed: np.ndarray

    def distances(self) -> Scores:
        """All pairs (view, stimulus, stimulus)."""
        return pairwise_distances(self.stimuli, self.rates)


@dataclass(frozen=True)
class Measured:
    """One unit's distances in each view.

    ``between`` the conditions and ``within`` them (view,); the first in each fit to ``shuffled`` labels (fit, view);
    between conditions of different ``members``, recorded and exchanged (1 + relabeling, view); effect, p and mean of
    the ``starts`` (3, view).
    """

    between: Scores
    within: Scores
    shuffled: Scores
    members: Scores
    starts: Scores


@dataclass(frozen=True)
class ContrastFinding:
    """Feedback contrast of all units against one null; every field is (view, unit), NaN if unknown.

    The distance between the conditions and the null's mean, the effect, p, and the false-discovery rate ``q`` over
    units (Benjamini and Hochberg 1995).
    """

    distance: Scores
    null_distance: Scores
    effect: Scores
    p: Scores
    q: Scores


def measure(
    own: UnitMEIs,
    shuffled: Iterable[UnitMEIs | None],
    members: Iterable[UnitMEIs | None],
    generator: np.random.Generator,
) -> Measured:
    """Measure the distances of one unit's MEIs and those of each null.

    Parameters
    ----------
    own : UnitMEIs
        MEIs of the unit's own fit.
    shuffled : iterable of UnitMEIs or None
        MEIs of fits to shuffled labels; None for a fit without this unit.
    members : iterable of UnitMEIs or None
        MEIs of other fits that differ from its own only in their seed.
    generator : Generator
        Draws relabelings.

    Returns
    -------
    Measured
        Distances between and within the conditions, and of the nulls.
    """
    distances, unknown = own.distances(), np.full(len(VIEWS), np.nan)
    between, within = between_and_within(distances, own.suppressed)
    nulls = [unknown if one is None else between_and_within(one.distances(), one.suppressed)[0] for one in shuffled]
    together = [own, *members]
    exchanged = np.empty((0, len(VIEWS))) if len(together) < FEWEST_MEMBERS else _of_members(together, generator)
    starts = np.stack(starts_null(distances, own.suppressed, generator))
    return Measured(between, within, np.reshape(nulls, (-1, len(VIEWS))), exchanged, starts)


def findings(units: Sequence[Measured]) -> dict[str, ContrastFinding]:
    """Compare the feedback contrast of all units of a fit with each null, the strongest first.

    The nulls are shuffled, members and starts. That of the random starts is always there, though with one start for
    each condition nothing is known of it.
    """
    found: dict[str, ContrastFinding] = {}
    if not units:
        return found
    between = np.stack([unit.between for unit in units], 1)
    if len(units[0].shuffled) > 1:
        found["shuffled"] = _pooled(between, np.stack([unit.shuffled for unit in units], 2))
    if len(units[0].members):
        members = np.stack([unit.members for unit in units], 2)
        found["members"] = _pooled(members[0], members[1:])
    found["starts"] = _finding(between, np.stack([unit.starts for unit in units], 2))
    return found


def _of_members(members: Sequence[UnitMEIs | None], generator: np.random.Generator) -> Scores:
    known = [one for one in members if one is not None]
    if len(known) < len(members):
        return np.full((min(2 ** (len(members) - 1), 1 + MOST_RELABELINGS), len(VIEWS)), np.nan)
    stimuli, rates, suppressed = (
        np.concatenate([getattr(one, name) for one in known]) for name in ("stimuli", "rates", "suppressed")
    )
    member = np.repeat(np.arange(len(known)), [len(one.suppressed) for one in known])
    found, null = between_members(pairwise_distances(stimuli, rates), suppressed, member, generator)
    return np.concatenate([found[None], null])


def _pooled(distance: Scores, null: Scores) -> ContrastFinding:
    """Of distances (view, unit) and a null (sample, view, unit)."""
    tested = [pooled_null(own, null[:, view]) for view, own in enumerate(distance)]
    return _finding(distance, np.array(tested).transpose(1, 0, 2))


def _finding(distance: Scores, tested: Scores) -> ContrastFinding:
    """Of effect, p and null mean (3, view, unit)."""
    effect, p, mean = tested
    return ContrastFinding(distance, mean, effect, p, np.stack([false_discovery_rates(one) for one in p]))
