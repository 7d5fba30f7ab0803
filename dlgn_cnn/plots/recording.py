"""A recording at a glance: activity, light, behavior and presentations; first frames; what drives spikes."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.plots import style
from dlgn_cnn.plots.fields import Field, field_map, field_time_course
from dlgn_cnn.shapes import Floats, Frames, Times

SPAN_COLORS = {"train": style.QUIET, "test": style.OBSERVED, "light": style.SUPPRESSED}
MOST_SAMPLES = 4000  # of a drawn signal
GAP_STEPS = 3  # times the usual step of a drawn signal, over which no line is drawn
FRAMES, FIELDS = 8, 5
BRIGHTEST = 98  # percentile of a unit's bins that is drawn in black
ROWS_PX, SPANS_PX, SIGNAL_PX, FRAMES_PX, FIELDS_PX = 250, 48, 60, 130, 280


def recording_figure(
    title: str,
    stretches: Mapping[str, tuple[Times, Floats]],
    spans_s: Mapping[str, Times],
    signals: Mapping[str, tuple[Times, Floats]],
    first_frames: Mapping[str, Frames],
    fields: Mapping[str, Field],
) -> Figure:
    """Stretches of a session next to each other, first frames below, and spike-triggered averages at the bottom.

    Parameters
    ----------
    title : str
        Name of the session.
    stretches : mapping of str to (ndarray, ndarray)
        By name, edges (time + 1,) in seconds, and responses (unit, time) between them.
    spans_s : mapping of str to ndarray, shape (span, 2)
        Start and stop in seconds of "train", "test" and "light".
    signals : mapping of str to (ndarray, ndarray)
        Times in seconds and values by name.
    first_frames : mapping of str to ndarray, shape (height, width)
        First frames of scenes by name, up to ``FRAMES``.
    fields : mapping of str to Field
        Spike-triggered averages by name, up to ``FIELDS``.

    Returns
    -------
    Figure
        The figure.
    """
    heights = [ROWS_PX, SPANS_PX, *[SIGNAL_PX] * len(signals)]
    parts = [sum(heights) + 60, FRAMES_PX, FIELDS_PX]
    figure = style.new_figure(style.PAGE_PX, sum(parts))
    figure.suptitle(title, fontsize=style.LABEL_PT + 1, x=0.01, ha="left")
    top, middle, bottom = np.asarray(figure.subfigures(3, 1, height_ratios=parts))
    grid = top.subplots(len(heights), len(stretches), squeeze=False, sharex="col", height_ratios=heights)
    for column, (name, (edges_s, responses)) in zip(grid.T, stretches.items(), strict=True):
        for axes in column:
            style.plain(axes).set_xlim(edges_s[0], edges_s[-1])
        _rows(column, name, edges_s, responses)
        _spans(column[1], spans_s)
        for axes, (signal, (times_s, values)) in zip(column[2:], signals.items(), strict=True):
            _signal(axes, times_s, values)
            axes.set_ylabel(signal.replace("_", "\n"), rotation=0, ha="right", va="center")
    for axes, named in zip_longest(middle.subplots(1, FRAMES), first_frames.items()):
        axes.set_axis_off()
        if named is not None:
            axes.imshow(named[1], cmap="gray", vmin=0, vmax=255)
            axes.set_title(f"...{named[0][-15:]}" if len(named[0]) > 18 else named[0], fontsize=style.TICK_PT)
    _fields(bottom, fields)
    return figure


def _rows(column: Any, name: str, edges_s: Times, responses: Floats) -> None:
    """Responses, each unit's as a share of its own high bins."""
    top = np.maximum(np.percentile(responses, BRIGHTEST, axis=1), responses.max(1) / 4)
    shares = responses / np.where(top > 0, top, 1)[:, None]
    extent = (edges_s[0], edges_s[-1], len(responses) + 0.5, 0.5)
    column[0].imshow(shares, cmap="gray_r", vmin=0, vmax=1, aspect="auto", interpolation="nearest", extent=extent)
    column[0].yaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    style.heading(column[0], name).set_ylabel("units in order")
    column[-1].set_xlabel("time (s)")


def _spans(axes: Any, spans_s: Mapping[str, Times]) -> None:
    for place, (name, color) in enumerate(SPAN_COLORS.items()):
        axes.broken_barh([(on, off - on) for on, off in spans_s[name].tolist()], (place, 0.85), color=color, lw=0)
    axes.set(ylim=(0, 3), yticks=[0.43, 1.43, 2.43], yticklabels=SPAN_COLORS)


def _signal(axes: Any, times_s: Times, values: Floats) -> None:
    """A line that is broken where no sample lies for longer than usual."""
    inside = np.flatnonzero((times_s >= axes.get_xlim()[0]) & (times_s <= axes.get_xlim()[1]))
    some = inside[:: max(1, len(inside) // MOST_SAMPLES)]
    steps = np.diff(times_s[some], prepend=times_s[some][:1])
    gaps = np.flatnonzero(steps > GAP_STEPS * np.median(steps)) if len(some) else np.empty(0, int)
    axes.plot(np.insert(times_s[some], gaps, np.nan), np.insert(values[some], gaps, np.nan), color=style.INTACT, lw=0.7)


def _fields(figure: Any, fields: Mapping[str, Field]) -> None:
    said = "Spike-triggered averages over the first presentations, with the movies' own correlations left in"
    figure.suptitle(said, fontsize=style.LABEL_PT, x=0.01, ha="left")
    for (space, time), named in zip_longest(figure.subplots(2, FIELDS, height_ratios=[1.5, 1]).T, fields.items()):
        if named is None:
            space.set_axis_off(), time.set_axis_off()
            continue
        style.heading(field_map(space, named[1].spatial), named[0]).set(xticks=[], yticks=[], xlabel="", ylabel="")
        field_time_course(time, named[1].temporal, named[1].rate_hz)
