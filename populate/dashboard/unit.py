"""A unit's page: what it did, what the model says, what excites it in each light, and whether that is a finding."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html

from dlgn_cnn.data.sessions.dataset import DatasetSpec
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots import alternatives
from dlgn_cnn.plots.feedback_contrast import ViewDistance
from dlgn_cnn.plots.unit import MEI_HEIGHT_PX, PAGE_PX, MEIPair, UnitReport
from populate.dashboard import parts
from populate.dashboard.fit import simulated, unit_rows
from populate.dashboard.parts import Component
from populate.dashboard.places import Query, UnitOfFit, place
from populate.dashboard.reading import Reader
from populate.report import unit_view
from populate.report.statements import extents_of, feedback_contrast_sentence, opto_sentence
from schemas import dataset, stimulus

CLIP_PX, BUTTONS_PX = 960, 64
SLOWEST, FASTEST = 0.01, 4.0
SPEEDS = {"as on the screen": "1", "a quarter of that": "0.25", "a tenth": "0.1"}
PANELS = (
    ("feedback intact", "intact"),
    ("feedback suppressed", "suppressed"),
    ("suppressed \N{MINUS SIGN} intact", ""),
)


def page(reader: Reader, unit: UnitOfFit, query: Query) -> Component:
    """All that is known of a unit in one fit. Raises ConfigError where there is no such unit."""
    rows = reader(lambda: unit_rows(unit.fit))
    order = [UnitOfFit.of({**unit.fit.key, **row}) for row in rows]
    if unit not in order:
        raise ConfigError(f"fit {unit.fit.name} has no score of {unit.name}: see the units on its page")
    row, place_in_fit = rows[order.index(unit)], order.index(unit)
    return parts.page(
        unit.name,
        simulated([row["mouse"]]),
        _neighbors(unit, order, place_in_fit),
        parts.figures(_figures(row)),
        html.P(opto_sentence(row), id="opto-says"),
        *_responses(reader, unit, query),
        *_field(reader, unit),
        *_meis(reader, unit, query),
    )


def rate_hz(unit: UnitOfFit) -> float:
    """Frames a second of the dataset that a unit's fit was fitted to."""
    _, config = dataset.DatasetConfig.load(unit.key)
    return float(DatasetSpec.from_config(config).rate_hz)


def speed_of(query: Query, usual: str) -> float:
    """How many times as fast as its own speed a URL asks for a film. Raises ConfigError."""
    text = query.get("speed", usual)
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not SLOWEST <= speed <= FASTEST:
        raise ConfigError(f"speed {text!r}: expected a number from {SLOWEST} to {FASTEST}, 1 is the stimulus's own")
    return speed


def chosen_start(starts: Sequence[tuple[str, int]], query: Query) -> tuple[str, int] | None:
    """Which MEIs a URL asks for, out of those that there are; the first, where it names none. Raises ConfigError."""
    if not starts:
        return None
    wanted = (query.get("mei", starts[0][0]), query.get("start"))
    found = [one for one in starts if one[0] == wanted[0] and wanted[1] in (None, str(one[1]))]
    if not found:
        raise ConfigError(f"MEIs {wanted[0]!r} of start {wanted[1]!r} are not there: choose on the unit's page")
    return found[0]


def _neighbors(unit: UnitOfFit, order: list[UnitOfFit], index: int) -> Component:
    found = {f"fit {unit.fit.name}": f"/fit/{unit.fit.path}"}
    if index:
        found["the unit before, by test r"] = f"/unit/{order[index - 1].path}"
    if index + 1 < len(order):
        found["the next"] = f"/unit/{order[index + 1].path}"
    return parts.links(f"Unit {index + 1} of {len(order)}", found)


def _figures(row: dict[str, Any]) -> dict[str, str]:
    p, q = (parts.number(row.get(f"data_omi_{name}"), ".2g") for name in ("p", "q"))
    return {
        "test correlation": parts.number(row["correlation"]),
        "normalized": parts.number(row.get("normalized_correlation"), absent="no ceiling"),
        "OMI in the data": f"{parts.number(row.get('data_omi'), '+.3f')} (p {p}, q {q})",
        "OMI in the model": parts.number(row.get("model_omi"), "+.3f"),
        "RMI": parts.number(row.get("data_rmi"), "+.3f"),
        "EMI": parts.number(row.get("data_emi"), "+.3f"),
    }


