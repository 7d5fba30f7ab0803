"""How fits went: a figure an epoch."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.plots.style import LEGEND_PT, SERIES, plain
from dlgn_cnn.shapes import Scores

QUANTITIES = {
    "loss": "training loss (nats a unit and frame)",
    "validation_loss": "validation loss (nats a unit and frame)",
    "validation_correlation": "validation correlation (Pearson)",
    "samples_per_s": "training speed (windows/s)",
}
MOST_NAMED = len(SERIES)


def learning_curves(axes: Axes, curves: Mapping[str, Scores], quantity: str = "validation_correlation") -> Axes:
    """One quantity of ``QUANTITIES`` a fit (epoch,), NaN where it was not taken; the best epoch of each is marked."""
    best = np.nanargmin if "loss" in quantity else np.nanargmax
    for index, (name, values) in enumerate(curves.items()):
        color, shown = SERIES[index % len(SERIES)], np.asarray(values, float)
        axes.plot(np.arange(len(shown)), shown, color=color, lw=1.2, label=name)
        if np.isfinite(shown).any() and quantity != "samples_per_s":
            axes.plot(best(shown), shown[best(shown)], "o", color=color, ms=4)
    axes.set(xlabel="epoch", ylabel=QUANTITIES[quantity])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if 1 < len(curves) <= MOST_NAMED:
        axes.legend(fontsize=LEGEND_PT, frameon=False)
    return plain(axes)
