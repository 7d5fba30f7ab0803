"""Page of leaderboards: any value of a config is a column, and the database sorts and filters."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import dash_ag_grid
from dash import Input, Output, State, dcc, html, no_update

from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.grid import (
    BLANK,
    Filter,
    Leaderboard,
    LeaderboardColumn,
    LeaderboardQuery,
    experiments,
    filters_of,
)
from populate.dashboard.places import FitKey, Query, UnitOfFit, place, query_of
from populate.dashboard.reading import Reader

BLOCK = 100
MOST_LEAVES = 3  # of those that vary, shown by default
TITLES = {"fits": "Fits", "units": "Units"}
SHUFFLED = "dataset.shuffle_opto"
GRID = {
    "cacheBlockSize": BLOCK,
    "maxBlocksInCache": 20,
    "suppressFieldDotNotation": True,
    "enableCellTextSelection": True,
    "ensureDomOrder": True,
    "tooltipShowDelay": 300,
    "rowHeight": 34,
    "domLayout": "normal",
}


def wanted_of(board: Leaderboard, query: Query) -> LeaderboardQuery:
    """The query of a leaderboard in a URL, with the usual columns and order where it names none."""
    shuffled = query.get("shuffled") == "1"
    varied = [name for name in board.varied if shuffled or not name.startswith(SHUFFLED)]
    usual = [*board.view.shown, *varied[:MOST_LEAVES]]
    return LeaderboardQuery(
        columns=tuple(query["columns"].split() if "columns" in query else usual),
        filters=filters_of(query),
        order=tuple(query.get("order", board.view.order).split()),
        experiment=query.get("experiment"),
        shuffled=shuffled,
    )


def page(reader: Reader, query: Query) -> Component:
    """The leaderboard of a URL. Raises ConfigError for an unknown column or filter."""
    board = Leaderboard(reader, query.get("of", "fits"))
    wanted, of = wanted_of(board, query), board.of
    columns = [board.column(name) for name in wanted.columns]
    grid = dash_ag_grid.AgGrid(
        id="board",
        rowModelType="infinite",
        columnDefs=[_link_column(of), *(_definition(column, wanted.order) for column in columns)],
        columnSize="autoSize",
        defaultColDef={"sortable": True, "resizable": True, "floatingFilter": True},
        filterModel={name: _model(board.column(name), how, values) for name, how, *values in wanted.filters},
        dashGridOptions=GRID,
        style={"height": "68vh", "width": "100%"},
    )
    return elements.page(
        f"Leaderboard: {TITLES[of].lower()}",
        *_choices(reader, query, wanted),
        _chooser(board, wanted),
        grid,
        html.P(id="board-count", className="note", role="status"),
        dcc.Store(id="board-query", data=dict(query)),
    )


def register(app: Any, reader: Reader) -> None:
    """Answer the grid's requests for rows, keep the URL in step with it, and add or remove columns."""

    @app.callback(
        Output("board", "getRowsResponse"),
        Output("board-count", "children"),
        Output("view", "search"),
        Output("written", "data", allow_duplicate=True),
        Input("board", "getRowsRequest"),
        State("board-query", "data"),
        prevent_initial_call=True,
    )
    def answer(request: Mapping[str, Any] | None, query: dict[str, str]) -> tuple[Any, ...]:
        if request is None:
            return (no_update,) * 4
        board = Leaderboard(reader, query.get("of", "fits"))
        filters = filters_from(request)
        where = json.dumps(filters) if filters else None
        search = place("", query, where=where, order=_order_from(request, board))
        wanted = wanted_of(board, query_of(search))
        rows = board.rows(wanted, request["startRow"], request["endRow"])
        count = board.count(wanted)
        response = {"rowData": [_shown(board.of, row) for row in rows], "rowCount": count}
        asked_for_more = request["startRow"] > 0 or search == place("", query)
        return response, elements.counted(count, "row"), *((no_update,) * 2 if asked_for_more else (search, search))

    @app.callback(
        Output("where", "search"),
        Input("board-columns", "value"),
        State("board", "columnDefs"),
        State("view", "search"),
        prevent_initial_call=True,
    )
    def choose(columns: list[str], shown: list[dict[str, Any]], search: str) -> Any:
        """Another URL once the columns change: the page's own first choice is not a change."""
        if columns == [column["field"] for column in shown[1:]]:
            return no_update
        return place("", query_of(search), columns=" ".join(columns))


