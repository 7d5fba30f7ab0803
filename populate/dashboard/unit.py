"""Page of a unit: its responses, what the model predicts, its MEIs in each condition, and how these are tested."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import html

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.feedback_contrast import ViewDistance
from dlgn_cnn.plots.fields import MEIPair
from dlgn_cnn.plots.responses import responses_px
from dlgn_cnn.plots.scores import COLUMNS, UNIT_SCORES
from dlgn_cnn.plots.style import number
from dlgn_cnn.plots.unit import SECTIONS, Section, UnitReport, feedback_contrast_sentence, opto_sentence, sections_of
from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.fits import simulated
from populate.dashboard.places import Query, UnitOfFit, place
from populate.dashboard.reading import Reader
from populate.report import unit_view
from schemas import dataset, stimulus
from schemas.base.keys import unit_key
from schemas.base.restriction import restrict

SHOWN = (*UNIT_SCORES, "data_rmi", "data_emi")
NUMBERS = ("distance", "null_distance", "within", "effect", "p", "q")
CLIP_PX, BUTTONS_PX = 960, 64
SLOWEST, FASTEST = 0.01, 4.0
SPEEDS = {"as on the screen": "1", "a quarter of that": "0.25", "a tenth": "0.1"}
PANELS = {"feedback intact": "intact", "feedback suppressed": "suppressed", "suppressed \N{MINUS SIGN} intact": ""}


def page(reader: Reader, unit: UnitOfFit, query: Query) -> Component:
    """All that is known of a unit in one fit.

    Parameters
    ----------
    reader : Reader
        Reads the tables.
    unit : UnitOfFit
        The unit and the fit.
    query : mapping of str to str
        The URL's ``scene``, ``mei``, ``start`` and ``speed``.

    Returns
    -------
    Component
        The page.

    Raises
    ------
    ConfigError
        If there is no such unit, or the query names something that is not there.
    """
    rows = reader(lambda: unit_view.unit_rows(unit.fit.key))
    order = [UnitOfFit.of(row) for row in rows]
    if unit not in order:
        raise ConfigError(f"fit {unit.fit.name} has no score of {unit.name}: see the units on its page")
    row = rows[order.index(unit)]
    starts, scenes = reader(lambda: (unit_view.starts_of(unit.key), scenes_of(unit)))
    start = chosen_start(starts, query)
    report = reader(lambda: unit_view.unit_report(unit.key, start, scores=row))
    shown = _Shown(unit, query, report, scenes, starts, start)
    return elements.page(
        unit.name,
        simulated([row["mouse"]]),
        _neighbors(unit, order),
        elements.figures({COLUMNS[name].label: COLUMNS[name].text(row[name]) for name in SHOWN}),
        html.P(opto_sentence(row), id="opto-says"),
        *shown.responses(),
        *(part for one in sections_of(report) for part in shown.section(one)),
    )


def speed_of(query: Query, usual: str) -> float:
    """How many times as fast as its own speed a URL shows a clip. Raises ConfigError."""
    text = query.get("speed", usual)
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not SLOWEST <= speed <= FASTEST:
        raise ConfigError(f"speed {text!r}: expected a number from {SLOWEST} to {FASTEST}, 1 is the stimulus's own")
    return speed


def chosen_start(starts: Sequence[unit_view.Start], query: Query) -> unit_view.Start | None:
    """The MEIs that a URL names, out of those that there are; the first, where it names none. Raises ConfigError.

    >>> chosen_start([("abc", 0), ("abc", 1)], {"start": "1"})
    ('abc', 1)
    """
    if not starts:
        return None
    wanted = (query.get("mei", starts[0][0]), query.get("start"))
    found = [one for one in starts if one[0] == wanted[0] and wanted[1] in (None, str(one[1]))]
    if not found:
        raise ConfigError(f"MEIs {wanted[0]!r} of start {wanted[1]!r} are not there: choose on the unit's page")
    return found[0]


def _neighbors(unit: UnitOfFit, order: list[UnitOfFit]) -> Component:
    found, index = {f"fit {unit.fit.name}": f"/fit/{unit.fit.path}"}, order.index(unit)
    if index:
        found["the unit before, by test correlation"] = f"/unit/{order[index - 1].path}"
    if index + 1 < len(order):
        found["the next"] = f"/unit/{order[index + 1].path}"
    return elements.links(f"Unit {index + 1} of {len(order)}", found)


def scenes_of(unit: UnitOfFit) -> dict[str, int]:
    """The unit's test scenes and how often each was shown, the most often shown first."""
    where = {name: value for name, value in unit_key(unit.key).items() if name != "unit"}
    tier = restrict(dataset.Dataset.Split(), {"dataset_hash": unit.fit.dataset_hash, "tier": "test"})
    rows = restrict(stimulus.Presentation.proj("movie", "scene"), where).proj("movie", "scene") * tier.proj()
    return unit_view.counted([f"{row['movie']} {row['scene']}" for row in rows.to_dicts(order_by="trial")])


