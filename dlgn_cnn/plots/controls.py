"""An MEI beside its controls: is it really what excites most, also to a model that took no part?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from dlgn_cnn.plots.style import ABOVE, CONDITION_COLORS, INTACT, LEGEND_PT, OBSERVED, SUPPRESSED, plain
from dlgn_cnn.shapes import Scores


@dataclass(frozen=True)
class ControlRates:
    """Rates (spikes/s) of one stimulus in each opto condition: of the fit itself, and of held-out models."""

    name: str
    intact_hz: float
    suppressed_hz: float
    held_out_intact_hz: float | None = None
    held_out_suppressed_hz: float | None = None


def control_bars(axes: Axes, rows: Sequence[ControlRates]) -> Axes:
    """A pair of bars a stimulus, by light: what the held-out models say, or the fit itself where there are none.

    Where there are held-out models, what the fit itself says is an open mark: far above the bar, the MEI is of one fit
    only.
    """
    held_out = any(row.held_out_intact_hz is not None for row in rows)
    places = np.arange(len(rows))
    for side, (condition, color) in enumerate(CONDITION_COLORS.items()):
        own = np.array([getattr(row, f"{condition}_hz") for row in rows], float)
        heard = np.array([_number(getattr(row, f"held_out_{condition}_hz")) for row in rows])
        x = places + (side - 0.5) * 0.38
        who = "other seeds" if held_out else "the fit itself"
        label = f"{who}, feedback {condition}"
        axes.bar(x, heard if held_out else own, 0.36, color=color, label=label)
        if held_out:
            axes.plot(x, own, "D", mfc="none", mec=OBSERVED, ms=4, label="the fit itself" if side else None)
    axes.set_xticks(places, [row.name.replace("_", "\n") for row in rows])
    axes.set(ylabel="rate (spikes/s)", ylim=(0, None), xlabel="stimulus, all at one norm")
    axes.legend(fontsize=LEGEND_PT, ncols=3, frameon=False, **ABOVE)
    return plain(axes)


def contrast_response(
    axes: Axes, contrast: Scores, intact_hz: Scores, suppressed_hz: Scores, label: str = "contrast (share of the MEI's)"
) -> Axes:
    """Rate under each light (point,) against the contrast (point,) at which one stimulus is shown.

    A light that divides the gain scales the curve, one that subtracts lowers it, and one that acts on contrast moves it
    sideways along a logarithmic axis.
    """
    order = np.argsort(contrast)
    for values, color, condition in ((intact_hz, INTACT, "intact"), (suppressed_hz, SUPPRESSED, "suppressed")):
        shown = np.asarray(values, float)[order]
        axes.plot(np.asarray(contrast)[order], shown, "o-", color=color, ms=4, lw=1.2, label=f"feedback {condition}")
    axes.set(xlabel=label, ylabel="rate (spikes/s)", ylim=(0, None))
    axes.legend(fontsize=LEGEND_PT, ncols=2, frameon=False, **ABOVE)
    return plain(axes)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