def scenes_of(unit: UnitOfFit) -> dict[str, int]:
    """The unit's test scenes and how often each was shown, the most often shown first."""
    where = {name: unit.key[name] for name in ("mouse", "series", "experiment")}
    tier = dataset.Dataset.Split & {"dataset_hash": unit.fit.dataset_hash, "tier": "test"}
    rows = (stimulus.Presentation.proj("movie", "scene") & where).proj("movie", "scene") * tier.proj()
    shown = [f"{row['movie']} {row['scene']}" for row in rows.to_dicts(order_by="trial")]
    return dict(sorted({name: shown.count(name) for name in shown}.items(), key=lambda one: -one[1]))


def _responses(reader: Reader, unit: UnitOfFit, query: Query) -> list[Component]:
    scenes = reader(lambda: scenes_of(unit))
    here, wanted = f"/unit/{unit.path}", query.get("scene")
    named = {f"{name.rpartition(' ')[2]} ({count}x)": place(here, query, scene=name) for name, count in scenes.items()}
    current = next((text for text, href in named.items() if href == place(here, query, scene=wanted)), None)
    shown = place(f"/media/unit/responses/{unit.path}", scene=wanted)
    alt = f"Raster and predicted over observed rates of {unit.name} in both conditions, light-on times shaded"
    count = scenes.get(wanted or next(iter(scenes), ""), 1)
    height = 210 if count == 1 else 400 + 9 * min(count, 30)
    return [
        html.H2("Responses in both conditions"),
        parts.links("Test scene", named, current or next(iter(named), None)),
        parts.picture(shown, alt, alternatives.RESPONSES_NOTE, (1080, height)),
    ]


def _field(reader: Reader, unit: UnitOfFit) -> list[Component]:
    if reader(lambda: unit_view.field_of(unit.key)) is None:
        return []
    alt = alternatives.field(_as_report(unit))
    return [
        html.H2("Receptive field"),
        parts.picture(f"/media/unit/field/{unit.path}", alt, alternatives.FIELD_NOTE, (520, 210)),
    ]


def _meis(reader: Reader, unit: UnitOfFit, query: Query) -> list[Component]:
    starts = reader(lambda: unit_view.starts_of(unit.key))
    start = chosen_start(starts, query)
    pair = None if start is None else reader(lambda: unit_view.meis_of(unit.key, start, rate_hz(unit)))
    if start is None or pair is None:
        return [html.H2("Maximally exciting inputs"), html.P("No MEIs were asked for this unit.")]
    here = f"/unit/{unit.path}"
    named = {f"{one[0][:8]} start {one[1]}": place(here, query, mei=one[0], start=str(one[1])) for one in starts}
    asked = {"mei": start[0], "start": str(start[1])}
    alt = alternatives.meis(_as_report(unit, meis=pair))
    strips = place(f"/media/unit/meis/{unit.path}", asked)
    return [
        html.H2("Maximally exciting inputs"),
        parts.links("MEIs", named, f"{start[0][:8]} start {start[1]}"),
        *_clip(unit, query, asked, pair),
        parts.picture(strips, alt, alternatives.MEI_NOTE, (PAGE_PX, MEI_HEIGHT_PX)),
        *_contrast(reader, unit, start[0], asked),
        *_controls(reader, unit, start[0], asked),
    ]


def _clip(unit: UnitOfFit, query: Query, asked: dict[str, str], pair: MEIPair) -> list[Component]:
    speed = speed_of(query, "0.25")
    here = f"/unit/{unit.path}"
    named = {text: place(here, query, speed=value) for text, value in SPEEDS.items()}
    current = next((text for text, value in SPEEDS.items() if float(value) == speed), None)
    source = place(f"/media/unit/film/{unit.path}.webm", asked, speed=f"{speed:g}") + _strongest(pair, speed)
    says = f"MEIs of {unit.name} as a film: intact, suppressed, and their difference, on one gray scale and clock"
    film = html.Video(
        id="film",
        src=source,
        title=says,
        width=CLIP_PX,
        style={"aspectRatio": _aspect(pair)},
        controls=True,
        loop=True,
        muted=True,
        preload="auto",
    )
    captions = html.Div([html.Span(text, className=own) for text, own in PANELS], className="captions")
    box = html.Div([captions, film], style={"width": f"{CLIP_PX}px", "maxWidth": "100%"})
    note = "One clock and one gray scale, middle gray the mean of the training movies; begins where it is strongest."
    return [parts.links("Speed", named, current), box, html.P(note, className="note")]


