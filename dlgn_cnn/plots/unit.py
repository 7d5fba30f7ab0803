"""A unit in figures: its responses, what the model predicts, its MEIs in each condition, and how these are tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from dlgn_cnn.plots.feedback_contrast import (
    ControlRates,
    ViewDistance,
    contrast_response,
    control_bars,
    feedback_contrast_distances,
)
from dlgn_cnn.plots.fields import condition_courses, field_map, field_time_course, frame_strip, gray_scale
from dlgn_cnn.plots.responses import Repeats, condition_rates, raster, rate_trace
from dlgn_cnn.plots.scores import response_bars
from dlgn_cnn.plots.style import LABEL_PT, TICK_PT, heading, limit_of, new_figure
from dlgn_cnn.shapes import Floats, Scores

PAGE_PX = 1080
STRIP_FRAMES = 8
STRIP_EVERY = 2


class Field(NamedTuple):
    """A receptive field through its peak: ``spatial`` (height, width) at its strongest lag, and ``temporal`` (lag,)."""

    spatial: Floats
    temporal: Floats
    rate_hz: float


@dataclass(frozen=True)
class MEIPair:
    """The MEIs of both conditions, of one random start.

    Parameters
    ----------
    intact : ndarray, shape (time, height, width)
        MEI with feedback intact, in standard deviations of gray level.
    suppressed : ndarray, shape (time, height, width)
        MEI with feedback suppressed.
    responses_hz : ndarray, shape (stimulus, condition)
        Rates in spikes/s that the model predicts for them, intact first.
    rate_hz : float
        Frames a second.
    """

    intact: Floats
    suppressed: Floats
    responses_hz: Scores
    rate_hz: float

    @property
    def limit(self) -> float:
        """The largest gray level of either, from 0: one scale for both."""
        return limit_of([np.abs(self.intact).max(), np.abs(self.suppressed).max()])


@dataclass(frozen=True)
class ContrastCurve:
    """Rates (point,) in each condition of one stimulus shown at several contrasts, as shares of the MEI's."""

    contrast: Scores
    intact_hz: Scores
    suppressed_hz: Scores


@dataclass(frozen=True)
class UnitReport:
    """All that is shown of one unit; unknown fields are None or empty.

    Parameters
    ----------
    session : str
        Name of the session.
    unit : int
        Number of the unit in it.
    scores : mapping of str to float or None
        By the names of columns: ``correlation``, ``normalized_correlation`` (over its noise ceiling), ``data_omi``,
        ``data_omi_p`` (of the index where the light does nothing), ``data_omi_q`` (false-discovery rate over all
        units), and ``model_omi``.
    repeats : Repeats, optional
        Presentations of a test scene.
    receptive_field : Field, optional
        Its receptive field.
    meis : MEIPair, optional
        Its MEIs of one random start.
    distances : tuple of ViewDistance
        Distances between its MEIs.
    controls : mapping of str to tuple of ControlRates
        The controls by the condition of the MEI that they belong to.
    contrast_curves : mapping of str to ContrastCurve
        Contrast responses by the condition of the MEI.
    statements : tuple of str
        Sentences about it.
    """

    session: str
    unit: int
    scores: Mapping[str, Any] = field(default_factory=dict)
    repeats: Repeats | None = None
    receptive_field: Field | None = None
    meis: MEIPair | None = None
    distances: tuple[ViewDistance, ...] = ()
    controls: Mapping[str, tuple[ControlRates, ...]] = field(default_factory=dict)
    contrast_curves: Mapping[str, ContrastCurve] = field(default_factory=dict)
    statements: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Session and unit.

        >>> UnitReport("Mouse_s01_e01", 7).name
        'Mouse_s01_e01 unit 7'
        """
        return f"{self.session} unit {self.unit}"


def responses_figure(repeats: Repeats) -> Figure:
    """A scene's raster over its rates in both conditions; of a scene shown once, its one presentation."""
    count = len(repeats.counts)
    figure = new_figure(PAGE_PX, responses_px(count))
    if count == 1:
        rates = (repeats.counts[0] / repeats.frame_s, repeats.predicted[0] / repeats.frame_s)
        rate_trace(figure.subplots(), repeats.time_s, *rates, repeats.opto[0])
        return figure
    spikes, intact, suppressed = figure.subplots(3, 1, sharex=True, height_ratios=[1 + min(count, 30) / 15, 1.3, 1.3])
    raster(spikes, repeats).set_xlabel("")
    condition_rates(intact, repeats, "intact").set_xlabel("")
    condition_rates(suppressed, repeats, "suppressed")
    top = max(intact.get_ylim()[1], suppressed.get_ylim()[1])
    for axes in (intact, suppressed):
        axes.set_ylim(0, top)
    return figure


