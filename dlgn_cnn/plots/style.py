"""How every figure looks: sizes, colors that the color-blind tell apart, and their way into a page."""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dlgn_cnn.errors import ConfigError

# Okabe & Ito's palette: blue and vermilion differ for every kind of color vision, and in print.
INTACT, SUPPRESSED, OBSERVED, QUIET = "#0072B2", "#D55E00", "#333333", "#BBBBBB"
# The rest of it for anything else that is told apart by color; its yellow is too pale for a line on white.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333")
CONDITION_COLORS = {"intact": INTACT, "suppressed": SUPPRESSED}
INCHES = 96  # pixels of a page
RESOLUTION_DPI = 144
LABEL_PT, TICK_PT, LEGEND_PT = 9, 8, 8  # of text, as printed at the figure's own size
FORMATS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
# What a file would say of when it was made, left out.
_UNDATED: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
# A legend on top of the axes instead of on top of the data.
ABOVE: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.98), "borderpad": 0.0, "handlelength": 1.2}


def new_figure(width_px: float, height_px: float) -> Figure:
    """A figure of a page's width and height, without the global state of an interactive session."""
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


def heading(axes: Axes, text: str, color: str = OBSERVED, pad: float | None = None) -> Axes:
    """A title at the left, which leaves room for a legend above the axes at the right."""
    axes.set_title(text, loc="left", fontsize=LABEL_PT, color=color, pad=pad)
    return axes


def png(figure: Figure) -> bytes:
    """The figure as PNG. The file says nothing of when or by what it was made, so equal figures are equal bytes."""
    return rendered(figure, "png")


def rendered(figure: Figure, form: str) -> bytes:
    """The figure as ``png``, ``svg`` or ``pdf``, undated. Raises ConfigError for another form."""
    if form not in FORMATS:
        raise ConfigError(f"a figure as {form!r}: choose from {', '.join(FORMATS)}")
    target = io.BytesIO()
    figure.savefig(target, format=form, metadata=_UNDATED[form])
    return target.getvalue()
