"""How well units are predicted, and what the light does to them."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.plots.style import ABOVE, INTACT, LEGEND_PT, OBSERVED, QUIET, SUPPRESSED, plain
from dlgn_cnn.shapes import Scores


def correlation_histogram(axes: Axes, correlations: Scores) -> Axes:
    """Test correlations (unit,) of all units and their median; undefined ones are counted in the title."""
    known = correlations[np.isfinite(correlations)]
    missing = len(correlations) - len(known)
    axes.hist(known, bins=[step / 20 for step in range(-4, 21)], color=INTACT, alpha=0.7)
    if len(known):
        axes.axvline(float(np.median(known)), color=OBSERVED, lw=1.2, ls="--")
        axes.set_title(
            f"median {np.median(known):.3f} of {len(known)} units" + f", {missing} undefined" * bool(missing)
        )
    axes.set(xlabel="test correlation with single trials (Pearson)", ylabel="number of units")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return plain(axes)


def opto_scatter(axes: Axes, data_omi: Scores, model_omi: Scores) -> Axes:
    """The light's effect (unit,) in the data and in the model. OMI = (on - off) / (on + off), in [-1, 1]."""
    both = np.isfinite(data_omi) & np.isfinite(model_omi)
    limit = max(0.1, float(np.abs(np.concatenate([data_omi[both], model_omi[both], [0.0]])).max())) * 1.1
    axes.axhline(0, color=QUIET, lw=0.8)
    axes.axvline(0, color=QUIET, lw=0.8)
    axes.plot([-limit, limit], [-limit, limit], color=QUIET, lw=0.8, ls=":")
    axes.scatter(data_omi[both], model_omi[both], s=14, color=SUPPRESSED, alpha=0.8, lw=0)
    axes.set(
        xlabel="OMI in the data (from \N{MINUS SIGN}1 to 1)",
        ylabel="OMI in the model (from \N{MINUS SIGN}1 to 1)",
        xlim=(-limit, limit),
        ylim=(-limit, limit),
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, symmetric=True))
    axes.set_aspect("equal")
    if both.sum() > 2:
        axes.set_title(f"r = {np.corrcoef(data_omi[both], model_omi[both])[0, 1]:.3f}, {both.sum()} units")
    return plain(axes)


def response_bars(axes: Axes, responses_hz: Scores) -> Axes:
    """What the model says to both MEIs under both conditions: (stimulus, light), intact before suppressed."""
    places = np.arange(2)
    for light, (color, name) in enumerate(((INTACT, "light off"), (SUPPRESSED, "light on"))):
        axes.bar(places + (light - 0.5) * 0.38, responses_hz[:, light], 0.36, color=color, label=name)
    axes.set_xticks(places, ["MEI\nintact", "MEI\nsuppressed"])
    axes.set(ylabel="rate (spikes/s)", ylim=(0, float(np.max(responses_hz)) * 1.05 + 1e-9))
    axes.legend(fontsize=LEGEND_PT, frameon=False, ncols=2, **ABOVE)
    return plain(axes)


def score_distributions(axes: Axes, scores: Mapping[str, Scores], label: str = "test correlation (Pearson)") -> Axes:
    """A row a fit, best median on top: each unit's score (unit,), and the median with the quartiles over it."""
    known = {name: values[np.isfinite(values)] for name, values in scores.items()}
    order = sorted(known, key=lambda name: float(np.median(known[name])) if len(known[name]) else -np.inf)
    for place, name in enumerate(order):
        values = np.sort(known[name])
        # Spread by rank, as a golden ratio's multiples are, so that neighbors in score do not lie on one another.
        spread = ((np.arange(len(values)) * 0.618) % 1 - 0.5) * 0.6
        axes.scatter(values, place + spread, s=8, color=INTACT, alpha=0.35, lw=0)
        if len(values):
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
            axes.plot([low, high], [place, place], color=OBSERVED, lw=2.5, solid_capstyle="butt")
            axes.plot(middle, place, "o", color=SUPPRESSED, ms=6)
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel=label, ylabel="fit", ylim=(-0.6, len(order) - 0.4))
    axes.axvline(0, color=QUIET, lw=0.8, zorder=0)
    return plain(axes)