def filters_from(request: Mapping[str, Any]) -> tuple[Filter, ...]:
    """The filters of a grid's request."""
    found = []
    for name, model in (request.get("filterModel") or {}).items():
        values = [] if model["type"] in BLANK else [model.get("filter"), model.get("filterTo")]
        found.append((name, model["type"], *(str(value) for value in values if value is not None)))
    return tuple(found)


def _order_from(request: Mapping[str, Any], board: Leaderboard) -> str | None:
    """The order of a grid's request for a URL; None for the usual order."""
    sorts = request.get("sortModel") or []
    order = " ".join("-" * (one["sort"] == "desc") + one["colId"] for one in sorts)
    return None if order in ("", board.view.order) else order


def _model(column: LeaderboardColumn, how: str, values: Sequence[str]) -> dict[str, Any]:
    """A filter for the grid."""
    named = zip(("filter", "filterTo"), map(float if column.number else str, values), strict=False)
    return {"filterType": "number" if column.number else "text", "type": how, **dict(named)}


def _link_column(of: str) -> dict[str, Any]:
    shown = {"field": "open", "headerName": of[:-1], "cellRenderer": "markdown", "pinned": "left"}
    width = 300 if of == "units" else 210
    return shown | {"sortable": False, "floatingFilter": False, "suppressAutoSize": True, "width": width}


def _definition(column: LeaderboardColumn, order: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "field": column.name,
        "headerName": column.shown.label,
        "headerTooltip": column.shown.meaning or column.shown.label,
        "filter": "agNumberColumnFilter" if column.number else "agTextColumnFilter",
        "filterParams": {"maxNumConditions": 1, "debounceMs": 300},
    }
    if column.number:
        text = f"params.value == null ? '' : d3.format('{column.shown.form}')(params.value)"
        found |= {"type": "rightAligned", "valueFormatter": {"function": text}}
    for rank, name in enumerate(order):
        if name.removeprefix("-") == column.name:
            found |= {"sort": "desc" if name.startswith("-") else "asc", "sortIndex": rank}
    return found


def _shown(of: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for the grid: numbers without Decimal, and a link to its fit or unit."""
    key = {name.removeprefix("key_"): value for name, value in row.items() if name.startswith("key_")}
    values = {name: value for name, value in row.items() if not name.startswith("key_")}
    plain = {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    if of == "fits":
        fit = FitKey.of(key)
        return plain | {"open": f"[{fit.name}](/fit/{fit.path})"}
    unit = UnitOfFit.of(key)
    # The number first: a name that is too long for the column is cut at its end.
    escaped = unit.session.replace("_", r"\_")
    return plain | {"open": f"[{unit.unit} of {escaped}](/unit/{unit.path})"}


def _choices(reader: Reader, query: Query, wanted: LeaderboardQuery) -> list[Component]:
    of = query.get("of", "fits")
    views = {title: place("/leaderboard", of=name, experiment=wanted.experiment) for name, title in TITLES.items()}
    named = experiments(reader)
    own = {"all": place("/leaderboard", query, experiment=None)}
    own |= {name: place("/leaderboard", query, experiment=name) for name in named}
    null = {"left out": place("/leaderboard", query, shuffled=None)}
    null |= {"shown": place("/leaderboard", query, shuffled="1")}
    return [
        elements.links("Of", views, TITLES[of]),
        elements.links("Experiment", own, wanted.experiment or "all"),
        elements.links("Fits to shuffled light (nulls)", null, "shown" if wanted.shuffled else "left out"),
    ]


def _chooser(board: Leaderboard, wanted: LeaderboardQuery) -> Component:
    columns = board.columns.items()
    options = [{"label": name if "." in name else one.shown.label, "value": name} for name, one in columns]
    choice = dcc.Checklist(options, list(wanted.columns), id="board-columns", className="columns")
    return html.Details([html.Summary("Columns: any figure, any value of a config"), choice])
