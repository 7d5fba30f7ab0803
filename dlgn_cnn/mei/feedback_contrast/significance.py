"""Whether the light changes what a unit prefers: distances of its MEIs between the conditions, against a null.

The starts of one condition say how far the synthesis alone takes two MEIs apart. Fits that differ only in their seed
say how far the training does. Neither knows the noise of the recording: a model that may differ between the conditions
differs a little, whatever the light does. Models fitted to shuffled labels of the light went the same way with nothing
to find, and are the null wherever there are any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.feedback.opto_null import false_discovery_rates
from dlgn_cnn.shapes import Floats, Scores

Labels = Sequence[bool] | np.ndarray
VIEWS = ("clip", "spatial", "temporal", "spectral", "extent", "response")
MOST_RELABELINGS = 1000
FEWEST_MEMBERS = 3  # of which the labels of two can be exchanged in three ways
TIE = 1e-9


def extent_px(stimulus: Floats) -> float:
    """Radius of a clip's energy: the root mean square distance of its squared values from their center.

    Parameters
    ----------
    stimulus : ndarray, shape (time, height, width)
        The clip.

    Returns
    -------
    float
        Radius in px.

    Examples
    --------
    >>> extent_px(np.array([[[1.0, 0.0, 1.0]]]))
    1.0
    """
    energy = np.square(np.asarray(stimulus, np.float64)).sum(0)
    down, across = np.mgrid[: energy.shape[0], : energy.shape[1]]
    share = energy / energy.sum()
    y, x = (down * share).sum(), (across * share).sum()
    return float(np.sqrt((share * ((down - y) ** 2 + (across - x) ** 2)).sum()))


def views(clip: np.ndarray) -> tuple[np.ndarray, ...]:
    """Views of a clip that are compared, in the order of ``VIEWS``.

    The distance of two clips in a view is 1 less the cosine, which is blind to their norms: of all values, 0 for the
    same clip and 2 for its negative; of the other views, which are never negative, between 0 for the same and 1 for
    nothing in common.

    Parameters
    ----------
    clip : ndarray, shape (time, height, width)
        Clip about the mean gray.

    Returns
    -------
    tuple of ndarray
        The clip; the root mean square over time, where the stimulus is and how large; that over space, when it is; and
        the amplitudes of the Fourier transform, which tell orientation, spatial and temporal frequency apart but not
        place, time or polarity.
    """
    square = np.square(clip)
    return clip, np.sqrt(square.mean(0)), np.sqrt(square.mean((1, 2))), np.abs(np.fft.fftn(clip))


def pairwise_distances(stimuli: Floats, rates: Scores) -> Scores:
    """Compute all distances of stimuli, in the order of ``VIEWS``.

    The first four are 1 less the cosine in each of ``views``; ``extent`` is the absolute natural logarithm of the ratio
    of the radii of energy. ``response`` is the double dissociation: what the second excites more than the first with
    feedback intact plus what the first excites more than the second with it suppressed, over twice the mean of the
    rates of both conditions together. 0 is the same preference, 1 that each excites in its own condition alone;
    exchanged, it is negative.

    Parameters
    ----------
    stimuli : ndarray, shape (stimulus, time, height, width)
        Clips about the mean gray.
    rates : ndarray, shape (stimulus, condition)
        Rates that a model predicts for each with feedback intact and suppressed, in any unit.

    Returns
    -------
    ndarray, shape (view, stimulus, stimulus)
        The distances.

    Raises
    ------
    ConfigError
        If a stimulus is gray throughout.

    Examples
    --------
    >>> pairwise_distances(np.array([[[[1.0]]], [[[-1.0]]]]), np.ones((2, 2)))[0]
    array([[0., 2.],
           [2., 0.]])
    """
    clips = np.asarray(stimuli, np.float64)
    if not clips.any((1, 2, 3)).all():
        raise ConfigError("a stimulus is mean gray throughout: its distance from another is not defined")
    found = []
    for view in zip(*map(views, clips), strict=True):
        rows = np.stack([one.ravel() for one in view])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        found.append(np.clip(1 - rows @ rows.T, 0, None))
    extents = np.log([max(extent_px(clip), np.finfo(float).tiny) for clip in clips])
    return np.stack([*found, np.abs(extents[:, None] - extents), _dissociation(np.asarray(rates, np.float64))])


def between_and_within(distances: Scores, suppressed: Labels) -> tuple[Scores, Scores]:
    """Mean distance (view,) of a suppressed from an intact stimulus, and of two starts of one condition.

    ``distances`` (view, stimulus, stimulus); the second is NaN if neither condition has two starts. Raises ConfigError
    for stimuli of one condition only.
    """
    on = np.asarray(suppressed, bool)
    if on.all() or not on.any():
        raise ConfigError("stimuli of one condition only: a contrast needs those of both")
    upper = np.triu(np.ones((len(on), len(on)), bool), 1)
    alike = upper & (on[:, None] == on)
    within = np.abs(distances[:, alike]).mean(1) if alike.any() else np.full(len(distances), np.nan)
    return distances[:, on][:, :, ~on].mean((1, 2)), within


def starts_null(distances: Scores, suppressed: Labels, generator: np.random.Generator) -> tuple[Scores, Scores, Scores]:
    """Test the distance between the conditions as if the labels of the random starts were exchangeable.

    All relabelings of the starts, or 1000 drawn ones if there are more, make the null (Fisher 1935). With n starts in
    each condition no p is below one in half of (2n choose n): 4 starts allow 0.03. This null knows nothing of the noise
    of the recording: it asks whether the optimizer, not whether the mouse, finds the same.

    Parameters
    ----------
    distances : ndarray, shape (view, stimulus, stimulus)
        Distances of one fit's MEIs.
    suppressed : sequence of bool
        Which were made with feedback suppressed.
    generator : Generator
        Draws relabelings.

    Returns
    -------
    effect : ndarray, shape (view,)
        Excess of the distance over the null's mean in the null's standard deviations.
    p : ndarray, shape (view,)
        Share of relabelings whose distance is as large.
    mean : ndarray, shape (view,)
        Mean of the null. All three are NaN with fewer than two starts in a condition.
    """
    on = np.asarray(suppressed, bool)
    if min(on.sum(), (~on).sum()) < 2:
        return (np.full(len(distances), np.nan),) * 3
    found, null = between_and_within(distances, on)[0], _relabeled(distances, on, generator)
    p = (null >= found - TIE).mean(0)
    mean = null.mean(0)
    return _shares(found - mean, null.std(0)), p, mean


def between_members(
    distances: Scores, suppressed: Labels, member: np.ndarray, generator: np.random.Generator
) -> tuple[Scores, Scores]:
    """Compute distances between the conditions of stimuli of different fits, recorded and exchanged.

    If the light changed nothing, a fit's own labels could be exchanged (Fisher 1935). All 2 ** (fits - 1) - 1 ways
    except the recorded one make the null, or 1000 drawn ones if there are more.

    Parameters
    ----------
    distances : ndarray, shape (view, stimulus, stimulus)
        Distances of the MEIs of fits that differ only in their seed.
    suppressed : sequence of bool
        Which were made with feedback suppressed.
    member : ndarray, shape (stimulus,)
        Fit of each stimulus.
    generator : Generator
        Draws in which fits the labels are exchanged.

    Returns
    -------
    recorded : ndarray, shape (view,)
        Mean distance between the conditions.
    null : ndarray, shape (relabeling, view)
        The same with the labels exchanged in some of the fits.
    """
    on, fits = np.asarray(suppressed, bool), np.unique(member)
    apart = (member[:, None] != member).astype(np.float64)
    exchanged = on ^ _exchanges(len(fits), generator)[:, np.searchsorted(fits, member)]
    one, other = exchanged.astype(np.float64), (~exchanged).astype(np.float64)
    pairs = np.einsum("ra,ab,rb->r", one, apart, other, optimize=True)
    means = np.einsum("ra,vab,rb->rv", one, distances * apart, other, optimize=True) / pairs[:, None]
    return means[0], means[1:]


def pooled_null(found: Scores, null: Scores) -> tuple[Scores, Scores, Scores]:
    """Effect, p and null mean (unit,) of distances (unit,), against a null of few samples from each of many units.

    ``null`` (sample, unit) are the same distances with nothing to find: in fits to shuffled labels of the light, or
    between exchanged members. A unit's distance over the root mean square of its own null is compared with the null's,
    each over that of the others, of all units together: a null of samples times units, each unit on its own scale, of
    which a few samples say enough. p is (1 + k) / (1 + n), k of n being as large; the effect is the excess over the
    null's mean in its standard deviations. NaN throughout with fewer than two samples, and for a unit whose null MEIs
    never differ.
    """
    samples = len(null)
    if samples < 2:
        return (np.full(len(found), np.nan),) * 3
    power = np.square(null).sum(0)
    ratio = _shares(found, np.sqrt(power / samples))
    usual = _shares(null, np.sqrt((power - np.square(null)).clip(0) / (samples - 1)))
    pool, known = usual[np.isfinite(usual)], np.isfinite(ratio)
    effect, p = np.full((2, len(found)), np.nan)
    if len(pool):
        effect[known] = _shares(ratio[known] - pool.mean(), pool.std())
        p[known] = (1 + (pool[:, None] >= ratio[known] - TIE).sum(0)) / (1 + len(pool))
    return effect, p, null.mean(0)


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


def _shares(values: Scores, scale: Scores | float) -> Scores:
    """Values in a scale; NaN where that is 0."""
    scales = np.broadcast_to(np.asarray(scale, np.float64), values.shape)
    return np.divide(values, scales, out=np.full(values.shape, np.nan), where=scales > TIE)


def _dissociation(rates: Scores) -> Scores:
    """(stimulus, stimulus): by how much more the second prefers the intact condition than the first does."""
    preference = rates[:, 0] - rates[:, 1]
    scale = 2 * rates.sum(1).mean()
    return (preference - preference[:, None]) / scale if scale > 0 else np.zeros((len(rates),) * 2)


def _exchanges(fits: int, generator: np.random.Generator) -> np.ndarray:
    """In which fits the labels are exchanged (relabeling, fit), in none first and never in the first one: exchanged in
    all, a distance would be the same.
    """
    if 2 ** (fits - 1) <= MOST_RELABELINGS + 1:
        return (np.arange(2 ** (fits - 1))[:, None] >> np.arange(fits)[::-1]) % 2 == 1
    drawn = generator.random((MOST_RELABELINGS + 1, fits)) < 0.5
    drawn[0], drawn[:, 0] = False, False
    return drawn


def _relabeled(distances: Scores, on: np.ndarray, generator: np.random.Generator) -> Scores:
    """The distance between the conditions (relabeling, view), the recorded labels among them."""
    total, chosen = len(on), int(on.sum())
    rows = list(islice(combinations(range(total), chosen), MOST_RELABELINGS + 1))
    if len(rows) <= MOST_RELABELINGS:
        labels = np.stack([np.isin(np.arange(total), row) for row in rows])
    else:
        labels = np.stack([on, *(generator.permutation(on) for _ in range(MOST_RELABELINGS - 1))])
    return np.stack([between_and_within(distances, one)[0] for one in labels])
