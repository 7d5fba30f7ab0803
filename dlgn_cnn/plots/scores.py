"""How well units are predicted, and what the light does to them."""

import numpy as np
from matplotlib.axes import Axes

from dlgn_cnn.plots.style import ABOVE, INTACT, OBSERVED, QUIET, SUPPRESSED, plain
from dlgn_cnn.shapes import Floats


def correlation_histogram(axes: Axes, correlations: Floats) -> Axes:
    """Test correlations (unit,) of all units and their median; undefined ones are counted in the title."""
    known = correlations[np.isfinite(correlations)]
    missing = len(correlations) - len(known)
    axes.hist(known, bins=[step / 20 for step in range(-4, 21)], color=INTACT, alpha=0.7)
    if len(known):
        axes.axvline(float(np.median(known)), color=OBSERVED, lw=1.2, ls="--")
        axes.set_title(
            f"median {np.median(known):.3f} of {len(known)} units" + f", {missing} undefined" * bool(missing)
        )
    axes.set(xlabel="test correlation with single trials", ylabel="units")
    return plain(axes)


def light_scatter(axes: Axes, data_omi: Floats, model_omi: Floats) -> Axes:
    """The light's effect (unit,) in the data and in the model. OMI = (on - off) / (on + off), in [-1, 1]."""
    both = np.isfinite(data_omi) & np.isfinite(model_omi)
    reach = max(0.1, float(np.abs(np.concatenate([data_omi[both], model_omi[both], [0.0]])).max())) * 1.1
    axes.axhline(0, color=QUIET, lw=0.8)
    axes.axvline(0, color=QUIET, lw=0.8)
    axes.plot([-reach, reach], [-reach, reach], color=QUIET, lw=0.8, ls=":")
    axes.scatter(data_omi[both], model_omi[both], s=14, color=SUPPRESSED, alpha=0.8, lw=0)
    axes.set(xlabel="OMI in the data", ylabel="OMI in the model", xlim=(-reach, reach), ylim=(-reach, reach))
    axes.set_aspect("equal")
    if both.sum() > 2:
        axes.set_title(f"r = {np.corrcoef(data_omi[both], model_omi[both])[0, 1]:.3f}, {both.sum()} units")
    return plain(axes)


def response_bars(axes: Axes, responses_hz: Floats) -> Axes:
    """What the model says to both MEIs under both conditions: (stimulus, light), intact before suppressed."""
    places = np.arange(2)
    for light, (colour, name) in enumerate(((INTACT, "light off"), (SUPPRESSED, "light on"))):
        axes.bar(places + (light - 0.5) * 0.38, responses_hz[:, light], 0.36, color=colour, label=name)
    axes.set_xticks(places, ["MEI\nintact", "MEI\nsuppressed"])
    axes.set(ylabel="rate (1/s)", ylim=(0, float(np.max(responses_hz)) * 1.05 + 1e-9))
    axes.legend(fontsize=7, frameon=False, ncols=2, **ABOVE)
    return plain(axes)
