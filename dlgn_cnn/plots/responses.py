"""A unit's responses to a scene that was shown again and again: spikes, and rates in both conditions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.metrics import OPTO_ON
from dlgn_cnn.plots.style import ABOVE, CONDITION_COLORS, LEGEND_PT, OBSERVED, QUIET, SUPPRESSED, heading, plain
from dlgn_cnn.plots.traces import BIN_FRAMES, opto_spans
from dlgn_cnn.shapes import Floats, Times


@dataclass(frozen=True)
class Repeats:
    """One unit's presentations of one scene, in order of onset.

    ``counts`` and ``predicted`` (presentation, time) are spikes a frame, observed and as the model predicts them under
    the light as it was; ``light`` (presentation, time) is the share of each frame that was lit; ``time_s`` (time,) the
    start of each frame in the presentation. Raises ConfigError where these shapes do not agree.
    """

    scene: str
    counts: Floats
    predicted: Floats
    light: Floats
    time_s: Times

    def __post_init__(self) -> None:
        shapes = {self.counts.shape, self.predicted.shape, self.light.shape}
        if len(shapes) != 1 or self.counts.shape[1:] != self.time_s.shape or len(self.time_s) < 2:
            raise ConfigError(
                f"repeats of counts {self.counts.shape}, predicted {self.predicted.shape}, light {self.light.shape}, "
                f"time {self.time_s.shape}: expected (presentation, time) thrice and (time,), 2 frames or more"
            )

    @property
    def frame_s(self) -> float:
        """Duration of a frame."""
        return float(np.diff(self.time_s).mean())

    def lit(self, condition: str) -> np.ndarray:
        """Which frames (presentation, time) belong to ``condition``: lit for half of their time or more, or less."""
        found = np.asarray(self.light >= OPTO_ON)
        return found if condition == "suppressed" else ~found


def raster(axes: Axes, repeats: Repeats) -> Axes:
    """Spikes, a row a presentation, in the color of the condition in which they fell; light-on times shaded.

    A spike is known to its frame: those of one frame are spread evenly over it.
    """
    for row, light in enumerate(repeats.light):
        spans = [(start, stop - start) for start, stop in opto_spans(repeats.time_s, light, repeats.frame_s)]
        label = "light on" if row == 0 else None
        axes.broken_barh(spans, (row + 0.5, 1), color=SUPPRESSED, alpha=0.15, lw=0, label=label)
    for condition, color in CONDITION_COLORS.items():
        shown = [
            spike_times(counts * own, repeats.time_s, repeats.frame_s)
            for counts, own in zip(repeats.counts, repeats.lit(condition), strict=True)
        ]
        places = list(range(1, len(shown) + 1))
        lines: Any = axes.eventplot(shown, lineoffsets=places, linelengths=0.8, linewidths=0.9, colors=color)
        lines[0].set_label(f"spike, feedback {condition}")
    count = len(repeats.counts)
    axes.set(xlim=_limits(repeats), ylim=(count + 0.5, 0.5), xlabel="time in presentation (s)", ylabel="presentation")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=LEGEND_PT, ncols=3, frameon=False, **ABOVE)
    return plain(axes)


def spike_times(counts: Floats, time_s: Times, frame_s: float) -> Times:
    """Times (spike,) of counts (time,), those of one frame spread evenly over it; parts of a spike are rounded."""
    whole = np.rint(np.asarray(counts, np.float64)).astype(int)
    frames = np.repeat(np.arange(len(whole)), whole)
    nth = np.concatenate([np.arange(count) for count in whole]) if len(frames) else np.zeros(0)
    return np.asarray(time_s[frames] + (nth + 0.5) / whole[frames] * frame_s if len(frames) else np.zeros(0))


def condition_rates(axes: Axes, repeats: Repeats, condition: str) -> Axes:
    """Predicted over observed rate in one condition: means over the presentations that were in it at each frame.

    Bars are means over ``BIN_FRAMES`` frames with their standard error over presentations where there are several; a
    gap is a time at which no presentation was in this condition. Predictions are averaged over the same presentations.
    """
    own, color = repeats.lit(condition), CONDITION_COLORS[condition]
    starts, means, errors = binned(repeats.counts, own, repeats.time_s, repeats.frame_s)
    width = BIN_FRAMES * repeats.frame_s
    label = f"observed, {width * 1000:.0f} ms bins"
    axes.bar(starts, means, width, align="edge", color=OBSERVED, alpha=0.3, lw=0, label=label)
    axes.errorbar(starts + width / 2, means, errors, fmt="none", ecolor=QUIET, elinewidth=0.8)
    predicted = condition_mean(repeats.predicted, own) / repeats.frame_s
    axes.plot(repeats.time_s + repeats.frame_s / 2, predicted, color=color, lw=1.3, label="predicted")
    axes.set(xlim=_limits(repeats), ylim=(0, None), xlabel="time in presentation (s)", ylabel="rate (spikes/s)")
    heading(axes, f"feedback {condition}", color)
    axes.legend(fontsize=LEGEND_PT, ncols=2, frameon=False, **ABOVE)
    return plain(axes)


def condition_mean(values: Floats, own: np.ndarray) -> Times:
    """Mean (time,) over the presentations of ``values`` (presentation, time) that are ``own``; NaN where none is."""
    count = own.sum(0)
    total = np.where(own, values, 0).sum(0, dtype=np.float64)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


def binned(counts: Floats, own: np.ndarray, time_s: Times, frame_s: float) -> tuple[Times, Times, Times]:
    """Start of each bin (s), and mean rate and standard error (spikes/s) over the presentations that are in it.

    A presentation is in a bin where any of its ``BIN_FRAMES`` frames is ``own``, and counts by those alone; a rest too
    short for a bin is left out. NaN where there is no presentation; no error of fewer than two.
    """
    bins = len(time_s) // BIN_FRAMES
    kept = slice(0, bins * BIN_FRAMES)
    shape = (len(counts), bins, BIN_FRAMES)
    chosen = own[:, kept].reshape(shape)
    frames = chosen.sum(-1)
    spikes = np.where(chosen, counts[:, kept].reshape(shape), 0).sum(-1, dtype=np.float64)
    rates = np.divide(spikes, frames * frame_s, out=np.full(frames.shape, np.nan), where=frames > 0)
    known = frames > 0
    number = known.sum(0)
    means = condition_mean(np.nan_to_num(rates), known)
    squares = condition_mean(np.square(np.nan_to_num(rates) - np.nan_to_num(means)), known)
    several = number > 1
    variance = np.divide(squares, number - 1, out=np.full(bins, np.nan), where=several)
    return np.asarray(time_s[kept][::BIN_FRAMES]), means, np.sqrt(variance)


def _limits(repeats: Repeats) -> tuple[float, float]:
    return float(repeats.time_s[0]), float(repeats.time_s[-1]) + repeats.frame_s
