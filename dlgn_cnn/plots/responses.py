"""A unit's responses to a scene: spikes, and predicted over observed rates in both conditions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.metrics import OPTO_ON
from dlgn_cnn.plots import style
from dlgn_cnn.shapes import Floats, Times

BIN_FRAMES = 3


@dataclass(frozen=True)
class Repeats:
    """One unit's presentations of one scene, in order of onset.

    Parameters
    ----------
    scene : str
        Name of the scene.
    counts : ndarray, shape (presentation, time)
        Observed spikes a frame.
    predicted : ndarray, shape (presentation, time)
        Spikes a frame that the model predicts under the light as it was.
    opto : ndarray, shape (presentation, time)
        Share of each frame in which the light was on.
    time_s : ndarray, shape (time,)
        Start of each frame in the presentation, two frames or more.

    Raises
    ------
    ConfigError
        If these shapes do not agree.

    Examples
    --------
    >>> values = np.zeros((2, 3))
    >>> repeats = Repeats("movie/3", values, values, np.array([[0, 0.4, 1.0], [0, 0, 0]]), np.arange(3) / 60)
    >>> repeats.frames_in("suppressed").tolist()
    [[False, False, True], [False, False, False]]
    """

    scene: str
    counts: Floats
    predicted: Floats
    opto: Floats
    time_s: Times

    def __post_init__(self) -> None:
        shapes = {self.counts.shape, self.predicted.shape, self.opto.shape}
        if len(shapes) != 1 or self.counts.shape[1:] != self.time_s.shape or len(self.time_s) < 2:
            raise ConfigError(
                f"repeats of counts {self.counts.shape}, predicted {self.predicted.shape}, opto {self.opto.shape}, "
                f"time {self.time_s.shape}: expected (presentation, time) thrice and (time,), 2 frames or more"
            )

    @property
    def frame_s(self) -> float:
        """Duration of a frame."""
        return float(np.diff(self.time_s).mean())

    @property
    def limits_s(self) -> tuple[float, float]:
        """Start and stop of a presentation."""
        return float(self.time_s[0]), float(self.time_s[-1]) + self.frame_s

    def frames_in(self, condition: str) -> np.ndarray:
        """Frames (presentation, time) of a condition in which the unit was observed: suppressed if half lit or more."""
        suppressed = np.asarray(self.opto >= OPTO_ON)
        return (suppressed if condition == "suppressed" else ~suppressed) & ~np.isnan(self.counts)


def rate_trace(axes: Axes, time_s: Times, observed_hz: Floats, predicted_hz: Floats, opto: Floats) -> Axes:
    """One presentation: the prediction over the observed rate, light-on times shaded.

    Parameters
    ----------
    axes : Axes
        Axes to draw on.
    time_s : ndarray, shape (time,)
        Start of each frame in the presentation.
    observed_hz : ndarray, shape (time,)
        Observed rate in spikes/s; a bar is a mean over ``BIN_FRAMES`` frames. A rest too short for a bar is not shown.
    predicted_hz : ndarray, shape (time,)
        Predicted rate in spikes/s.
    opto : ndarray, shape (time,)
        Share of each frame in which the light was on.

    Returns
    -------
    Axes
        The same axes.
    """
    width = float(np.diff(time_s).mean())
    bars = len(time_s) // BIN_FRAMES
    heights = observed_hz[: bars * BIN_FRAMES].reshape(bars, BIN_FRAMES).mean(1)
    label = f"observed, {BIN_FRAMES * width * 1000:.0f} ms bins"
    starts = time_s[: bars * BIN_FRAMES : BIN_FRAMES]
    axes.bar(starts, heights, width * BIN_FRAMES, align="edge", color=style.OBSERVED, alpha=0.35, label=label)
    axes.plot(time_s + width / 2, predicted_hz, color=style.INTACT, lw=1.2, label="predicted")
    for index, (start, stop) in enumerate(opto_spans(time_s, opto, width)):
        axes.axvspan(start, stop, color=style.SUPPRESSED, alpha=0.15, lw=0, label="light on" if index == 0 else None)
    axes.set(xlabel="time in presentation (s)", ylabel="rate (spikes/s)", xlim=(time_s[0], time_s[-1] + width))
    return style.legend_above(axes, 3)


def opto_spans(time_s: Times, opto: Floats, frame_s: float) -> list[tuple[float, float]]:
    """Spans of time in which the light is on.

    Parameters
    ----------
    time_s : ndarray, shape (time,)
        Start of each frame.
    opto : ndarray, shape (time,)
        Share of each frame in which the light was on.
    frame_s : float
        Duration of a frame.

    Returns
    -------
    list of (float, float)
        Start and stop in seconds of every run of frames with light.

    Examples
    --------
    >>> opto_spans(np.array([0.0, 0.5, 1.0, 1.5]), np.array([0, 1, 0.2, 0]), 0.5)
    [(0.5, 1.5)]
    """
    edges = np.diff(np.concatenate([[0], np.asarray(opto) > 0, [0]]).astype(int))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(float(time_s[start]), float(time_s[stop]) + frame_s) for start, stop in zip(starts, stops, strict=True)]


def raster(axes: Axes, repeats: Repeats) -> Axes:
    """Spikes, a row a presentation, in the color of the condition in which they fell; light-on times shaded.

    A spike is known to its frame: those of one frame are spread evenly over it.
    """
    for row, opto in enumerate(repeats.opto):
        spans = [(start, stop - start) for start, stop in opto_spans(repeats.time_s, opto, repeats.frame_s)]
        label = "light on" if row == 0 else None
        axes.broken_barh(spans, (row + 0.5, 1), color=style.SUPPRESSED, alpha=0.15, lw=0, label=label)
    for condition, color in style.CONDITION_COLORS.items():
        shown = [
            spike_times(counts, repeats.time_s, repeats.frame_s)
            for counts in np.where(repeats.frames_in(condition), repeats.counts, 0)
        ]
        places = list(range(1, len(shown) + 1))
        lines: Any = axes.eventplot(shown, lineoffsets=places, linelengths=0.8, linewidths=0.9, colors=color)
        lines[0].set_label(f"spike, feedback {condition}")
    count = len(repeats.counts)
    axes.set(xlim=repeats.limits_s, ylim=(count + 0.5, 0.5), xlabel="time in presentation (s)", ylabel="presentation")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return style.legend_above(axes, 3)


def spike_times(counts: Floats, time_s: Times, frame_s: float) -> Times:
    """Times of spikes, those of one frame spread evenly over it.

    Parameters
    ----------
    counts : ndarray, shape (time,)
        Spikes in each frame; parts of a spike are rounded.
    time_s : ndarray, shape (time,)
        Start of each frame.
    frame_s : float
        Duration of a frame.

    Returns
    -------
    ndarray, shape (spike,)
        Increasing times in seconds.

    Examples
    --------
    >>> spike_times(np.array([0, 2]), np.array([0.0, 1.0]), 1.0)
    array([1.25, 1.75])
    """
    whole = np.rint(np.asarray(counts, np.float64)).astype(int)
    frames = np.repeat(np.arange(len(whole)), whole)
    nth = np.arange(len(frames)) - np.repeat(np.cumsum(whole) - whole, whole)
    return np.asarray(time_s[frames] + (nth + 0.5) / whole[frames] * frame_s)


def condition_rates(axes: Axes, repeats: Repeats, condition: str) -> Axes:
    """Predicted over observed rate in one condition: means over the presentations that were in it at each frame.

    Parameters
    ----------
    axes : Axes
        Axes to draw on. A gap is a time at which no presentation was in this condition.
    repeats : Repeats
        A unit's presentations of a scene. Predictions are averaged over the same presentations as counts.
    condition : str
        ``intact`` or ``suppressed``.

    Returns
    -------
    Axes
        The same axes: bars are means over ``BIN_FRAMES`` frames with the standard error over presentations.
    """
    own, color = repeats.frames_in(condition), style.CONDITION_COLORS[condition]
    starts, means, errors = binned(repeats.counts, own, repeats.time_s, repeats.frame_s)
    width = BIN_FRAMES * repeats.frame_s
    label = f"observed, {width * 1000:.0f} ms bins"
    axes.bar(starts, means, width, align="edge", color=style.OBSERVED, alpha=0.3, lw=0, label=label)
    axes.errorbar(starts + width / 2, means, errors, fmt="none", ecolor=style.QUIET, elinewidth=0.8)
    predicted = condition_mean(repeats.predicted, own) / repeats.frame_s
    axes.plot(repeats.time_s + repeats.frame_s / 2, predicted, color=color, lw=1.3, label="predicted")
    axes.set(xlim=repeats.limits_s, ylim=(0, None), xlabel="time in presentation (s)", ylabel="rate (spikes/s)")
    return style.legend_above(style.heading(axes, f"feedback {condition}", color), 2)


def condition_mean(values: Floats, own: np.ndarray) -> Times:
    """Mean (time,) over the presentations of ``values`` (presentation, time) that are ``own``; NaN where none is.

    >>> condition_mean(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[True, False], [True, False]]))
    array([ 2., nan])
    """
    return pd.DataFrame(np.where(own, values, np.nan), dtype=np.float64).mean().to_numpy()


def binned(counts: Floats, own: np.ndarray, time_s: Times, frame_s: float) -> tuple[Times, Times, Times]:
    """Mean rate and its standard error in bins of ``BIN_FRAMES`` frames, over the presentations in each.

    Parameters
    ----------
    counts : ndarray, shape (presentation, time)
        Spikes a frame.
    own : ndarray of bool, shape (presentation, time)
        The frames that count. A presentation is in a bin where any of the bin's frames is.
    time_s : ndarray, shape (time,)
        Start of each frame.
    frame_s : float
        Duration of a frame.

    Returns
    -------
    tuple of ndarray, each of shape (bin,)
        Start of each bin in seconds, mean and standard error in spikes/s. A rest too short for a bin is left out. The
        mean of no presentation is NaN, and so is the error of fewer than two.

    Examples
    --------
    >>> starts, means, errors = binned(np.ones((2, 6)), np.ones((2, 6), bool), np.arange(6) / 60, 1 / 60)
    >>> starts, means, errors
    (array([0.  , 0.05]), array([60., 60.]), array([0., 0.]))
    """
    bins = len(time_s) // BIN_FRAMES
    kept = slice(0, bins * BIN_FRAMES)
    shape = (len(counts), bins, BIN_FRAMES)
    frames = own[:, kept].reshape(shape).sum(-1)
    spikes = np.where(own, counts, 0)[:, kept].reshape(shape).sum(-1, dtype=np.float64)
    rates = pd.DataFrame(spikes / np.where(frames > 0, frames * frame_s, np.nan))
    return np.asarray(time_s[kept][::BIN_FRAMES]), rates.mean().to_numpy(), rates.sem().to_numpy()


def responses_figure(repeats: Repeats) -> Figure:
    """A scene's raster over its rates in both conditions; of a scene shown once, its one presentation."""
    count = len(repeats.counts)
    figure = style.new_figure(style.PAGE_PX, responses_px(count))
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
