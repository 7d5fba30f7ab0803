"""Sections on a unit, a figure each with its words: the same on the live page and in the report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure

from dlgn_cnn.plots.feedback_contrast import (
    NULL_NAMES,
    ContrastCurve,
    ControlRates,
    ViewDistance,
    contrast_response_figure,
    controls_figure,
    distance_figure,
)
from dlgn_cnn.plots.fields import Field, MEIPair, field_figure, mei_figure
from dlgn_cnn.plots.responses import Repeats, responses_figure, responses_px
from dlgn_cnn.plots.style import PAGE_PX, number

CHANCE = 0.05
WEAK = {
    "members": " This null tests the training, not the recording: fit shuffled light to know.",
    "starts": " This null tests the synthesis, not the recording: fit shuffled light to know.",
}


@dataclass(frozen=True)
class UnitReport:
    """All that is shown of one unit; unknown fields are None or empty.

    Parameters
    ----------
    session : str
        Name of the session.
    unit : int
        Number of the unit in it.
    scores : mapping of str to float or None
        By the names of columns: ``correlation``, ``normalized_correlation`` (over its noise ceiling), ``data_omi``,
        ``data_omi_p`` (of the index where the light does nothing), ``data_omi_q`` (false-discovery rate over all
        units), and ``model_omi``; ``data_intact_hz`` and ``data_suppressed_hz``, its mean rates.
    repeats : Repeats, optional
        Presentations of a test scene.
    receptive_field : Field, optional
        Its receptive field.
    meis : MEIPair, optional
        Its MEIs of one random start.
    distances : sequence of ViewDistance
        Distances between its MEIs.
    extents : (float, float), optional
        Radius of the energy (px) of its intact and suppressed MEI.
    controls : mapping of str to sequence of ControlRates
        The controls by the condition of the MEI that they belong to.
    contrast_curves : mapping of str to ContrastCurve
        Contrast responses by the condition of the MEI.
    """

    session: str
    unit: int
    scores: Mapping[str, Any] = field(default_factory=dict)
    repeats: Repeats | None = None
    receptive_field: Field | None = None
    meis: MEIPair | None = None
    distances: Sequence[ViewDistance] = ()
    extents: tuple[float, float] | None = None
    controls: Mapping[str, Sequence[ControlRates]] = field(default_factory=dict)
    contrast_curves: Mapping[str, ContrastCurve] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Session and unit.

        >>> UnitReport("Mouse_s01_e01", 7).name
        'Mouse_s01_e01 unit 7'
        """
        return f"{self.session} unit {self.unit}"


@dataclass(frozen=True)
class Section:
    """One figure of a unit, with its words.

    Parameters
    ----------
    name : str
        Name of the figure in a URL.
    title : str
        Heading.
    holds : str
        The field of ``UnitReport`` that it shows.
    figure : callable
        Draws that field.
    alt : callable
        Describes the figure of a ``UnitReport`` in words.
    note : str
        Caption.
    size_px : (int, int)
        Width and height.
    absent : str, default ""
        Said in its place where there is nothing to show; without it, the section is left out.
    """

    name: str
    title: str
    holds: str
    figure: Callable[[Any], Figure]
    alt: Callable[[UnitReport], str]
    note: str
    size_px: tuple[int, int]
    absent: str = ""

    def of(self, unit: UnitReport) -> Any:
        """The field of a unit that the section shows, None or empty where it is unknown."""
        return getattr(unit, self.holds)


def sections_of(unit: UnitReport) -> list[Section]:
    """The sections of a unit: those with a figure, and those that say what is absent.

    Sections on MEIs are left out where there are none.

    >>> [section.name for section in sections_of(UnitReport("Mouse_s01_e01", 7))]
    ['meis']
    """
    return [one for one in SECTIONS.values() if one.of(unit) or (one.absent and (unit.meis or one.holds == "meis"))]


def _responses(unit: UnitReport) -> str:
    said = f"Raster and predicted over observed rates of {unit.name} in both conditions, light-on times shaded"
    return f"{said}, test correlation {number(unit.scores.get('correlation'))}"


def _meis(unit: UnitReport) -> str:
    if unit.meis is None:
        return f"MEIs of {unit.name}"
    (kept, lost), (_, own) = unit.meis.responses_hz
    return (
        f"Film strips of the MEIs of {unit.name}: the intact MEI drives {kept:.1f} spikes/s with feedback and "
        f"{lost:.1f} without, the suppressed MEI {own:.1f} without"
    )


def _controls(unit: UnitReport) -> str:
    said = [
        f"{condition} MEI: " + ", ".join(f"{row.name.replace('_', ' ')} {row.rate_hz(condition):.1f}" for row in rows)
        for condition, rows in unit.controls.items()
    ]
    lead = f"Rates in spikes/s that models predict for the controls of {unit.name}, in the MEI's own light. "
    return lead + "; ".join(said)


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


_SECTIONS = (
    Section(
        *("responses", "Responses in both conditions", "repeats", responses_figure, _responses),
        "Light suppresses the feedback where it is shaded. Rates of each condition are means over the presentations "
        "that were in it at that time, bars with their standard error; predictions are averaged over the same "
        "presentations.",
        (PAGE_PX, responses_px(1)),
    ),
    Section(
        *("field", "Receptive field", "receptive_field", field_figure),
        lambda unit: f"Receptive field of {unit.name} in space and its time course at the strongest pixel",
        "Regularized regression on the training scenes, of unit norm; red: bright excites, blue: dark excites.",
        (520, 210),
    ),
    Section(
        *("meis", "Maximally exciting inputs", "meis", mei_figure, _meis),
        "The last frames of the MEI with feedback intact (top) and suppressed (bottom), both under the same norm and "
        "range and on one gray scale; the gray level at each one's strongest pixel; the rates that the model "
        "predicts for each MEI in each condition.",
        (PAGE_PX, 400),
        "No MEIs were requested for this unit.",
    ),
    Section(
        *("distance", "Feedback contrast, and its null", "distances", distance_figure),
        lambda unit: f"Distance between the MEIs of the two conditions of {unit.name} in each view, next to its null",
        "Distances between the MEIs of the two conditions in the whole clip, in space, in time, in spectrum and in "
        "size, next to the same where there is nothing to find: in fits to shuffled labels of the light; without any, "
        "in fits from other seeds, or after the random starts were relabeled, which test training or synthesis, not "
        "the recording. Response: how much more each excites in its own light. q: false-discovery rate over the fit's "
        "units.",
        (720, 290),
        "The feedback contrast of these MEIs is not computed yet.",
    ),
    Section(
        *("controls", "Controls", "controls", controls_figure, _controls),
        "All stimuli have one norm. Bars: predictions of fits from other seeds, which took no part in the synthesis; "
        "diamonds: those of the fit itself.",
        (PAGE_PX, 280),
        "No controls of these MEIs: request them with controls: true.",
    ),
    Section(
        *("contrasts", "Contrast response", "contrast_curves", contrast_response_figure),
        lambda unit: f"Rate of {unit.name} against the contrast of each MEI, with feedback intact and suppressed",
        "Each MEI shown at shares of its contrast, as fits from other seeds predict where there are any.",
        (PAGE_PX, 260),
    ),
)
SECTIONS = {section.name: section for section in _SECTIONS}
