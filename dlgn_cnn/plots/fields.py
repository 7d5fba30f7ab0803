"""Pictures in space and time: receptive fields and maximally exciting inputs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.plots.style import ABOVE, INTACT, LEGEND_PT, OBSERVED, QUIET, SUPPRESSED, TICK_PT, plain, small
from dlgn_cnn.shapes import Floats

MINUS = "\N{MINUS SIGN}"


def field_map(axes: Axes, field: Floats) -> Axes:
    """A receptive field (height, width) at one lag: red excites when bright, blue when dark, white is nothing."""
    reach = float(np.abs(field).max()) or 1.0
    axes.imshow(field, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
    axes.set(xlabel="x (px)", ylabel="y (px)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    return small(axes)


def field_time_course(axes: Axes, course: Floats, rate_hz: float) -> Axes:
    """A receptive field (lag,) at its peak pixel, as a share of its peak, against time before the spike (ms)."""
    peak = float(np.abs(course).max()) or 1.0
    axes.axhline(0, color=QUIET, lw=0.8)
    axes.plot(np.arange(len(course)) * 1000 / rate_hz, np.asarray(course) / peak, color=OBSERVED, lw=1.2)
    axes.invert_xaxis()
    axes.set(xlabel="before the spike (ms)", ylabel="weight / peak", ylim=(-1.1, 1.1))
    return plain(axes)


def frame_strip(
    axes: Axes, stimulus: Floats, rate_hz: float, frames: int, every: int, reach: float | None = None
) -> Axes:
    """The last ``frames`` frames of a stimulus (time, height, width), ``every`` frames apart, the last at the right.

    ``reach`` is the gray level (in standard deviations) at which black and white lie; the stimulus' own, without.
    Fewer are shown of a shorter stimulus; its end stays at the right.
    """
    limit = reach or float(np.abs(stimulus).max()) or 1.0
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
    """A time before the end of a stimulus as the label of a frame."""
    return f"{MINUS if lag_s else ''}{1000 * lag_s:.0f} ms"


def gray_scale(axes: Axes, *others: Axes) -> None:
    """A bar of gray levels beside film strips that share one scale."""
    (image,) = [one for one in axes.images if isinstance(one, AxesImage)]
    bar = axes.figure.colorbar(image, ax=[axes, *others], shrink=0.9, pad=0.01, aspect=30)
    bar.set_label("gray level (s.d.)", size=TICK_PT)
    bar.ax.tick_params(labelsize=TICK_PT)


def space_time(axes: Axes, stimulus: Floats, rate_hz: float, reach: float | None = None) -> Axes:
    """A stimulus (time, height, width) along the row of its strongest pixel: x against time to its end."""
    limit = reach or float(np.abs(stimulus).max()) or 1.0
    row = int(np.unravel_index(np.abs(stimulus).argmax(), stimulus.shape)[1])
    start_ms = -len(stimulus) * 1000 / rate_hz
    extent = (start_ms, 0.0, stimulus.shape[2] - 0.5, -0.5)
    shown = np.asarray(stimulus[:, row, :]).T
    axes.imshow(shown, cmap="gray", vmin=-limit, vmax=limit, extent=extent, aspect="auto", interpolation="nearest")
    axes.set(xlabel="to the end of the MEI (ms)", ylabel="x (px)")
    return small(axes)


def condition_courses(axes: Axes, intact: Floats, suppressed: Floats, rate_hz: float) -> Axes:
    """Gray level at each MEI's strongest pixel against time to its end (ms); each (time, height, width)."""
    axes.axhline(0, color=QUIET, lw=0.8)
    for stimulus, color, name in ((intact, INTACT, "intact"), (suppressed, SUPPRESSED, "suppressed")):
        _, row, column = np.unravel_index(np.abs(stimulus).argmax(), stimulus.shape)
        time_ms = (np.arange(len(stimulus)) - len(stimulus) + 1) * 1000 / rate_hz
        axes.plot(time_ms, stimulus[:, row, column], color=color, lw=1.2, label=name)
    axes.set(xlabel="to the end of the MEI (ms)", ylabel="gray level (s.d.)")
    axes.legend(fontsize=LEGEND_PT, frameon=False, ncols=2, **ABOVE)
    return plain(axes)