@dataclass(frozen=True)
class _Shown:
    """What a page shows of a unit: all that is known of it, and what the URL chooses of that."""

    unit: UnitOfFit
    query: Query
    report: UnitReport
    scenes: dict[str, int]
    starts: Sequence[unit_view.Start]
    start: unit_view.Start | None

    def link(self, **changed: str) -> str:
        """This page with another choice."""
        return place(f"/unit/{self.unit.path}", self.query, **changed)

    def picture(self, section: Section, height_px: int, **asked: str) -> Component:
        """The figure of a section."""
        source = place(f"/media/unit/{section.name}/{self.unit.path}", asked)
        return elements.picture(source, section.alt(self.report), section.note, (section.size_px[0], height_px))

    def responses(self) -> list[Component]:
        """The responses to a test scene, and links to the others."""
        wanted, section = self.query.get("scene"), SECTIONS["responses"]
        shown = wanted if wanted in self.scenes else next(iter(self.scenes), "")
        named = {name: f"{name.rpartition(' ')[2]} ({count}x)" for name, count in self.scenes.items()}
        choices = {text: self.link(scene=name) for name, text in named.items()}
        picture = self.picture(
            section, responses_px(self.scenes.get(shown, 1)), **({"scene": wanted} if wanted else {})
        )
        return [html.H2(section.title), elements.links("Test scene", choices, named.get(shown)), picture]

    def section(self, section: Section) -> list[Component]:
        """A section with its figure, or what is absent."""
        head = html.H2(section.title)
        if not section.of(self.report):
            return [head, html.P(section.absent)]
        asked = {"mei": self.start[0], "start": str(self.start[1])} if self.start else {}
        picture = self.picture(section, section.size_px[1], **asked)
        if self.report.meis and section.name == "meis":
            return [head, *self.clip(self.report.meis, asked), picture]
        if section.name == "distance":
            said = feedback_contrast_sentence(self.report.distances, self.report.extents)
            return [head, html.P(said, id="contrast-says"), picture, _numbers(self.report.distances)]
        return [head, picture]

    def clip(self, pair: MEIPair, asked: dict[str, str]) -> list[Component]:
        """The MEIs as a clip, with links to other random starts and speeds."""
        speed = speed_of(self.query, "0.25")
        names: dict[Any, str] = {start: f"{start[0][:8]} start {start[1]}" for start in self.starts}
        starts = {name: self.link(mei=start[0], start=str(start[1])) for start, name in names.items()}
        speeds = {text: self.link(speed=value) for text, value in SPEEDS.items()}
        current = next((text for text, value in SPEEDS.items() if float(value) == speed), None)
        clip = html.Video(
            id="film",
            src=place(f"/media/unit/film/{self.unit.path}.webm", asked, speed=f"{speed:g}") + _strongest(pair, speed),
            title=f"MEIs of {self.unit.name} as one clip: intact, suppressed, and their difference, on one gray scale",
            width=CLIP_PX,
            style={"aspectRatio": _aspect(pair)},
            controls=True,
            loop=True,
            muted=True,
            preload="auto",
        )
        captions = html.Div([html.Span(text, className=own) for text, own in PANELS.items()], className="captions")
        note = "One clock and one gray scale, middle gray the mean of training movies; begins where it is strongest."
        return [
            elements.links("MEIs", starts, names.get(self.start)),
            elements.links("Speed", speeds, current),
            html.Div([captions, clip], style={"width": f"{CLIP_PX}px", "maxWidth": "100%"}),
            html.P(note, className="note"),
        ]


def _strongest(pair: MEIPair, speed: float) -> str:
    """The end of a URL by which a clip shows its strongest frame until it plays: the first has little on it."""
    frame = int(np.square(pair.intact).sum((1, 2)).argmax())
    return f"#t={frame / pair.rate_hz / speed:.3f}"


def _aspect(pair: MEIPair) -> str:
    """Width and height of the clip with room for the player's buttons below it: on it, they would hide the MEIs."""
    height, width = pair.intact.shape[1:]
    return f"{CLIP_PX} / {round(CLIP_PX / len(PANELS) * height / width) + BUTTONS_PX}"


def _numbers(distances: Sequence[ViewDistance]) -> Component:
    rows = [[row.view, *(number(getattr(row, name), ".3g") for name in NUMBERS)] for row in distances]
    heads = {"view": False} | {name.replace("_", " "): True for name in NUMBERS}
    table = elements.table("Distances have no unit; effects are in standard deviations of the null", heads, rows)
    return html.Details([html.Summary("as numbers"), table])
