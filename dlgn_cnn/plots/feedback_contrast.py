"""Tests of a unit's MEIs: their distance next to the distance that chance gives, and their rates next to controls'."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlgn_cnn.plots import style
from dlgn_cnn.shapes import Scores

NULL_DEVIATIONS = 2.0
SIGNED = ("response",)  # views in which chance may come out below 0
NULL_NAMES = {
    "shuffled": "fits to shuffled light",
    "members": "fits from other seeds",
    "starts": "relabeled random starts",
}


@dataclass(frozen=True)
class ViewDistance:
    """One view of the distance between the MEIs of the two conditions; None is unknown.

    Computed by ``dlgn_cnn.mei.feedback_contrast.significance``.

    Parameters
    ----------
    view : str
        What of the MEIs is compared.
    distance : float
        Distance of the intact from the suppressed MEI, which has no unit.
    within : float or None
        Distance of two random starts in one condition.
    null_kind : str
        One of ``NULL_NAMES``.
    null_distance : float or None
        Mean of the null.
    effect : float or None
        Excess of ``distance`` over ``null_distance`` in the null's standard deviations.
    p : float or None
        Share of the null that is at least as far.
    q : float or None
        False-discovery rate over the fit's units.

    Examples
    --------
    >>> round(ViewDistance("clip", 0.4, None, "shuffled", 0.1, 3.0, 0.01, 0.02).null_deviation, 6)
    0.1
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
        """The null's standard deviation on the scale of the distance; 0 where it is not known."""
        if self.null_distance is None or not self.effect or not math.isfinite(self.effect):
            return 0.0
        return abs((self.distance - self.null_distance) / self.effect)

    @property
    def null_span(self) -> tuple[float, float]:
        """The null's mean less and plus two standard deviations; a distance is never below 0."""
        middle, deviation = self.null_distance or 0.0, NULL_DEVIATIONS * self.null_deviation
        low = middle - deviation
        return low if self.view in SIGNED else max(low, 0.0), middle + deviation


@dataclass(frozen=True)
class ControlRates:
    """Rates (spikes/s) of one stimulus in each opto condition: of the fit itself, and of held-out models."""

    name: str
    intact_hz: float
    suppressed_hz: float
    held_out_intact_hz: float | None = None
    held_out_suppressed_hz: float | None = None

    def rate_hz(self, condition: str) -> float:
        """The rate in a condition by held-out models, or by the fit itself where there are none.

        >>> ControlRates("mei", 30, 20, 24, 16).rate_hz("intact"), ControlRates("mei", 30, 20).rate_hz("intact")
        (24.0, 30.0)
        """
        held_out = getattr(self, f"held_out_{condition}_hz")
        return float(getattr(self, f"{condition}_hz") if held_out is None else held_out)


@dataclass(frozen=True)
class ContrastCurve:
    """Rates (point,) in each condition of one stimulus shown at several contrasts, as shares of the MEI's."""

    contrast: Scores
    intact_hz: Scores
    suppressed_hz: Scores


def feedback_contrast_distances(axes: Axes, rows: Sequence[ViewDistance]) -> Axes:
    """Each view's distance (dot), the null's mean and two standard deviations (gray), and that of two starts (tick).

    Above each, q where it is known, p where only that is. Distances are 1 - cosine; of the extent, the absolute natural
    logarithm of the ratio of the radii; of the response, a share of the mean rate: none has a unit.
    """
    for place, row in enumerate(rows):
        _null(axes, place, row)
        label = "intact to suppressed" if place == 0 else None
        axes.plot(place, row.distance, "o", color=style.SUPPRESSED, ms=6, label=label)
        if row.within is not None:
            label = "two starts, one light" if place == 0 else None
            axes.plot(place, row.within, "_", color=style.OBSERVED, ms=14, mew=1.5, label=label)
    top = max([row.distance for row in rows] + [row.null_span[1] for row in rows] + [1e-9])
    for place, row in enumerate(rows):
        axes.annotate(_chance(row), (place, top * 1.12), ha="center", fontsize=style.LEGEND_PT, color=style.OBSERVED)
    axes.set_xticks(range(len(rows)), [row.view for row in rows])
    bottom = min([0.0, *(row.distance for row in rows), *(row.null_span[0] for row in rows)])
    axes.set(xlim=(-0.6, len(rows) - 0.4), ylim=(bottom * 1.1, top * 1.25), xlabel="view of the MEIs")
    axes.set_ylabel("distance (no unit: 1 \N{MINUS SIGN} cosine,\n|ln| of the radii, share of the rate)")
    return style.legend_above(axes, 3)


