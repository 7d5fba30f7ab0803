"""Predicted over observed rates."""

import numpy as np
from matplotlib.axes import Axes

from dlgn_cnn.plots.style import ABOVE, INTACT, LEGEND_PT, OBSERVED, SUPPRESSED, plain
from dlgn_cnn.shapes import Floats, Times

BIN_FRAMES = 3


def rate_trace(axes: Axes, time_s: Times, observed_hz: Floats, predicted_hz: Floats, light: Floats) -> Axes:
    """One presentation: observed rate as bars, the prediction over it, light-on times shaded; all (time,).

    Observed rates are means over ``BIN_FRAMES`` frames; a rest too short for a bar is not shown.
    """
    width = float(np.diff(time_s).mean())
    bars = len(time_s) // BIN_FRAMES
    heights = observed_hz[: bars * BIN_FRAMES].reshape(bars, BIN_FRAMES).mean(1)
    label = f"observed, {BIN_FRAMES * width * 1000:.0f} ms bins"
    starts = time_s[: bars * BIN_FRAMES : BIN_FRAMES]
    axes.bar(starts, heights, width * BIN_FRAMES, align="edge", color=OBSERVED, alpha=0.35, label=label)
    axes.plot(time_s + width / 2, predicted_hz, color=INTACT, lw=1.2, label="predicted")
    for index, (start, stop) in enumerate(opto_spans(time_s, light, width)):
        axes.axvspan(start, stop, color=SUPPRESSED, alpha=0.15, lw=0, label="light on" if index == 0 else None)
    axes.set(xlabel="time in presentation (s)", ylabel="rate (spikes/s)", xlim=(time_s[0], time_s[-1] + width))
    axes.legend(fontsize=LEGEND_PT, ncols=3, frameon=False, **ABOVE)
    return plain(axes)


def opto_spans(time_s: Times, light: Floats, width: float) -> list[tuple[float, float]]:
    """Start and stop (s) of every run of frames in which the light is on."""
    edges = np.diff(np.concatenate([[0], np.asarray(light) > 0, [0]]).astype(int))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(float(time_s[start]), float(time_s[stop]) + width) for start, stop in zip(starts, stops, strict=True)]
