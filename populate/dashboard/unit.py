"""Page of a unit: its responses, what the model predicts, its MEIs in each condition, and how these are tested."""

import math
from collections.abc import Sequence

import numpy as np
from dash import html

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.feedback_contrast import ViewDistance
from dlgn_cnn.plots.fields import MEIPair
from dlgn_cnn.plots.responses import responses_px
from dlgn_cnn.plots.scores import COLUMNS, UNIT_SCORES
from dlgn_cnn.plots.style import number
from dlgn_cnn.plots.unit import SECTIONS, Section, UnitReport, sections_of
from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.fit import simulated
from populate.dashboard.places import Query, UnitOfFit, place
from populate.dashboard.reading import Reader
from populate.report import unit_view
from populate.report.statements import feedback_contrast_sentence, opto_sentence
from schemas import dataset, stimulus
from schemas.base.keys import unit_key

SHOWN = (*UNIT_SCORES, "data_rmi", "data_emi")
CLIP_PX, BUTTONS_PX = 960, 64
SLOWEST, FASTEST = 0.01, 4.0
SPEEDS = {"as on the screen": "1", "a quarter of that": "0.25", "a tenth": "0.1"}
PANELS = (
    ("feedback intact", "intact"),
    ("feedback suppressed", "suppressed"),
    ("suppressed \N{MINUS SIGN} intact", ""),
)


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
    starts = reader(lambda: unit_view.starts_of(unit.key))
    start = chosen_start(starts, query)
    report = reader(lambda: unit_view.unit_report(unit.key, start, scores=row))
    return elements.page(
        unit.name,
        simulated([row["mouse"]]),
        _neighbors(unit, order),
        elements.figures({COLUMNS[name].label: COLUMNS[name].text(row[name]) for name in SHOWN}),
        html.P(opto_sentence(row), id="opto-says"),
        *_responses(reader, unit, report, query),
        *(part for one in sections_of(report) for part in _section(one, unit, report, query, starts, start, reader)),
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
        found["the unit before, by test r"] = f"/unit/{order[index - 1].path}"
    if index + 1 < len(order):
        found["the next"] = f"/unit/{order[index + 1].path}"
    return elements.links(f"Unit {index + 1} of {len(order)}", found)


def scenes_of(unit: UnitOfFit) -> dict[str, int]:
    """The unit's test scenes and how often each was shown, the most often shown first."""
    where = {name: value for name, value in unit_key(unit.key).items() if name != "unit"}
    tier = dataset.Dataset.Split & {"dataset_hash": unit.fit.dataset_hash, "tier": "test"}
    rows = (stimulus.Presentation.proj("movie", "scene") & where).proj("movie", "scene") * tier.proj()
    return unit_view.counted([f"{row['movie']} {row['scene']}" for row in rows.to_dicts(order_by="trial")])


def _picture(section: Section, unit: UnitOfFit, report: UnitReport, asked: Query, height_px: int = 0) -> Component:
    size = (section.size_px[0], height_px or section.size_px[1])
    source = place(f"/media/unit/{section.name}/{unit.path}", asked)
    return elements.picture(source, section.alt(report), section.note, size)


def _responses(reader: Reader, unit: UnitOfFit, report: UnitReport, query: Query) -> list[Component]:
    scenes, wanted = reader(lambda: scenes_of(unit)), query.get("scene")
    shown = wanted if wanted in scenes else next(iter(scenes), "")
    named = {name: f"{name.rpartition(' ')[2]} ({count}x)" for name, count in scenes.items()}
    choices = {text: place(f"/unit/{unit.path}", query, scene=name) for name, text in named.items()}
    asked = {"scene": wanted} if wanted else {}
    return [
        html.H2(SECTIONS[0].title),
        elements.links("Test scene", choices, named.get(shown)),
        _picture(SECTIONS[0], unit, report, asked, responses_px(scenes.get(shown, 1))),
    ]


def _section(
    section: Section,
    unit: UnitOfFit,
    report: UnitReport,
    query: Query,
    starts: Sequence[unit_view.Start],
    start: unit_view.Start | None,
    reader: Reader,
) -> list[Component]:
    head = html.H2(section.title)
    if not section.of(report):
        return [head, html.P(section.absent)]
    asked = {"mei": start[0], "start": str(start[1])} if start and section.name != "field" else {}
    picture = _picture(section, unit, report, asked)
    if section.name == "meis" and start and report.meis:
        here = f"/unit/{unit.path}"
        named = {f"{one[0][:8]} start {one[1]}": place(here, query, mei=one[0], start=str(one[1])) for one in starts}
        links = elements.links("MEIs", named, f"{start[0][:8]} start {start[1]}")
        return [head, links, *_clip(unit, query, asked, report.meis), picture]
    if section.name == "distance" and start:
        extents = reader(lambda: unit_view.extents_of(unit.key, start[0]))
        said = html.P(feedback_contrast_sentence(report.distances, extents), id="contrast-says")
        return [head, said, picture, _numbers(report.distances)]
    return [head, picture]


def _clip(unit: UnitOfFit, query: Query, asked: dict[str, str], pair: MEIPair) -> list[Component]:
    speed = speed_of(query, "0.25")
    named = {text: place(f"/unit/{unit.path}", query, speed=value) for text, value in SPEEDS.items()}
    current = next((text for text, value in SPEEDS.items() if float(value) == speed), None)
    clip = html.Video(
        id="film",
        src=place(f"/media/unit/film/{unit.path}.webm", asked, speed=f"{speed:g}") + _strongest(pair, speed),
        title=f"MEIs of {unit.name} as one clip: intact, suppressed, and their difference, on one gray scale and clock",
        width=CLIP_PX,
        style={"aspectRatio": _aspect(pair)},
        controls=True,
        loop=True,
        muted=True,
        preload="auto",
    )
    captions = html.Div([html.Span(text, className=own) for text, own in PANELS], className="captions")
    box = html.Div([captions, clip], style={"width": f"{CLIP_PX}px", "maxWidth": "100%"})
    note = "One clock and one gray scale, middle gray the mean of the training movies; begins where it is strongest."
    return [elements.links("Speed", named, current), box, html.P(note, className="note")]


def _strongest(pair: MEIPair, speed: float) -> str:
    """The end of a URL by which a clip shows its strongest frame until it plays: the first has little on it."""
    frame = int(np.square(pair.intact).sum((1, 2)).argmax())
    return f"#t={frame / pair.rate_hz / speed:.3f}"


def _aspect(pair: MEIPair) -> str:
    """Width and height of the clip with room for the player's buttons below it: on it, they would hide the MEIs."""
    height, width = pair.intact.shape[1:]
    return f"{CLIP_PX} / {round(CLIP_PX / len(PANELS) * height / width) + BUTTONS_PX}"


def _numbers(distances: Sequence[ViewDistance]) -> Component:
    heads = dict.fromkeys(("distance", "null's mean", "within a light", "effect (s.d.)", "p", "q"), True)
    rows = [
        (
            *(row.view, f"{row.distance:.3f}", number(row.null_distance), number(row.within)),
            *(number(row.effect, "+.2f"), number(row.p, ".2g"), number(row.q, ".2g")),
        )
        for row in distances
    ]
    table = elements.table("Distances have no unit", {"view": False} | heads, rows)
    return html.Details([html.Summary("as numbers"), table])
