"""Statements about a unit: an effect only where a test finds one, and no more than its null allows."""

from collections.abc import Mapping, Sequence
from typing import Any

from dlgn_cnn.plots.feedback_contrast import NULL_NAMES, ViewDistance

CHANCE = 0.05
WEAK = {
    "members": " This null tests the training, not the recording: fit shuffled light to know.",
    "starts": " This null tests the synthesis, not the recording: fit shuffled light to know.",
}


def opto_sentence(row: Mapping[str, Any]) -> str:
    """The effect of light on a unit's mean rate, in words."""
    kept, lost, omi, q = (row.get(f"data_{name}") for name in ("intact_hz", "suppressed_hz", "omi", "omi_q"))
    if omi is None or kept is None or lost is None:
        return "The effect of light on its mean rate is not known."
    rates = f"{kept:.2f} spikes/s with feedback, {lost:.2f} without"
    if q is None or q >= CHANCE:
        said = f"q = {q:.2g}" if q is not None else "no test"
        return f"Light: no effect on the mean rate is established ({rates}; OMI {omi:+.3f}, {said})."
    return f"Light: it {'raises' if omi > 0 else 'lowers'} the mean rate ({rates}; OMI {omi:+.3f}, q = {q:.2g})."


def feedback_contrast_sentence(distances: Sequence[ViewDistance], extents: tuple[float, float] | None) -> str:
    """The feedback contrast of a unit's MEIs in words; of a weak null, no more than it can say."""
    size = (
        "" if extents is None else f" Radius of the energy: {extents[0]:.2f} px intact, {extents[1]:.2f} px suppressed."
    )
    known = [row for row in distances if row.null_distance is not None]
    if not known:
        return f"There is no null for these MEIs: their distance says nothing yet.{size}"
    clear = [row.view for row in known if row.q is not None and row.q < CHANCE]
    kinds = {row.null_kind for row in known}
    kind = kinds.pop() if len(kinds) == 1 else ""
    what = NULL_NAMES.get(kind, "the null")
    found = f"differ beyond {what} in: {', '.join(clear)}" if clear else f"differ no more than {what} do"
    return f"The MEIs of the two conditions {found}.{WEAK.get(kind, '')}{size}"
