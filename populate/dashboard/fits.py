"""Fits: curves that grow while a page is open, the workers that compute them, and a page on each."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import plotly.graph_objects as go
import yaml
from dash import Input, Output, Patch, State, dcc, html, no_update
from plotly.subplots import make_subplots

from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.report import OVERVIEW, SIMULATED
from dlgn_cnn.plots.scores import COLUMNS, QUANTITIES, UNIT_SCORES
from dlgn_cnn.plots.style import SERIES, number
from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.places import FitKey, Query, UnitOfFit, place
from populate.dashboard.reading import Reader
from populate.report import unit_view
from schemas import experiment, fitting, fleet
from schemas.base.keys import FIT
from schemas.base.restriction import restrict
from schemas.declaration.computed_tables import config_tables
from schemas.results.frames import view

EVERY_MS = 2000
LATEST = 5
MOST = 20
MOST_UNITS = 200
ALT = "Learning curves of the fits in the table below: training loss and validation correlation against epochs"
Cursor = dict[str, int]


def epochs_from(reader: Reader, fit: FitKey, first: int) -> list[tuple[Any, ...]]:
    """The epochs of a fit from one on; no others are fetched.

    Parameters
    ----------
    reader : Reader
        Asks the database.
    fit : FitKey
        The fit.
    first : int
        The epoch to begin with.

    Returns
    -------
    list of tuple
        The number of each epoch and the quantities that are shown.
    """
    return _rows(reader, fit, ", ".join(("epoch", *QUANTITIES)), " AND epoch >= %s ORDER BY epoch", first)


def _rows(reader: Reader, fit: FitKey, columns: str, more: str = "", *given: Any) -> list[tuple[Any, ...]]:
    where = " AND ".join(f"{column} = %s" for column in fit.key)
    query = f"SELECT {columns} FROM {fitting.Epoch().full_table_name} WHERE {where}{more}"
    return reader.rows(query, (*fit.key.values(), *given))


def running(reader: Reader) -> dict[FitKey, dict[str, Any]]:
    """The fits that workers hold, with their leases."""

    def found() -> dict[FitKey, dict[str, Any]]:
        leases = fleet.Lease.proj("held_key", "table_name", "worker_id", held_since="since") * fleet.Worker
        rows = (leases & {"table_name": "TrainedModel"}).to_dicts(order_by="held_since", limit=MOST)
        return {FitKey.of(row["held_key"]): row for row in rows}

    return reader(found)


def latest(reader: Reader) -> list[FitKey]:
    """The fits with the latest epochs."""
    name, columns = fitting.Epoch().full_table_name, ", ".join(FIT)
    query = f"SELECT {columns} FROM {name} GROUP BY {columns} ORDER BY MAX(ended) DESC LIMIT {LATEST}"
    return [FitKey(*row) for row in reader.rows(query)]


def whole(reader: Reader, fits: Sequence[FitKey]) -> tuple[go.Figure, Cursor]:
    """A figure of all epochs of these fits, a panel a quantity, and the last epoch of each."""
    figure = make_subplots(1, len(QUANTITIES), horizontal_spacing=0.09)
    cursor: Cursor = {}
    for index, fit in enumerate(fits):
        epochs = epochs_from(reader, fit, 0)
        cursor[fit.path] = epochs[-1][0] if epochs else -1
        for panel in range(1, len(QUANTITIES) + 1):
            figure.add_scatter(
                x=[epoch[0] for epoch in epochs],
                y=[epoch[panel] for epoch in epochs],
                name=fit.name,
                legendgroup=fit.path,
                line={"color": SERIES[index % len(SERIES)], "width": 2},
                mode="lines+markers",
                marker={"size": 4},
                showlegend=panel == 1,
                row=1,
                col=panel,
            )
    for panel, quantity in enumerate(QUANTITIES.values(), 1):
        figure.update_xaxes(title={"text": "epoch", "font": {"size": 13}}, rangemode="tozero", row=1, col=panel)
        figure.update_yaxes(title={"text": quantity, "font": {"size": 13}}, row=1, col=panel)
    figure.update_layout(
        template="simple_white", margin={"l": 70, "r": 10, "t": 30, "b": 50}, height=380, uirevision="kept"
    )
    figure.update_layout(legend={"orientation": "h", "y": 1.12}, font={"size": 13, "color": "#222222"})
    return figure, cursor


def more(reader: Reader, cursor: Cursor) -> tuple[Patch | None, Cursor]:
    """The epochs that the figure of these fits gains since ``cursor``; None where a fit began again."""
    patch, known = Patch(), dict(cursor)
    for index, (path, last) in enumerate(cursor.items()):
        epochs = epochs_from(reader, FitKey.parse(path), last)
        if last >= 0 and not epochs:
            return None, known
        new = [epoch for epoch in epochs if epoch[0] > last]
        for panel in range(1, len(QUANTITIES) + 1):
            trace: Any = patch["data"][index * len(QUANTITIES) + panel - 1]
            trace["x"].extend([epoch[0] for epoch in new])
            trace["y"].extend([epoch[panel] for epoch in new])
        known[path] = max([last, *(epoch[0] for epoch in new)])
    return patch, known


def page(reader: Reader, query: Query) -> Component:
    """Curves of the fits that the URL names, of those that run, or of the latest."""
    return elements.page("Fits", *curves(reader, [FitKey.parse(path) for path in query.get("fits", "").split()]))


def curves(reader: Reader, named: Sequence[FitKey]) -> list[Component]:
    """Curves that grow, of the fits that are named, of those that run, or of the latest; once a page."""
    at_work = running(reader)
    shown = list(named) or list(at_work) or latest(reader)
    if not shown:
        return [html.P("No fit has begun: dlgn define asks for fits, dlgn populate computes them.")]
    figure, cursor = whole(reader, shown)
    graph = dcc.Graph(id="curves", figure=figure, config={"displaylogo": False, "responsive": True})
    return [
        html.P(_said(bool(named), bool(at_work)), id="fits-said", className="note"),
        html.Div(graph, role="figure", **elements.aria(label=ALT)),
        html.Div(_table(reader, shown, at_work), id="fits-table"),
        dcc.Store(id="curves-cursor", data=cursor),
        dcc.Store(id="fits-named", data=bool(named)),
        dcc.Interval(id="fits-clock", interval=EVERY_MS),
    ]


def register(app: Any, reader: Reader) -> None:
    """Let the curves grow: a tick adds new epochs, and draws a new figure only for other fits."""

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
    def grow(_: int, cursor: Cursor, named: bool) -> tuple[Any, ...]:
        at_work = running(reader)
        others = not named and bool(at_work) and {fit.path for fit in at_work} != set(cursor)
        shown = list(at_work) if others else [FitKey.parse(path) for path in cursor]
        figure, known = (None, cursor) if others else more(reader, cursor)
        if figure is None:
            figure, known = whole(reader, shown)
        grown = no_update if known == cursor else figure
        return grown, known, _table(reader, shown, at_work), _said(named, bool(at_work))


def _said(named: bool, at_work: bool) -> str:
    if named:
        return "New epochs appear as they end."
    return "The fits that run now; new epochs appear as they end." if at_work else "No fit runs now. The latest were:"


def _table(reader: Reader, shown: list[FitKey], at_work: dict[FitKey, dict[str, Any]]) -> Component:
    heads = {"fit": False, "epochs": True, "loss": True, "validation r": True, "best": True, "s / epoch": True}
    rows = [
        [dcc.Link(fit.name, href=f"/fit/{fit.path}"), *_figures(reader, fit), _who(at_work.get(fit))] for fit in shown
    ]
    return elements.table("Fits of these curves", heads | {"worker": False}, rows)


def _figures(reader: Reader, fit: FitKey) -> list[str]:
    count, best, seconds = _rows(reader, fit, "COUNT(*), MAX(validation_correlation), AVG(seconds)")[0]
    newest = _rows(reader, fit, ", ".join(QUANTITIES), " ORDER BY epoch DESC LIMIT 1")
    loss, last = next(iter(newest), (None, None))
    return [str(count), *(number(value, absent="") for value in (loss, last, best)), number(seconds, ".1f", "")]


def _who(held: dict[str, Any] | None) -> str:
    if held is None:
        return "ended"
    since: datetime = held["held_since"]
    return f"{held['host']} ({held['device']}) since {since:%H:%M} UTC: {held['doing'] or 'begins'}"


def fit_page(reader: Reader, fit: FitKey) -> Component:
    """All that is known of a fit. Raises ConfigError if there is no such fit."""
    found = reader(lambda: restrict(view("fits", nulls=True), fit.key).to_dicts())
    if not found:
        raise ConfigError(f"no fit {fit.path} is done: it may be under way, see Fits, or its key may be wrong")
    units = reader(lambda: unit_view.unit_rows(fit.key))
    where = json.dumps([["model_hash", "equals", fit.model_hash], ["seed", "equals", str(fit.seed)]])
    columns = "correlation normalized_correlation data_omi data_omi_q model_omi clip_effect clip_q model_hash seed"
    in_leaderboard = place("/leaderboard", of="units", where=where, columns=columns)
    said = f"Test correlations of the units of fit {fit.name}, and OMI, data and model"
    scatter = elements.picture(f"/media/fit/scores/{fit.path}", said, OVERVIEW, (820, 320))
    # Not the figure that grows: its package would be most of what this page loads.
    said = f"Learning curves of fit {fit.name}: training loss and validation correlation"
    drawn = elements.picture(f"/media/fit/curves/{fit.path}", said, "The best epoch of each is marked.", (820, 280))
    return elements.page(
        f"Fit {fit.name}",
        simulated([unit["mouse"] for unit in units]),
        elements.figures(_summary(reader, fit, found[0])),
        elements.links(
            "Also",
            {"its units in the leaderboard": in_leaderboard, "its curves, interactive": place("/fits", fits=fit.path)},
        ),
        *([html.H2("Scores, and what the light does"), scatter] if units else []),
        html.H2("Learning curves"),
        drawn,
        *_configs(reader, fit),
        html.H2("Units"),
        _units(units),
    )


def simulated(mice: list[str]) -> Component:
    """The banner over a simulated recording; nothing over a real one."""
    named = any(mouse.startswith(SIMULATED_PREFIX) for mouse in mice)
    return html.P(SIMULATED, className="simulated") if named else html.Span()


def _summary(reader: Reader, fit: FitKey, row: dict[str, Any]) -> dict[str, str]:
    names = reader(lambda: restrict(experiment.Experiment.Fit(), fit.key).to_arrays("experiment_name"))
    shown = ("mean_correlation", "score", "parameters", "fit_seconds")
    found = {COLUMNS[name].label: COLUMNS[name].text(row[name]) for name in shown}
    return found | {"device": row["device"], "experiments": ", ".join(sorted(map(str, names))) or "none"}


def _configs(reader: Reader, fit: FitKey) -> list[Component]:
    found: list[Component] = [html.H2("Configs")]
    for kind in ("dataset", "model", "trainer"):
        function, config = reader(partial(config_tables()[kind].load, fit.key))
        text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, width=110)
        found.append(html.Details([html.Summary(f"{kind}: {function}"), html.Pre(text)]))
    return found


def _units(units: list[dict[str, Any]]) -> Component:
    if not units:
        return html.P("Not scored yet: dlgn populate does so.")
    shown = {name: COLUMNS[name] for name in (*UNIT_SCORES, "mei_starts")}
    rows = []
    for row in units[:MOST_UNITS]:
        unit = UnitOfFit.of(row)
        cells = (one.text(row[name]) for name, one in shown.items())
        rows.append((dcc.Link(unit.name, href=f"/unit/{unit.path}"), *cells))
    heads = {"unit": False} | {one.label: True for one in shown.values()}
    rest = f"; {len(units) - MOST_UNITS} more are in the leaderboard" if len(units) > MOST_UNITS else ""
    return elements.table(f"Best first{rest}", heads, rows)
