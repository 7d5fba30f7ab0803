"""Pictures in space and time: receptive fields, maximally exciting inputs, and clips side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots import style
from dlgn_cnn.shapes import Floats, Frames, Scores

MINUS = "\N{MINUS SIGN}"
STRIP_FRAMES = 8
STRIP_EVERY = 2
PAPER = 255  # gray level between the clips
MIDDLE = 127.5


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
        return style.limit_of([np.abs(self.intact).max(), np.abs(self.suppressed).max()])


def field_map(axes: Axes, field: Floats) -> Axes:
    """A receptive field (height, width) at one lag: red excites when bright, blue when dark, white is nothing."""
    limit = style.limit_of(field)
    axes.imshow(field, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set(xlabel="x (px)", ylabel="y (px)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    return style.small(axes)


def field_time_course(axes: Axes, course: Floats, rate_hz: float) -> Axes:
    """A receptive field in time at its peak pixel, as a share of its peak.

    Parameters
    ----------
    axes : Axes
        Axes to draw on: milliseconds before the spike run from right to left.
    course : ndarray, shape (lag,)
        Weights, the shortest lag first.
    rate_hz : float
        Lags a second.

    Returns
    -------
    Axes
        The same axes.
    """
    axes.axhline(0, color=style.QUIET, lw=0.8)
    lags_ms = np.arange(len(course)) * 1000 / rate_hz
    axes.plot(lags_ms, np.asarray(course) / style.limit_of(course), color=style.OBSERVED, lw=1.2)
    axes.invert_xaxis()
    axes.set(xlabel="before the spike (ms)", ylabel="weight / peak", ylim=(-1.1, 1.1))
    return style.plain(axes)


def frame_strip(axes: Axes, stimulus: Floats, rate_hz: float, frames: int, every: int, limit: float) -> Axes:
    """The last frames of a stimulus in a row, the very last at the right.

    Parameters
    ----------
    axes : Axes
        Axes to draw on.
    stimulus : ndarray, shape (time, height, width)
        Gray levels in standard deviations. Of a shorter stimulus fewer frames are shown.
    rate_hz : float
        Frames of the stimulus a second.
    frames : int
        Number of frames to show.
    every : int
        Distance of two shown frames, in frames of the stimulus.
    limit : float
        Gray level of white; black is its negative.

    Returns
    -------
    Axes
        The same axes.
    """
    back = [every * place for place in reversed(range(frames)) if every * place < len(stimulus)]
    height, width = stimulus.shape[1:]
    pitch = width + max(1, width // 12)
    strip = np.full((height, pitch * frames), np.nan)
    starts = [pitch * (frames - len(back) + place) for place in range(len(back))]
    for start, lag in zip(starts, back, strict=True):
        strip[:, start : start + width] = stimulus[len(stimulus) - 1 - lag]
    axes.imshow(strip, cmap="gray", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_xticks([start + width / 2 for start in starts], [before(lag / rate_hz) for lag in back])
    axes.tick_params(length=0, labelsize=style.TICK_PT, labeltop=True, labelbottom=False)
    axes.set(yticks=[], frame_on=False)
    return axes


def before(lag_s: float) -> str:
    """A time before the end of a stimulus as the label of a frame.

    >>> before(0.05), before(0.0)
    ('−50 ms', '0 ms')
    """
    return f"{MINUS if lag_s else ''}{1000 * lag_s:.0f} ms"


def gray_scale(axes: Axes, *others: Axes) -> None:
    """A bar of gray levels next to strips of frames that share one scale."""
    bar = axes.figure.colorbar(axes.images[0], ax=[axes, *others], shrink=0.9, pad=0.01, aspect=30)
    bar.set_label("gray level (s.d.)", size=style.TICK_PT)
    bar.ax.tick_params(labelsize=style.TICK_PT)


def condition_courses(axes: Axes, intact: Floats, suppressed: Floats, rate_hz: float) -> Axes:
    """Gray level at each MEI's strongest pixel against time to its end.

    Parameters
    ----------
    axes : Axes
        Axes to draw on, in milliseconds to the end.
    intact : ndarray, shape (time, height, width)
        MEI with feedback intact, in standard deviations of gray level.
    suppressed : ndarray, shape (time, height, width)
        MEI with feedback suppressed.
    rate_hz : float
        Frames a second.

    Returns
    -------
    Axes
        The same axes.
    """
    axes.axhline(0, color=style.QUIET, lw=0.8)
    for stimulus, (name, color) in zip((intact, suppressed), style.CONDITION_COLORS.items(), strict=True):
        _, row, column = np.unravel_index(np.abs(stimulus).argmax(), stimulus.shape)
        time_ms = (np.arange(len(stimulus)) - len(stimulus) + 1) * 1000 / rate_hz
        axes.plot(time_ms, stimulus[:, row, column], color=color, lw=1.2, label=name)
    axes.set(xlabel="to the end of the MEI (ms)", ylabel="gray level (s.d.)")
    return style.legend_above(axes, 2)


def side_by_side(clips: Sequence[Floats], limit: float, times: int = 1, gap_px: int = 8) -> Frames:
    """Clips next to each other on one clock and one gray scale, so that they can be compared.

    Parameters
    ----------
    clips : sequence of ndarray, shape (time, height, width)
        Clips of one shape, around 0.
    limit : float
        Value that is shown as white; its negative is black and 0 middle gray.
    times : int, default 1
        Each pixel becomes ``times`` by ``times``.
    gap_px : int, default 8
        Width of the white gaps.

    Returns
    -------
    ndarray of uint8, shape (time, height, width)
        Gray levels, with even sides as video codecs require.

    Raises
    ------
    ConfigError
        If there is no clip, if shapes differ, or if ``limit`` is not above 0.

    Examples
    --------
    >>> side_by_side([np.zeros((1, 2, 2)), np.ones((1, 2, 2))], 1.0, gap_px=2)[0, 0]
    array([128, 128, 255, 255, 255, 255], dtype=uint8)
    """
    if len({clip.shape for clip in clips}) != 1 or limit <= 0:
        raise ConfigError(f"clips of {[clip.shape for clip in clips]}, limit {limit}: expected one shape, and above 0")
    grown = [np.asarray(clip).repeat(times, 1).repeat(times, 2) for clip in clips]
    gray = [np.clip(np.rint(MIDDLE + MIDDLE * clip / limit), 0, 255).astype(np.uint8) for clip in grown]
    gap = np.full((*gray[0].shape[:2], gap_px), PAPER, np.uint8)
    joined = np.concatenate([part for clip in gray for part in (clip, gap)][:-1], axis=2)
    odd = (joined.shape[1] % 2, joined.shape[2] % 2)
    return np.pad(joined, ((0, 0), (0, odd[0]), (0, odd[1])), constant_values=PAPER)


def response_bars(axes: Axes, responses_hz: Scores) -> Axes:
    """Rates that the model predicts for both MEIs in both conditions, (stimulus, condition), intact first."""
    for index, (color, name) in enumerate(((style.INTACT, "light off"), (style.SUPPRESSED, "light on"))):
        axes.bar(np.arange(2) + (index - 0.5) * 0.38, responses_hz[:, index], 0.36, color=color, label=name)
    axes.set_xticks([0, 1], ["MEI\nintact", "MEI\nsuppressed"])
    axes.set(ylabel="rate (spikes/s)", ylim=(0, float(np.max(responses_hz)) * 1.05 + 1e-9))
    return style.legend_above(axes, 2)


def field_figure(found: Field) -> Figure:
    """A receptive field in space, at the lag where it is strongest, and in time, at the pixel where it is."""
    figure = style.new_figure(520, 210)
    space, time = figure.subplots(1, 2)
    lag_ms = 1000 * int(np.abs(found.temporal).argmax()) / found.rate_hz
    field_map(space, found.spatial).set_title(f"{lag_ms:.0f} ms before the spike", size=style.LABEL_PT)
    field_time_course(time, found.temporal, found.rate_hz).set_title("at its strongest pixel", size=style.LABEL_PT)
    return figure


def mei_figure(pair: MEIPair) -> Figure:
    """Both MEIs as strips of frames on one gray scale, their time courses, and the rates that the model predicts."""
    figure = style.new_figure(style.PAGE_PX, 400)
    strips, rest = np.asarray(figure.subfigures(2, 1, height_ratios=[1.35, 1]))
    rows = strips.subplots(2, 1)
    named = ((pair.intact, "intact"), (pair.suppressed, "suppressed"))
    for axes, (stimulus, name) in zip(rows, named, strict=True):
        frame_strip(axes, stimulus, pair.rate_hz, STRIP_FRAMES, STRIP_EVERY, pair.limit)
        axes.set_ylabel(f"MEI {name}", fontsize=style.TICK_PT)
    gray_scale(rows[0], rows[1])
    course, bars = rest.subplots(1, 2, width_ratios=[2, 1])
    condition_courses(course, pair.intact, pair.suppressed, pair.rate_hz)
    response_bars(bars, pair.responses_hz)
    return figure
