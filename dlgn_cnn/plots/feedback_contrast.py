"""The feedback contrast: how far a unit's two MEIs are apart, beside how far chance takes them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from dlgn_cnn.plots.style import ABOVE, LEGEND_PT, OBSERVED, QUIET, SUPPRESSED, plain

NULL_DEVIATIONS = 2.0
SIGNED = ("response",)  # views in which chance may come out below 0
NULL_NAMES = {
    "shuffled": "fits to shuffled light",
    "members": "fits from other seeds",
    "starts": "relabeled random starts",
}


@dataclass(frozen=True)
class ViewDistance:
    """One view of the distance between the MEIs of the two lights; None is unknown.

    Computed by ``dlgn_cnn.mei.feedback_contrast.significance``.
    ``within`` is that of two random starts in one light; ``effect`` the excess over ``null_distance``, the null's mean,
    in the null's standard deviations; ``p`` of the null, ``q`` the false-discovery rate over the fit's units.
    """

    view: str
    distance: float
    within: float | None
    null_kind: str
    null_distance: float | None
    effect: float | None
    p: float | None
    q: float | None

    @property
    def null_deviation(self) -> float:
        """The null's standard deviation on the scale of the distance; NaN where it is not known."""
        if self.null_distance is None or not self.effect or not math.isfinite(self.effect):
            return math.nan
        return abs((self.distance - self.null_distance) / self.effect)


def feedback_contrast_distances(axes: Axes, rows: Sequence[ViewDistance]) -> Axes:
    """Each view's distance (dot), the null's mean and two standard deviations (gray), and that within one light (tick).

    Above each, q where it is known, p where only that is. Distances are 1 - cosine; of the extent, the absolute natural
    logarithm of the ratio of the radii; of the response, a share of the mean rate: none has a unit.
    """
    for place, row in enumerate(rows):
        _null(axes, place, row, labeled=place == 0)
        axes.plot(place, row.distance, "o", color=SUPPRESSED, ms=6, label="intact to suppressed" if not place else None)
        if row.within is not None:
            label = "two starts, one light" if place == 0 else None
            axes.plot(place, row.within, "_", color=OBSERVED, ms=14, mew=1.5, label=label)
    top = max([row.distance for row in rows] + [(row.null_distance or 0) + 2 * _known(row) for row in rows] + [1e-9])
    for place, row in enumerate(rows):
        axes.annotate(_chance(row), (place, top * 1.12), ha="center", fontsize=LEGEND_PT, color=OBSERVED)
    axes.set_xticks(range(len(rows)), [row.view for row in rows])
    bottom = min([0.0, *(row.distance for row in rows), *(_low(row) for row in rows if row.view in SIGNED)])
    axes.set(xlim=(-0.6, len(rows) - 0.4), ylim=(bottom * 1.1, top * 1.25), xlabel="view of the MEIs")
    axes.set_ylabel("distance (no unit: 1 \N{MINUS SIGN} cosine,\n|ln| of the radii, share of the rate)")
    axes.legend(fontsize=LEGEND_PT, ncols=3, frameon=False, **ABOVE)
    return plain(axes)


def _null(axes: Axes, place: int, row: ViewDistance, labeled: bool) -> None:
    if row.null_distance is None or not np.isfinite(row.null_distance):
        return
    reach, middle = NULL_DEVIATIONS * _known(row), row.null_distance
    name = f"null: {NULL_NAMES.get(row.null_kind, row.null_kind)}, mean \N{PLUS-MINUS SIGN} 2 s.d."
    low = _low(row)
    box = Rectangle((place - 0.3, low), 0.6, middle + reach - low, color=QUIET, alpha=0.6, lw=0)
    box.set_label(name if labeled else "_null")
    axes.add_patch(box)
    axes.plot([place - 0.3, place + 0.3], [middle, middle], color=OBSERVED, lw=1)


def _low(row: ViewDistance) -> float:
    """Where the null's box begins: a distance is never below 0."""
    low = (row.null_distance or 0.0) - NULL_DEVIATIONS * _known(row)
    return low if row.view in SIGNED else max(low, 0.0)


def _known(row: ViewDistance) -> float:
    return row.null_deviation if math.isfinite(row.null_deviation) else 0.0


def _chance(row: ViewDistance) -> str:
    for name, value in (("q", row.q), ("p", row.p)):
        if value is not None:
            return f"{name} = {value:.2g}"
    return "no null"
