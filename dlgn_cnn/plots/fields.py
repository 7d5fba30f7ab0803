"""Pictures in space and time: receptive fields, maximally exciting inputs, and clips side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.style import CONDITION_COLORS, OBSERVED, QUIET, TICK_PT, legend_above, limit_of, plain, small
from dlgn_cnn.shapes import Floats, Frames

MINUS = "\N{MINUS SIGN}"
PAPER = 255  # gray level between the clips
MIDDLE = 127.5


def field_map(axes: Axes, field: Floats) -> Axes:
    """A receptive field (height, width) at one lag: red excites when bright, blue when dark, white is nothing."""
    limit = limit_of(field)
    axes.imshow(field, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set(xlabel="x (px)", ylabel="y (px)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    return small(axes)


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
    axes.axhline(0, color=QUIET, lw=0.8)
    axes.plot(np.arange(len(course)) * 1000 / rate_hz, np.asarray(course) / limit_of(course), color=OBSERVED, lw=1.2)
    axes.invert_xaxis()
    axes.set(xlabel="before the spike (ms)", ylabel="weight / peak", ylim=(-1.1, 1.1))
    return plain(axes)


def frame_strip(
    axes: Axes, stimulus: Floats, rate_hz: float, frames: int, every: int, limit: float | None = None
) -> Axes:
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
    limit : float, optional
        Gray level of white; black is its negative (default: the stimulus's own largest).

    Returns
    -------
    Axes
        The same axes.
    """
    limit = limit or limit_of(stimulus)
    back = [every * place for place in reversed(range(frames)) if every * place < len(stimulus)]
    height, width = stimulus.shape[1:]
    pitch = width + max(1, width // 12)
    strip = np.full((height, pitch * frames), np.nan)
    starts = [pitch * (frames - len(back) + place) for place in range(len(back))]
    for start, lag in zip(starts, back, strict=True):
        strip[:, start : start + width] = stimulus[len(stimulus) - 1 - lag]
    axes.imshow(strip, cmap="gray", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_xticks([start + width / 2 for start in starts], [before(lag / rate_hz) for lag in back])
    axes.tick_params(length=0, labelsize=TICK_PT, labeltop=True, labelbottom=False)
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
    (image,) = [one for one in axes.images if isinstance(one, AxesImage)]
    bar = axes.figure.colorbar(image, ax=[axes, *others], shrink=0.9, pad=0.01, aspect=30)
    bar.set_label("gray level (s.d.)", size=TICK_PT)
    bar.ax.tick_params(labelsize=TICK_PT)


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
    axes.axhline(0, color=QUIET, lw=0.8)
    for stimulus, (name, color) in zip((intact, suppressed), CONDITION_COLORS.items(), strict=True):
        _, row, column = np.unravel_index(np.abs(stimulus).argmax(), stimulus.shape)
        time_ms = (np.arange(len(stimulus)) - len(stimulus) + 1) * 1000 / rate_hz
        axes.plot(time_ms, stimulus[:, row, column], color=color, lw=1.2, label=name)
    axes.set(xlabel="to the end of the MEI (ms)", ylabel="gray level (s.d.)")
    return legend_above(axes, 2)


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