def responses_px(count: int) -> int:
    """The height of ``responses_figure`` for a number of presentations.

    >>> responses_px(1), responses_px(4), responses_px(100)
    (210, 436, 670)
    """
    return 210 if count == 1 else 400 + 9 * min(count, 30)


def field_figure(found: Field) -> Figure:
    """A receptive field in space, at the lag where it is strongest, and in time, at the pixel where it is."""
    figure = new_figure(520, 210)
    space, time = figure.subplots(1, 2)
    lag_ms = 1000 * int(np.abs(found.temporal).argmax()) / found.rate_hz
    field_map(space, found.spatial).set_title(f"{lag_ms:.0f} ms before the spike", size=LABEL_PT)
    field_time_course(time, found.temporal, found.rate_hz).set_title("at its strongest pixel", size=LABEL_PT)
    return figure


def mei_figure(pair: MEIPair) -> Figure:
    """Both MEIs as strips of frames on one gray scale, their time courses, and the rates that the model predicts."""
    figure = new_figure(PAGE_PX, 400)
    strips, rest = np.asarray(figure.subfigures(2, 1, height_ratios=[1.35, 1]))
    rows = strips.subplots(2, 1)
    named = ((pair.intact, "intact"), (pair.suppressed, "suppressed"))
    for axes, (stimulus, name) in zip(rows, named, strict=True):
        frame_strip(axes, stimulus, pair.rate_hz, STRIP_FRAMES, STRIP_EVERY, pair.limit)
        axes.set_ylabel(f"MEI {name}", fontsize=TICK_PT)
    gray_scale(rows[0], rows[1])
    course, bars = rest.subplots(1, 2, width_ratios=[2, 1])
    condition_courses(course, pair.intact, pair.suppressed, pair.rate_hz)
    response_bars(bars, pair.responses_hz)
    return figure


def distance_figure(distances: tuple[ViewDistance, ...]) -> Figure:
    """The distance of the two MEIs in each view, next to the null."""
    figure = new_figure(720, 290)
    feedback_contrast_distances(figure.subplots(), distances)
    return figure


def controls_figure(controls: Mapping[str, tuple[ControlRates, ...]]) -> Figure:
    """The controls of each MEI, a panel a condition, on one scale."""
    figure = new_figure(PAGE_PX, 280)
    panels = figure.subplots(1, len(controls), sharey=True, squeeze=False)[0]
    for axes, (condition, rows) in zip(panels, controls.items(), strict=True):
        heading(control_bars(axes, rows), f"of the MEI with feedback {condition}", pad=18)
    for axes in panels[1:]:
        axes.set_ylabel("")
        axes.get_legend().remove()
    return figure


def contrast_response_figure(curves: Mapping[str, ContrastCurve]) -> Figure:
    """Rate against contrast of each MEI, a panel a condition, on one scale."""
    figure = new_figure(PAGE_PX, 260)
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axes, (condition, curve) in zip(panels, curves.items(), strict=True):
        contrast_response(axes, curve.contrast, curve.intact_hz, curve.suppressed_hz)
        heading(axes, f"MEI with feedback {condition}", pad=16)
    return figure