def control_bars(axes: Axes, rows: Sequence[ControlRates]) -> Axes:
    """A pair of bars a stimulus, by condition: rates of the held-out models, or of the fit itself without these.

    Where there are held-out models, the rate of the fit itself is an open mark: far above the bar, the MEI is of one
    fit only.
    """
    held_out = any(row.held_out_intact_hz is not None for row in rows)
    for side, (condition, color) in enumerate(style.CONDITION_COLORS.items()):
        x = np.arange(len(rows)) + (side - 0.5) * 0.38
        label = f"{'other seeds' if held_out else 'the fit itself'}, feedback {condition}"
        axes.bar(x, [row.rate_hz(condition) for row in rows], 0.36, color=color, label=label)
        if held_out:
            own = [getattr(row, f"{condition}_hz") for row in rows]
            axes.plot(x, own, "D", mfc="none", mec=style.OBSERVED, ms=4, label="the fit itself" if side else None)
    axes.set_xticks(range(len(rows)), [row.name.replace("_", "\n") for row in rows])
    axes.set(ylabel="rate (spikes/s)", ylim=(0, None), xlabel="stimulus, all at one norm")
    return style.legend_above(axes, 3)


def contrast_response(axes: Axes, curve: ContrastCurve) -> Axes:
    """Rate in each condition against the contrast at which one stimulus is shown, in order of contrast.

    Suppression that divides the gain scales the curve, one that subtracts lowers it, and one that acts on contrast
    moves it sideways along a logarithmic axis.

    >>> from dlgn_cnn.plots.style import new_figure
    >>> points = np.array([1.0, 0.0, 0.5])
    >>> curve = ContrastCurve(points, 30 * points, points)
    >>> contrast_response(new_figure(300, 200).subplots(), curve).lines[0].get_ydata().tolist()
    [0.0, 15.0, 30.0]
    """
    order = np.argsort(curve.contrast)
    for condition, color in style.CONDITION_COLORS.items():
        shown = getattr(curve, f"{condition}_hz")[order]
        axes.plot(curve.contrast[order], shown, "o-", color=color, ms=4, lw=1.2, label=f"feedback {condition}")
    axes.set(xlabel="contrast (share of the MEI's)", ylabel="rate (spikes/s)", ylim=(0, None))
    return style.legend_above(axes, 2)


def distance_figure(distances: Sequence[ViewDistance]) -> Figure:
    """The distance of the two MEIs in each view, next to the null."""
    figure = style.new_figure(720, 290)
    feedback_contrast_distances(figure.subplots(), distances)
    return figure


def controls_figure(controls: Mapping[str, Sequence[ControlRates]]) -> Figure:
    """The controls of each MEI, a panel a condition, on one scale."""
    return _panels(controls, control_bars, 280, "of the MEI")


def contrast_response_figure(curves: Mapping[str, ContrastCurve]) -> Figure:
    """Rate against contrast of each MEI, a panel a condition, on one scale."""
    return _panels(curves, contrast_response, 260, "MEI")


def _panels(found: Mapping[str, Any], draw: Callable[[Axes, Any], Axes], height_px: int, of: str) -> Figure:
    figure = style.new_figure(style.PAGE_PX, height_px)
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for axes, (condition, one) in zip(panels, found.items(), strict=True):
        style.heading(draw(axes, one), f"{of} with feedback {condition}", pad=18)
    for axes in panels[1:]:
        axes.set_ylabel("")
        axes.get_legend().remove()
    return figure


def _null(axes: Axes, place: int, row: ViewDistance) -> None:
    if row.null_distance is None or not np.isfinite(row.null_distance):
        return
    low, high = row.null_span
    name = f"null: {NULL_NAMES.get(row.null_kind, row.null_kind)}, mean \N{PLUS-MINUS SIGN} 2 s.d."
    box = Rectangle((place - 0.3, low), 0.6, high - low, color=style.QUIET, alpha=0.6, lw=0)
    box.set_label("_null" if place else name)
    axes.add_patch(box)
    axes.plot([place - 0.3, place + 0.3], [row.null_distance] * 2, color=style.OBSERVED, lw=1)


def _chance(row: ViewDistance) -> str:
    for name, value in (("q", row.q), ("p", row.p)):
        if value is not None:
            return f"{name} = {value:.2g}"
    return "no null"
