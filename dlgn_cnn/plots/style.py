"""Style of all figures: sizes, colors that color-blind readers tell apart, numbers as text, and files."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dlgn_cnn.errors import ConfigError

# Okabe & Ito's palette: blue and vermilion differ for every kind of color vision, and in print.
INTACT, SUPPRESSED, OBSERVED, QUIET = "#0072B2", "#D55E00", "#333333", "#BBBBBB"
# The rest of it for anything else that is told apart by color; its yellow is too pale for a line on white.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
CONDITION_COLORS = {"intact": INTACT, "suppressed": SUPPRESSED}
PAGE_PX = 1080
INCHES = 96  # pixels of a page
RESOLUTION_DPI = 144
LABEL_PT, TICK_PT, LEGEND_PT = 9, 8, 8  # of text, as printed at the figure's own size
FORMATS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
# The date and the program, left out of each kind of file.
_UNDATED: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


def new_figure(width_px: float, height_px: float) -> Figure:
    """A figure of a page's width and height, without the global state of pyplot."""
    figure = Figure(figsize=(width_px / INCHES, height_px / INCHES), dpi=RESOLUTION_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes) -> Axes:
    """Leave only the left and bottom frame, and small type."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return small(axes)


def small(axes: Axes) -> Axes:
    """Type as small as print allows, the frame as it is."""
    axes.tick_params(labelsize=TICK_PT)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_fontsize(LABEL_PT)
    return axes


def legend_above(axes: Axes, columns: int) -> Axes:
    """Plain axes with a legend on top of them instead of on top of the data."""
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.98), "borderpad": 0.0}
    axes.legend(fontsize=LEGEND_PT, ncols=columns, frameon=False, handlelength=1.2, **place)
    return plain(axes)


def heading(axes: Axes, text: str, color: str = OBSERVED, pad: float | None = None) -> Axes:
    """A title at the left, which leaves room for a legend above the axes at the right.

    Parameters
    ----------
    axes : Axes
        Axes to give a title.
    text : str
        The title.
    color : str, default OBSERVED
        Color of the title.
    pad : float, optional
        Distance from the axes in points (default: matplotlib's own).

    Returns
    -------
    Axes
        The same axes.
    """
    axes.set_title(text, loc="left", fontsize=LABEL_PT, color=color, pad=pad)
    return axes


def limit_of(values: Sequence[float] | np.ndarray) -> float:
    """The largest absolute value, or 1 where all are 0: the end of a scale around 0.

    >>> limit_of([0.5, -2.0])
    2.0
    """
    return float(np.abs(values).max()) or 1.0


def number(value: float | None, form: str = ".3f", absent: str = "undefined") -> str:
    """A number as text.

    Parameters
    ----------
    value : float or None
        The number.
    form : str, default ".3f"
        Format specification.
    absent : str, default "undefined"
        Text for None, NaN and infinity.

    Returns
    -------
    str
        The formatted number, or ``absent``.

    Examples
    --------
    >>> number(0.0004, ".2g"), number(None), number(np.nan, absent="no ceiling")
    ('0.0004', 'undefined', 'no ceiling')
    """
    return absent if value is None or not np.isfinite(value) else format(value, form)


def rendered(figure: Figure, form: str) -> bytes:
    """The figure as ``png``, ``svg`` or ``pdf``, undated. Raises ConfigError for another form.

    >>> rendered(new_figure(96, 96), "pdf")[:4]
    b'%PDF'
    """
    if form not in FORMATS:
        raise ConfigError(f"a figure as {form!r}: choose from {', '.join(FORMATS)}")
    target = io.BytesIO()
    figure.savefig(target, format=form, metadata=_UNDATED[form])
    return target.getvalue()
