"""Page of leaderboards: any value of a config is a column, and the database sorts and filters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid
from dash import Input, Output, State, dcc, html, no_update

from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.grid import BLANK, VIEWS, Leaderboard, LeaderboardColumn, experiments
from populate.dashboard.places import FitKey, Query, UnitOfFit, place, query_of
from populate.dashboard.reading import Reader

GRID = {
    "cacheBlockSize": 100,
    "maxBlocksInCache": 20,
    "suppressFieldDotNotation": True,
    "enableCellTextSelection": True,
    "ensureDomOrder": True,
    "tooltipShowDelay": 300,
    "rowHeight": 34,
}


def page(reader: Reader, query: Query) -> Component:
    """The leaderboard of a URL. Raises ConfigError for an unknown column or filter."""
    board = Leaderboard(reader, query)
    grid = dash_ag_grid.AgGrid(
        id="board",
        rowModelType="infinite",
        columnDefs=[_link_column(board.of), *(_definition(column, board) for column in board.shown)],
        columnSize="autoSize",
        defaultColDef={"sortable": True, "resizable": True, "floatingFilter": True},
        filterModel={column.name: _model(column, how, values) for column, how, values in board.filters},
        dashGridOptions=GRID,
        style={"height": "68vh", "width": "100%"},
    )
    return elements.page(
        f"Leaderboard: {board.of}",
        *_choices(reader, query, board),
        _chooser(board),
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
        search = place("", query, **_asked(request, query))
        board = Leaderboard(reader, query_of(search))
        rows, count = board.rows(request["startRow"], request["endRow"]), board.count()
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


def _asked(request: Mapping[str, Any], query: Query) -> dict[str, str | None]:
    """Filters and order of a grid's request for a URL; None for no filter and for the usual order."""
    filters = []
    for name, model in (request.get("filterModel") or {}).items():
        values = [] if model["type"] in BLANK else [model.get("filter"), model.get("filterTo")]
        filters.append((name, model["type"], *(str(value) for value in values if value is not None)))
    order = " ".join("-" * (one["sort"] == "desc") + one["colId"] for one in request.get("sortModel") or [])
    usual = VIEWS[query.get("of", "fits")].order
    return {"where": json.dumps(filters) if filters else None, "order": None if order in ("", usual) else order}


def _model(column: LeaderboardColumn, how: str, values: Sequence[str]) -> dict[str, Any]:
    """A filter for the grid."""
    named = zip(("filter", "filterTo"), map(float if column.number else str, values), strict=False)
    return {"filterType": "number" if column.number else "text", "type": how, **dict(named)}


def _link_column(of: str) -> dict[str, Any]:
    shown = {"field": "open", "headerName": of[:-1], "cellRenderer": "markdown", "pinned": "left"}
    width = 300 if of == "units" else 210
    return shown | {"sortable": False, "floatingFilter": False, "suppressAutoSize": True, "width": width}


def _definition(column: LeaderboardColumn, board: Leaderboard) -> dict[str, Any]:
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
    for rank, (one, direction) in enumerate(board.order):
        if one is column:
            found |= {"sort": "desc" if direction else "asc", "sortIndex": rank}
    return found


def _shown(of: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row for the grid, with a link to its fit or unit."""
    if of == "fits":
        fit = FitKey.of(row)
        return row | {"open": f"[{fit.name}](/fit/{fit.path})"}
    unit = UnitOfFit.of(row)
    # The number first: a name that is too long for the column is cut at its end.
    escaped = unit.session.replace("_", r"\_")
    return row | {"open": f"[{unit.unit} of {escaped}](/unit/{unit.path})"}


def _choices(reader: Reader, query: Query, board: Leaderboard) -> list[Component]:
    views = {name.title(): place("/leaderboard", of=name, experiment=board.experiment) for name in VIEWS}
    own = {"all": place("/leaderboard", query, experiment=None)}
    own |= {name: place("/leaderboard", query, experiment=name) for name in experiments(reader)}
    null = {text: place("/leaderboard", query, shuffled=value) for text, value in (("left out", None), ("shown", "1"))}
    return [
        elements.links("Of", views, board.of.title()),
        elements.links("Experiment", own, board.experiment or "all"),
        elements.links("Fits to shuffled light (nulls)", null, "shown" if board.shuffled else "left out"),
    ]


def _chooser(board: Leaderboard) -> Component:
    columns = board.columns.items()
    options = [{"label": name if "." in name else one.shown.label, "value": name} for name, one in columns]
    choice = dcc.Checklist(options, [one.name for one in board.shown], id="board-columns", className="columns")
    return html.Details([html.Summary("Columns: any figure, any value of a config"), choice])
