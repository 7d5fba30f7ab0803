"""How every figure looks: sizes, colours that the colour-blind tell apart, and their way into a page."""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe & Ito's palette: blue and vermilion differ for every kind of colour vision, and in print.
INTACT, SUPPRESSED, OBSERVED, QUIET = "#0072B2", "#D55E00", "#333333", "#BBBBBB"
INCHES = 96  # pixels of a page
RESOLUTION_DPI = 144
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
    axes.tick_params(labelsize=8)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_fontsize(9)
    return axes


def png(figure: Figure) -> bytes:
    """The figure as PNG. The file says nothing of when or by what it was made, so equal figures are equal bytes."""
    target = io.BytesIO()
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()