def _strongest(pair: MEIPair, speed: float) -> str:
    """The end of a URL by which a film shows its strongest frame until it plays: the first has little on it."""
    frame = int(np.square(pair.intact).sum((1, 2)).argmax())
    return f"#t={frame / pair.rate_hz / speed:.3f}"


def _aspect(pair: MEIPair) -> str:
    """Of the film with room for the player's buttons below it: on it, they would hide the MEIs."""
    height, width = pair.intact.shape[1:]
    return f"{CLIP_PX} / {round(CLIP_PX / len(PANELS) * height / width) + BUTTONS_PX}"


def _contrast(reader: Reader, unit: UnitOfFit, mei_hash: str, asked: dict[str, str]) -> list[Component]:
    distances = reader(lambda: unit_view.distances_of(unit.key, mei_hash))
    if not distances:
        return [html.H2("Feedback contrast"), html.P("The contrast of these MEIs is not computed yet.")]
    said = feedback_contrast_sentence(distances, reader(lambda: extents_of(unit.key, mei_hash)))
    alt = alternatives.distances(_as_report(unit, distances=distances))
    source = place(f"/media/unit/distance/{unit.path}", asked)
    return [
        html.H2("Feedback contrast, and its null"),
        html.P(said, id="contrast-says"),
        parts.picture(source, alt, alternatives.DISTANCE_NOTE, (720, 290)),
        _numbers(distances),
    ]


def _numbers(distances: Sequence[ViewDistance]) -> Component:
    heads = dict.fromkeys(("distance", "null's mean", "within a light", "effect (s.d.)", "p", "q"), True)
    rows = [
        (
            *(row.view, f"{row.distance:.3f}", parts.number(row.null_distance), parts.number(row.within)),
            *(parts.number(row.effect, "+.2f"), parts.number(row.p, ".2g"), parts.number(row.q, ".2g")),
        )
        for row in distances
    ]
    return html.Details(
        [html.Summary("as numbers"), parts.table("Distances have no unit", {"view": False} | heads, rows)]
    )


def _controls(reader: Reader, unit: UnitOfFit, mei_hash: str, asked: dict[str, str]) -> list[Component]:
    controls = reader(lambda: unit_view.controls_of(unit.key, mei_hash))
    if not controls:
        return [html.H2("Controls"), html.P("No controls of these MEIs: ask for them with controls: true.")]
    alt = alternatives.controls(_as_report(unit, controls=controls))
    source = place(f"/media/unit/controls/{unit.path}", asked)
    bars = parts.picture(source, alt, alternatives.CONTROL_NOTE, (1080, 280))
    return [html.H2("Controls"), bars, *_contrast_response(reader, unit, mei_hash, asked)]


def _contrast_response(reader: Reader, unit: UnitOfFit, mei_hash: str, asked: dict[str, str]) -> list[Component]:
    if not reader(lambda: unit_view.contrast_curves_of(unit.key, mei_hash)):
        return []
    source, alt = place(f"/media/unit/contrasts/{unit.path}", asked), alternatives.contrast_curves(_as_report(unit))
    said = "Each MEI shown at shares of its contrast, as fits from other seeds predict where there are any."
    return [html.H2("Contrast response"), parts.picture(source, alt, said, (1080, 260))]


def _as_report(unit: UnitOfFit, **known: Any) -> UnitReport:
    """The unit with what words need of it."""
    empty = dict.fromkeys(
        ("correlation", "repeats", "field_spatial", "field_temporal", "meis", "omi_data", "omi_model")
    )
    return UnitReport(session=unit.session, unit=unit.unit, rate_hz=0.0, **{**empty, **known})
