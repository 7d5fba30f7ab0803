"""A unit in pictures: what it did, what the model says, what excites it in each light, and whether that is a finding.

The live page and the report draw these same figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from dlgn_cnn.plots.controls import ControlRates, contrast_response, control_bars
from dlgn_cnn.plots.feedback_contrast import ViewDistance, feedback_contrast_distances
from dlgn_cnn.plots.fields import condition_courses, field_map, field_time_course, frame_strip, gray_scale
from dlgn_cnn.plots.responses import Repeats, condition_rates, raster
from dlgn_cnn.plots.scores import response_bars
from dlgn_cnn.plots.style import LABEL_PT, TICK_PT, heading, new_figure
from dlgn_cnn.plots.traces import rate_trace
from dlgn_cnn.shapes import Floats, Scores

PAGE_PX = 1080
MEI_HEIGHT_PX = 400
STRIP_FRAMES = 8
STRIP_EVERY = 2


@dataclass(frozen=True)
class MEIPair:
    """The MEIs of both lights (time, height, width) in standard deviations of gray level, of one random start.

    ``responses_hz`` [stimulus, light] are the rates that the model predicts for them, intact first.
    """

    intact: Floats
    suppressed: Floats
    responses_hz: Scores
    rate_hz: float

    @property
    def reach(self) -> float:
        """The largest gray level of either, from 0: one scale for both."""
        return float(max(np.abs(self.intact).max(), np.abs(self.suppressed).max())) or 1.0


@dataclass(frozen=True)
class ContrastCurve:
    """Rates (point,) under each light of one stimulus shown at several contrasts, as shares of the MEI's."""

    contrast: Scores
    intact_hz: Scores
    suppressed_hz: Scores


@dataclass(frozen=True)
class UnitReport:
    """What is shown of one unit; what is not known is None or empty.

    ``field_spatial`` (height, width) and ``field_temporal`` (lag,) are the receptive field through its peak.
    ``controls`` and ``contrast_curves`` are by the condition of the MEI that they belong to.
    """

    session: str
    unit: int
    rate_hz: float
    correlation: float | None
    repeats: Repeats | None
    field_spatial: Floats | None
    field_temporal: Floats | None
    meis: MEIPair | None
    omi_data: float | None
    omi_model: float | None
    normalized_correlation: float | None = None  # over its noise ceiling; None where nothing was repeated
    omi_p: float | None = None  # of the data's index where the light does nothing
    omi_q: float | None = None  # false-discovery rate over all units
    distances: tuple[ViewDistance, ...] = ()
    controls: Mapping[str, tuple[ControlRates, ...]] = field(default_factory=dict)
    contrast_curves: Mapping[str, ContrastCurve] = field(default_factory=dict)
    statements: tuple[str, ...] = ()  # what may be said of it in words

    @property
    def name(self) -> str:
        """The unit as people call it."""
        return f"{self.session} unit {self.unit}"


def responses_figure(repeats: Repeats) -> Figure:
    """A scene's raster over its rates in both conditions; of a scene shown once, its one presentation."""
    if len(repeats.counts) == 1:
        figure = new_figure(PAGE_PX, 210)
        rates = (repeats.counts[0] / repeats.frame_s, repeats.predicted[0] / repeats.frame_s)
        rate_trace(figure.subplots(), repeats.time_s, *rates, repeats.light[0])
        return figure
    figure = new_figure(PAGE_PX, 400 + 9 * min(len(repeats.counts), 30))
    heights = [1 + min(len(repeats.counts), 30) / 15, 1.3, 1.3]
    spikes, intact, suppressed = figure.subplots(3, 1, sharex=True, height_ratios=heights)
    raster(spikes, repeats).set_xlabel("")
    condition_rates(intact, repeats, "intact").set_xlabel("")
    condition_rates(suppressed, repeats, "suppressed")
    top = max(intact.get_ylim()[1], suppressed.get_ylim()[1])
    for axes in (intact, suppressed):
        axes.set_ylim(0, top)
    return figure


def field_figure(spatial: Floats, temporal: Floats, rate_hz: float) -> Figure:
    """A receptive field in space, at the lag where it is strongest, and in time, at the pixel where it is."""
    figure = new_figure(520, 210)
    space, time = figure.subplots(1, 2)
    lag_ms = 1000 * int(np.abs(temporal).argmax()) / rate_hz
    field_map(space, spatial).set_title(f"{lag_ms:.0f} ms before the spike", size=LABEL_PT)
    field_time_course(time, temporal, rate_hz).set_title("at its strongest pixel", size=LABEL_PT)
    return figure


def mei_figure(pair: MEIPair) -> Figure:
    """Both MEIs as film strips on one gray scale, their time courses, and what the model says to each."""
    figure = new_figure(PAGE_PX, MEI_HEIGHT_PX)
    strips, rest = np.asarray(figure.subfigures(2, 1, height_ratios=[1.35, 1]))
    rows = strips.subplots(2, 1)
    named = ((pair.intact, "intact"), (pair.suppressed, "suppressed"))
    for axes, (stimulus, name) in zip(rows, named, strict=True):
        frame_strip(axes, stimulus, pair.rate_hz, STRIP_FRAMES, STRIP_EVERY, pair.reach)
        axes.set_ylabel(f"MEI {name}", fontsize=TICK_PT)
    gray_scale(rows[0], rows[1])
    course, bars = rest.subplots(1, 2, width_ratios=[2, 1])
    condition_courses(course, pair.intact, pair.suppressed, pair.rate_hz)
    response_bars(bars, pair.responses_hz)
    return figure


def distance_figure(distances: tuple[ViewDistance, ...]) -> Figure:
    """How far the two MEIs are apart in each view, beside the null."""
    figure = new_figure(720, 290)
    feedback_contrast_distances(figure.subplots(), distances)
    return figure


def controls_figure(controls: Mapping[str, tuple[ControlRates, ...]]) -> Figure:
    """The controls of each MEI, a panel a light, on one scale."""
    figure = new_figure(PAGE_PX, 280)
    panels = figure.subplots(1, len(controls), sharey=True, squeeze=False)[0]
    for axes, (condition, rows) in zip(panels, controls.items(), strict=True):
        heading(control_bars(axes, rows), f"of the MEI with feedback {condition}", pad=18)
    for axes in panels[1:]:
        axes.set_ylabel("")
        axes.get_legend().remove()
    return figure


def contrast_response_figure(curves: Mapping[str, ContrastCurve]) -> Figure:
    """Rate against contrast of each MEI, a panel a light, on one scale."""
    figure = new_figure(PAGE_PX, 260)
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axes, (condition, curve) in zip(panels, curves.items(), strict=True):
        contrast_response(axes, curve.contrast, curve.intact_hz, curve.suppressed_hz)
        heading(axes, f"MEI with feedback {condition}", pad=16)
    return figure
