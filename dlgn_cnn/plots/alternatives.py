"""What the figures show, in words: for those who do not see them, and the notes beside them."""

from collections.abc import Sequence

import numpy as np

from dlgn_cnn.plots.unit import UnitReport
from dlgn_cnn.shapes import Scores

RESPONSES_NOTE = (
    "Light suppresses the feedback where it is shaded. Rates of each condition are means over the presentations that "
    "were in it at that time, bars with their standard error; predictions are averaged over the same presentations."
)
FIELD_NOTE = "Regularized regression on the training scenes, of unit norm; red: bright excites, blue: dark excites."
MEI_NOTE = (
    "The last frames of the MEI with feedback intact (top) and suppressed (bottom), both under the same norm and range "
    "and on one gray scale; the gray level at each one's strongest pixel; what the model predicts for each MEI in each "
    "condition."
)
DISTANCE_NOTE = (
    "How far the MEIs of the two lights are apart, in the whole clip, in space, in time, in spectrum and in size, "
    "beside the same where there is nothing to find: in fits to shuffled labels of the light; without any, in fits "
    "from other seeds, or after the random starts were relabeled, which test training or synthesis, not the "
    "recording. Response: how much more each excites in its own light. q: false-discovery rate over the fit's units."
)
CONTROL_NOTE = (
    "All stimuli have one norm. Bars: what fits from other seeds predict, which took no part in the synthesis; "
    "diamonds: what the fit itself does."
)


def overview(correlations: Scores) -> str:
    """Of the histogram of scores and the scatter of light effects."""
    known = correlations[np.isfinite(correlations)]
    middle = f", median {np.median(known):.3f}" if len(known) else ""
    return f"Histogram of test correlations of {len(known)} units{middle}; light effect in data against model"


def curves(shown: Sequence[tuple[str, Scores]]) -> str:
    """Of learning curves."""
    ends = [f"{name.replace('_', ' ')} ends at {values[-1]:.3f}" for name, values in shown if len(values)]
    return f"Learning curves against epochs: {', '.join(ends)}"


def responses(unit: UnitReport) -> str:
    """Of a scene's raster and rates."""
    shown = 0 if unit.repeats is None else len(unit.repeats.counts)
    return (
        f"Predicted over observed rate of {unit.name} in {shown} presentations of one scene, light-on times shaded, "
        f"test correlation {_known(unit.correlation)}"
    )


def field(unit: UnitReport) -> str:
    """Of a receptive field."""
    return f"Receptive field of {unit.name} in space and its time course at the strongest pixel"


def meis(unit: UnitReport) -> str:
    """Of a pair of MEIs."""
    if unit.meis is None:
        return f"MEIs of {unit.name}"
    (kept, lost), (_, own) = unit.meis.responses_hz
    return (
        f"Film strips of the MEIs of {unit.name}: the intact MEI drives {kept:.1f} spikes/s with feedback and "
        f"{lost:.1f} without, the suppressed MEI {own:.1f} without"
    )


def distances(unit: UnitReport) -> str:
    """Of the feedback contrast and its null."""
    parts = [
        f"{row.view} {row.distance:.2f} (null {_known(row.null_distance)}, q {_known(row.q)})" for row in unit.distances
    ]
    return f"Distance between the MEIs of the two lights of {unit.name}: {', '.join(parts)}"


def controls(unit: UnitReport) -> str:
    """Of an MEI's controls."""
    parts = [
        f"{condition} MEI: " + ", ".join(f"{row.name.replace('_', ' ')} {_rate(row, condition):.1f}" for row in rows)
        for condition, rows in unit.controls.items()
    ]
    return (
        f"Rates in spikes/s that models predict for the controls of {unit.name}, in the MEI's own light. "
        + "; ".join(parts)
    )


def contrast_curves(unit: UnitReport) -> str:
    """Of contrast-response curves."""
    return f"Rate of {unit.name} against the contrast of each MEI, with feedback intact and suppressed"


def _rate(row: object, condition: str) -> float:
    held_out = getattr(row, f"held_out_{condition}_hz")
    return float(getattr(row, f"{condition}_hz") if held_out is None else held_out)


def _known(value: float | None) -> str:
    return "undefined" if value is None or not np.isfinite(value) else f"{value:.3f}"
