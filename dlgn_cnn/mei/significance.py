"""Whether the light changes what a unit prefers: distances of its MEIs between the lights, against a null.

The starts of one light say how far the synthesis alone takes two MEIs apart, but not how far the noise of the recording
does: a model that may be another one in each light is, a little, whatever the light does. Models fitted to shuffled
labels of the light went the same way with nothing to find, and are the null wherever there are any.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.distance import extent_px, views
from dlgn_cnn.shapes import Floats, Scores

Labels = Sequence[bool] | np.ndarray
VIEWS = ("clip", "spatial", "temporal", "spectral", "extent")
MOST_RELABELLINGS = 1000
TIE = 1e-9


def pairwise_distances(stimuli: Floats) -> Scores:
    """All distances (view, stimulus, stimulus) of stimuli (stimulus, time, height, width), in the order of ``VIEWS``.

    The first four are those of ``dlgn_cnn.mei.distance``; ``extent`` is the absolute natural logarithm of the ratio of
    the radii of energy. Raises ConfigError for a stimulus that is grey.
    """
    clips = np.asarray(stimuli, np.float64)
    if not clips.any((1, 2, 3)).all():
        raise ConfigError("a stimulus is mean grey throughout: its distance from another is not defined")
    found = []
    for view in zip(*map(views, clips), strict=True):
        rows = np.stack([one.ravel() for one in view])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        found.append(np.clip(1 - rows @ rows.T, 0, None))
    extents = np.log([max(extent_px(clip), np.finfo(float).tiny) for clip in clips])
    return np.stack([*found, np.abs(extents[:, None] - extents)])


def between_and_within(distances: Scores, suppressed: Labels) -> tuple[Scores, Scores]:
    """Mean distance (view,) of an intact from a suppressed stimulus, and of two starts of one light.

    ``distances`` (view, stimulus, stimulus); the second is NaN where neither light has two starts.
    """
    lit = np.asarray(suppressed, bool)
    if lit.all() or not lit.any():
        raise ConfigError("stimuli of one light only: a contrast needs those of both")
    upper = np.triu(np.ones((len(lit), len(lit)), bool), 1)
    alike = upper & (lit[:, None] == lit)
    within = distances[:, alike].mean(1) if alike.any() else np.full(len(distances), np.nan)
    return distances[:, lit][:, :, ~lit].mean((1, 2)), within


def starts_null(distances: Scores, suppressed: Labels, generator: np.random.Generator) -> tuple[Scores, Scores, Scores]:
    """Effect, p and null mean (view,) of the distance between the lights, were the starts' labels exchangeable.

    All relabellings of the starts, or 1000 drawn ones where there are more, make the null (Fisher 1935); the effect is
    the distance's excess over their mean, in their standard deviations. NaN with fewer than two starts a light. With n
    starts a light no p is below one in half of (2n choose n): 4 starts allow 0.03. This null knows nothing of the noise
    of the recording: it asks whether the optimiser, not whether the mouse, finds the same.
    """
    lit = np.asarray(suppressed, bool)
    if min(lit.sum(), (~lit).sum()) < 2:
        return (np.full(len(distances), np.nan),) * 3
    found, null = between_and_within(distances, lit)[0], _relabelled(distances, lit, generator)
    p = (null >= found - TIE).mean(0)
    mean, deviation = null.mean(0), null.std(0)
    return np.divide(found - mean, deviation, out=np.full(len(mean), np.nan), where=deviation > TIE), p, mean


def shuffled_null(found: Scores, shuffled: Scores) -> tuple[Scores, Scores, Scores]:
    """Effect, p and null mean (unit,) of distances (unit,) of a fit to the true labels of the light.

    ``shuffled`` (fit, unit) are the same distances in fits to shuffled labels. A unit's distance over the mean of its
    own shuffled ones is compared with theirs, each over the mean of the others, of all units together: a null of fits
    times units, each unit on its own scale. p is (1 + k) / (1 + n), k of n being as large; the effect is the excess of
    the ratio over 1 in standard deviations of the null's. NaN throughout with fewer than two shuffled fits, and for a
    unit whose shuffled MEIs never differ.
    """
    fits = len(shuffled)
    if fits < 2:
        return (np.full(len(found), np.nan),) * 3
    mean = shuffled.mean(0)
    others = (fits * mean - shuffled) / (fits - 1)
    ratio = np.divide(found, mean, out=np.full(len(found), np.nan), where=mean > TIE)
    usual = np.divide(shuffled, others, out=np.full(shuffled.shape, np.nan), where=others > TIE)
    null = usual[np.isfinite(usual)]
    p = (1 + (null[:, None] >= ratio - TIE).sum(0)) / (1 + len(null))
    known = np.isfinite(ratio)
    return (
        np.where(known, (ratio - 1) / (null.std() if len(null) else np.nan), np.nan),
        np.where(known, p, np.nan),
        mean,
    )


def _relabelled(distances: Scores, lit: np.ndarray, generator: np.random.Generator) -> Scores:
    """The distance between the lights (relabelling, view), the recorded labels among them."""
    total, chosen = len(lit), int(lit.sum())
    every = combinations(range(total), chosen)
    rows = [row for row, _ in zip(every, range(MOST_RELABELLINGS + 1), strict=False)]
    if len(rows) <= MOST_RELABELLINGS:
        labels = np.stack([np.isin(np.arange(total), row) for row in rows])
    else:
        labels = np.stack([lit, *(generator.permutation(lit) for _ in range(MOST_RELABELLINGS - 1))])
    return np.stack([between_and_within(distances, one)[0] for one in labels])
