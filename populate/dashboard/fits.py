"""Fits under way: their curves, which grow while one looks, and who computes them."""

import json
from datetime import datetime
from typing import Any

from dash import Input, Output, State, dcc, html, no_update

from populate.dashboard import curves, parts
from populate.dashboard.parts import Component
from populate.dashboard.places import FitKey, Query
from populate.dashboard.reading import Reader
from schemas import fitting, fleet

EVERY_MS = 2000
LATEST = 5
MOST = 20
ALT = "Learning curves of the fits in the table below: training loss and validation correlation against epochs"


def running(reader: Reader) -> dict[FitKey, dict[str, Any]]:
    """The fits that a worker holds, with what is known of the work."""

    def found() -> dict[FitKey, dict[str, Any]]:
        leases = fleet.Lease.proj("held_key", "table_name", "worker_id", held_since="since") * fleet.Worker
        rows = (leases & {"table_name": "TrainedModel"}).to_dicts(order_by="held_since", limit=MOST)
        return {FitKey.of(_key(row["held_key"])): row for row in rows}

    return reader(found)


def latest(reader: Reader) -> list[FitKey]:
    """The fits whose last epoch ended last."""
    name = fitting.Epoch().full_table_name
    columns = ", ".join(FitKey("", "", "", 0).key)
    query = f"SELECT {columns} FROM {name} GROUP BY {columns} ORDER BY MAX(ended) DESC LIMIT {LATEST}"
    return [FitKey(*row) for row in reader.rows(query)]


def page(reader: Reader, query: Query) -> Component:
    """The curves of the fits that run; of those that the URL names; or of the latest, where none runs."""
    named, at_work = [FitKey.parse(path.split("/")) for path in query.get("fits", "").split() if path], running(reader)
    shown = named or list(at_work) or latest(reader)
    if not shown:
        return parts.page("Fits", html.P("No fit has begun: dlgn define asks for fits, dlgn populate computes them."))
    figure, cursor = curves.whole(reader, shown)
    graph = dcc.Graph(id="curves", figure=figure, config={"displaylogo": False, "responsive": True})
    return parts.page(
        "Fits",
        html.P(_said(bool(named), bool(at_work)), id="fits-said", className="note"),
        html.Div(graph, role="figure", **parts.aria(label=ALT)),
        html.Div(_table(reader, shown, at_work), id="fits-table"),
        dcc.Store(id="curves-cursor", data=cursor),
        dcc.Store(id="fits-named", data=bool(named)),
        dcc.Interval(id="fits-clock", interval=EVERY_MS),
    )


def register(app: Any, reader: Reader) -> None:
    """Let the curves grow: a tick brings the epochs that are new, and a new figure only where the fits are others."""

    @app.callback(
        Output("curves", "figure"),
        Output("curves-cursor", "data"),
        Output("fits-table", "children"),
        Output("fits-said", "children"),
        Input("fits-clock", "n_intervals"),
        State("curves-cursor", "data"),
        State("fits-named", "data"),
        prevent_initial_call=True,
    )
    def grow(_: int, cursor: curves.Cursor, named: bool) -> tuple[Any, ...]:
        at_work = running(reader)
        shown = [FitKey.parse(path.split("/")) for path in cursor]
        others = not named and bool(at_work) and set(at_work) != set(shown)
        grown, known = (None, cursor) if others else curves.more(reader, cursor)
        figure: Any = no_update if known == cursor else grown
        if grown is None:
            shown = list(at_work) if others else shown
            figure, known = curves.whole(reader, shown)
        return figure, known, _table(reader, shown, at_work), _said(named, bool(at_work))


def _said(named: bool, at_work: bool) -> str:
    if named:
        return "The fits that this URL names; new epochs appear as they end."
    return "The fits that run now; new epochs appear as they end." if at_work else "No fit runs now. The latest were:"


def _table(reader: Reader, shown: list[FitKey], at_work: dict[FitKey, dict[str, Any]]) -> Component:
    heads = {"fit": False, "epochs": True, "loss": True, "validation r": True, "best": True, "s / epoch": True}
    rows = [[parts.link(fit.name, f"/fit/{fit.path}"), *_figures(reader, fit), _who(at_work.get(fit))] for fit in shown]
    return parts.table("Fits of these curves", heads | {"worker": False}, rows)


def _figures(reader: Reader, fit: FitKey) -> list[str]:
    name = fitting.Epoch().full_table_name
    where, given = " AND ".join(f"{column} = %s" for column in fit.key), tuple(fit.key.values())
    query = f"SELECT COUNT(*), MAX(validation_correlation), AVG(seconds) FROM {name} WHERE {where}"
    count, best, seconds = reader.rows(query, given)[0]
    query = f"SELECT loss, validation_correlation FROM {name} WHERE {where} ORDER BY epoch DESC LIMIT 1"
    loss, last = next(iter(reader.rows(query, given)), (None, None))
    return [
        str(count),
        *(parts.number(value, absent="") for value in (loss, last, best)),
        parts.number(seconds, ".1f", ""),
    ]


def _who(held: dict[str, Any] | None) -> str:
    if held is None:
        return "ended"
    since: datetime = held["held_since"]
    return f"{held['host']} ({held['device']}) since {since:%H:%M} UTC: {held['doing'] or 'begins'}"


def _key(held: Any) -> dict[str, Any]:
    return dict(json.loads(held) if isinstance(held, str) else held)
