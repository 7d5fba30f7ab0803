"""Scores: their columns in tables, learning curves, correlations of units, and the effect of light on them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dlgn_cnn.plots.style import INTACT, LEGEND_PT, OBSERVED, QUIET, SERIES, SUPPRESSED, number, plain
from dlgn_cnn.shapes import Scores

QUANTITIES = {
    "loss": "training loss (nats a unit and frame)",
    "validation_correlation": "validation correlation (Pearson)",
}


class ScoreColumn(NamedTuple):
    """How a score is shown.

    Parameters
    ----------
    label : str
        Its name for readers.
    form : str, default ".3f"
        Format of numbers, which d3 and Python read alike.
    meaning : str, default ""
        Explanation.
    absent : str, default "undefined"
        Text for None, NaN and infinity.

    Examples
    --------
    >>> COLUMNS["data_omi"].text(0.25), COLUMNS["normalized_correlation"].text(None)
    ('+0.250', 'no ceiling')
    """

    label: str
    form: str = ".3f"
    meaning: str = ""
    absent: str = "undefined"

    def text(self, value: float | None) -> str:
        """A value as text."""
        return number(value, self.form, self.absent)


_OMI, _NULL = "(on - off) / (on + off)", "the MEIs of both conditions, against the strongest null"
COLUMNS = {
    "mean_correlation": ScoreColumn(
        "test correlation", ".3f", "Pearson, single trials, mean over units", "not scored yet"
    ),
    "score": ScoreColumn("validation correlation", meaning="score that the trainer returned: mean over units"),
    "fit_seconds": ScoreColumn("fit (s)", ".0f", "wall-clock time of the fit"),
    "parameters": ScoreColumn("parameters", ",d", "of the model"),
    "correlation": ScoreColumn("test correlation", meaning="Pearson, single trials"),
    "normalized_correlation": ScoreColumn(
        "normalized", ".3f", "of the average of repeats over its ceiling", "no ceiling"
    ),
    "bits_per_spike": ScoreColumn("bits/spike", meaning="over the mean rate of training"),
    "data_omi": ScoreColumn("OMI in data", "+.3f", _OMI),
    "data_omi_p": ScoreColumn("OMI p", ".2g", "under permutations of the light"),  # a p of 0.0004 is not 0
    "data_omi_q": ScoreColumn("OMI q", ".2g", "false-discovery rate over the fit's units"),
    "data_omi_session_q": ScoreColumn("OMI q in session", ".2g", "false-discovery rate over the session's units"),
    "model_omi": ScoreColumn("OMI in model", "+.3f", _OMI),
    "data_rmi": ScoreColumn("RMI in data", "+.3f", "(running - still) / (running + still)"),
    "data_emi": ScoreColumn("EMI in data", "+.3f", "(large pupil - small pupil) / (large pupil + small pupil)"),
    "mei_starts": ScoreColumn("MEI starts", "d", "number of MEIs in each condition", "none"),
    "mei_intact_hz": ScoreColumn("MEI intact (Hz)", ".1f", "predicted for its intact MEIs, light off", "none"),
    "mei_suppressed_hz": ScoreColumn(
        "MEI suppressed (Hz)", ".1f", "predicted for its suppressed MEIs, light on", "none"
    ),
    "clip_effect": ScoreColumn("MEI effect (s.d.)", "+.2f", f"distance of {_NULL}"),
    "clip_q": ScoreColumn("MEI q", ".2g", f"distance of {_NULL}"),
    "extent_effect": ScoreColumn("size effect (s.d.)", "+.2f", f"size of {_NULL}"),
    "extent_q": ScoreColumn("size q", ".2g", f"size of {_NULL}"),
}
# The scores of a unit that the report, the page of its fit and its own show.
UNIT_SCORES = ("correlation", "normalized_correlation", "data_omi", "data_omi_p", "data_omi_q", "model_omi")


def learning_curves(axes: Axes, curves: Mapping[str, Scores], quantity: str = "validation_correlation") -> Axes:
    """One quantity of each fit against epochs; the best epoch of each is marked.

    Parameters
    ----------
    axes : Axes
        Axes to draw on.
    curves : mapping of str to ndarray, shape (epoch,)
        Values of each fit by its name, NaN where they were not taken.
    quantity : str, default "validation_correlation"
        One of ``QUANTITIES``.

    Returns
    -------
    Axes
        The same axes.

    Examples
    --------
    >>> from dlgn_cnn.plots.style import new_figure
    >>> axes = learning_curves(new_figure(300, 200).subplots(), {"fit": np.array([0.1, 0.3, 0.2])})
    >>> float(axes.lines[1].get_xdata()[0])
    1.0
    """
    best = np.nanargmin if "loss" in quantity else np.nanargmax
    for index, (name, values) in enumerate(curves.items()):
        color, shown = SERIES[index % len(SERIES)], np.asarray(values, float)
        axes.plot(np.arange(len(shown)), shown, color=color, lw=1.2, label=name)
        if np.isfinite(shown).any():
            axes.plot([best(shown)], [shown[best(shown)]], "o", color=color, ms=4)
    axes.set(xlabel="epoch", ylabel=QUANTITIES[quantity])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if 1 < len(curves) <= len(SERIES):
        axes.legend(fontsize=LEGEND_PT, frameon=False)
    return plain(axes)


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
    """Opto modulation index in the data against that in the model, OMI = (on - off) / (on + off).

    Parameters
    ----------
    axes : Axes
        Axes to draw on.
    data_omi : ndarray, shape (unit,)
        Index of each unit in the data, from -1 to 1; undefined is NaN, and not drawn.
    model_omi : ndarray, shape (unit,)
        Index of each unit in the model.

    Returns
    -------
    Axes
        The same axes.
    """
    both = np.isfinite(data_omi) & np.isfinite(model_omi)
    limit = max(0.1, float(np.abs(np.concatenate([data_omi[both], model_omi[both], [0.0]])).max())) * 1.1
    ends = (-limit, limit)
    axes.axhline(0, color=QUIET, lw=0.8)
    axes.axvline(0, color=QUIET, lw=0.8)
    axes.plot(ends, ends, color=QUIET, lw=0.8, ls=":")
    axes.scatter(data_omi[both], model_omi[both], s=14, color=SUPPRESSED, alpha=0.8, lw=0)
    span = "(from \N{MINUS SIGN}1 to 1)"
    axes.set(xlabel=f"OMI in the data {span}", ylabel=f"OMI in the model {span}", xlim=ends, ylim=ends)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, symmetric=True))
    axes.set_aspect("equal")
    if both.sum() > 2:
        axes.set_title(f"r = {np.corrcoef(data_omi[both], model_omi[both])[0, 1]:.3f}, {both.sum()} units")
    return plain(axes)


def score_distributions(axes: Axes, scores: Mapping[str, Scores]) -> Axes:
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
    axes.set(xlabel="test correlation (Pearson)", ylabel="fit", ylim=(-0.6, len(order) - 0.4))
    axes.axvline(0, color=QUIET, lw=0.8, zorder=0)
    return plain(axes)
