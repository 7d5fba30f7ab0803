"""Leaderboards: the database sorts, filters and cuts, and any value of a config is a column."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import dash_ag_grid
from dash import Input, Output, State, dcc, html, no_update

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.scores import COLUMNS, ScoreColumn
from dlgn_cnn.registry import nearest
from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.places import FitKey, Query, UnitOfFit, checked_text, place, query_of
from populate.dashboard.reading import Reader
from populate.query.query import nulls_last
from schemas import experiment
from schemas.base.keys import FIT, UNIT
from schemas.declaration.computed_tables import config_tables
from schemas.results.frames import of_experiment, view

GRID = {
    "cacheBlockSize": 100,
    "maxBlocksInCache": 20,
    "suppressFieldDotNotation": True,
    "enableCellTextSelection": True,
    "ensureDomOrder": True,
    "tooltipShowDelay": 300,
    "rowHeight": 34,
}
COMPARED = {
    "equals": "=",
    "notEqual": "<>",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}
PATTERNS = {"contains": "%{}%", "notContains": "%{}%", "startsWith": "{}%", "endsWith": "%{}"}
BLANK = {"blank": "IS NULL", "notBlank": "IS NOT NULL"}


class View(NamedTuple):
    """A leaderboard: the key of each row, the columns that are shown unless others are named, and the order."""

    key: tuple[str, ...]
    shown: tuple[str, ...]
    order: str


NUMERIC = re.compile(r"(tiny|small|big)?int|bool|double|float|numeric|decimal|real", re.IGNORECASE)
MOST_LEAVES = 3  # of those that vary, shown by default
SHUFFLED = "dataset.shuffle_opto"
FITS = ("mean_correlation", "score", "model_fn", "seed", "parameters", "fit_seconds")
UNITS = ("correlation", "normalized_correlation", "data_omi", "data_omi_q", "model_omi", "fit_name")
VIEWS = {
    "fits": View(FIT, FITS, "-mean_correlation"),
    "units": View((*FIT, *UNIT), UNITS, "-correlation"),
}


class LeaderboardColumn(NamedTuple):
    """A column of a leaderboard: a column of its rows, or a value of their configs.

    Parameters
    ----------
    name : str
        Its name in a URL.
    shown : ScoreColumn
        Its heading, format and meaning.
    number : bool
        Whether it holds numbers.
    sql : str
        Its expression, where ``b`` are the rows.
    join : str, default ""
        The join that has the value of a config, whose path is its only argument.
    path : str, default ""
        The path.
    """

    name: str
    shown: ScoreColumn
    number: bool
    sql: str
    join: str = ""
    path: str = ""


class Leaderboard:
    """The leaderboard of a URL, with a column for every leaf of a config.

    Parameters
    ----------
    reader : Reader
        Reads the tables.
    query : mapping of str to str
        Query of the URL: ``of`` fits or units; ``columns`` to show and ``order`` by, names with spaces between and
        "-" before one for descending; filters that all hold, ``where``; ``experiment`` whose fits are kept; and
        ``shuffled``, 1 for those to shuffled labels of the light too, which are the null of others. What it does not
        name is as usual.

    Raises
    ------
    ConfigError
        If the URL names what is not there.
    """

    def __init__(self, reader: Reader, query: Query) -> None:
        self.of = query.get("of", "fits")
        if self.of not in VIEWS:
            raise ConfigError(f"a leaderboard of {self.of!r}: {nearest(self.of, VIEWS)}")
        self.key, shown, self.usual_order = VIEWS[self.of]
        self.experiment, self.shuffled = query.get("experiment"), query.get("shuffled") == "1"
        self.reader = reader
        leaves, varied = all_leaves(reader)
        self._rows = reader(self._restricted)
        self.columns = {name: _own_column(name, one) for name, one in self._rows.heading.attributes.items()}
        self.columns |= {name: _leaf_column(name, kinds, n) for n, (name, kinds) in enumerate(leaves.items())}
        usual = [*shown, *[name for name in varied if self.shuffled or not name.startswith(SHUFFLED)][:MOST_LEAVES]]
        names = dict.fromkeys(query.get("columns", " ".join(usual)).split())
        order = dict.fromkeys(query.get("order", self.usual_order).split())
        self.shown = [self._column(name) for name in names]
        self.order = [(self._column(name.removeprefix("-")), name.startswith("-")) for name in order]
        self.filters = [(self._column(name), how, values) for name, how, *values in filters_of(query)]

    def _column(self, name: str) -> LeaderboardColumn:
        if name not in self.columns:
            raise ConfigError(f"no column {name!r}: {nearest(name, self.columns)}")
        return self.columns[name]

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """The key and the columns of each row from ``start`` to ``stop``."""
        key = [f"b.{name}" for name in self.key]
        columns = [*self.shown, *(one for one, _ in self.order)]
        query, given = self._select([*key, *(one.sql for one in self.shown)], columns)
        mysql = self.reader.connection.adapter.backend == "mysql"
        # The key in the same direction, in which MySQL's indexes have it.
        last = [f"{name}{' DESC' * (bool(self.order) and self.order[0][1])}" for name in key]
        sort = ", ".join([*(nulls_last(one.sql, descending, mysql) for one, descending in self.order), *last])
        found = self.reader.rows(f"{query} ORDER BY {sort} LIMIT {stop - start:d} OFFSET {start:d}", given)
        names = [*self.key, *(one.name for one in self.shown)]
        return [dict(zip(names, row, strict=True)) for row in found]

    def count(self) -> int:
        """Number of all rows."""
        return int(self.reader.rows(*self._select(["COUNT(*)"], []))[0][0])

    def _select(self, what: list[str], columns: list[LeaderboardColumn]) -> tuple[str, tuple[Any, ...]]:
        """The beginning of a statement, with the joins that these columns and the filters need, and its arguments.

        Servers leave out the joins within the view that no column needs.
        """
        joins = {one.join: one.path for one in (*columns, *(one for one, _, _ in self.filters)) if one.join}
        conditions = [condition(*one) for one in self.filters]
        where = "".join(f" AND {text}" for text, _ in conditions)
        query = f"SELECT {', '.join(what)} FROM ({self._rows.make_sql()}) AS b{''.join(joins)} WHERE TRUE{where}"
        return query, (*joins.values(), *(value for _, values in conditions for value in values))

    def _restricted(self) -> Any:
        rows = view(self.of, self.shuffled)
        return rows if self.experiment is None else of_experiment(rows, self.experiment)


def _own_column(name: str, attribute: Any) -> LeaderboardColumn:
    shown = COLUMNS.get(name) or ScoreColumn(name.replace("_", " "), "~g")
    return LeaderboardColumn(name, shown, bool(NUMERIC.match(attribute.type)), f"b.{name}")


def _leaf_column(name: str, kinds: set[str], number: int) -> LeaderboardColumn:
    """The column of a value of a config, named by kind and path, as ``model.core.kernels[0]``."""
    kind, _, path = name.partition(".")
    table, alias, numeric = (
        config_tables()[kind].Leaf().full_table_name,
        f"l{number}",
        kinds <= {"int", "float", "null"},
    )
    # A string is stored as JSON: its quotation marks are not part of it.
    sql = f"{alias}.number" if numeric else f"TRIM(BOTH '\"' FROM {alias}.value)"
    join = f" LEFT JOIN {table} AS {alias} ON {alias}.{kind}_hash = b.{kind}_hash AND {alias}.path = %s"
    return LeaderboardColumn(name, ScoreColumn(path, "~g", f"{kind} config"), numeric, sql, join, path)


def condition(column: LeaderboardColumn, how: str, values: Sequence[str]) -> tuple[str, list[Any]]:
    """A filter as SQL and its arguments.

    Parameters
    ----------
    column : LeaderboardColumn
        What is compared.
    how : str
        The comparison, as AG Grid names it.
    values : sequence of str
        What it is compared with.

    Returns
    -------
    tuple of str and list
        The condition and its arguments.

    Raises
    ------
    ConfigError
        For a comparison that the column does not have.
    """
    sql = column.sql
    if how in BLANK:
        return f"{sql} {BLANK[how]}", []
    if how == "inRange" and column.number and len(values) == 2:
        return f"({sql} >= %s AND {sql} <= %s)", [_number(value) for value in values]
    if how in COMPARED and len(values) == 1:
        return f"{sql} {COMPARED[how]} %s", [_number(values[0]) if column.number else values[0]]
    if how in PATTERNS and not column.number and len(values) == 1:
        escaped = values[0].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_").lower()
        return f"LOWER({sql}) {'NOT ' * (how == 'notContains')}LIKE %s", [PATTERNS[how].format(escaped)]
    raise ConfigError(f"filter {how!r} of {column.name!r} by {list(values)}: not one of this column's")


def all_leaves(reader: Reader) -> tuple[dict[str, set[str]], list[str]]:
    """Every path of every config, as ``model.core.kernels[0]``, with the types of its values; and those that vary."""
    found: dict[str, set[str]] = {}
    varied: list[str] = []
    for kind in ("model", "trainer", "dataset"):
        table = config_tables()[kind]
        # The leaf of an empty config has no path.
        what = f"path, kind, COUNT(DISTINCT value), COUNT(*) FROM {table.Leaf().full_table_name} WHERE path <> ''"
        query = f"SELECT {what} GROUP BY path, kind ORDER BY path"
        configs = reader.rows(f"SELECT COUNT(*) FROM {table().full_table_name}")[0][0]
        for path, leaf_kind, values, count in reader.rows(query):
            leaf = f"{kind}.{path}"
            found.setdefault(leaf, set()).add(leaf_kind)
            if (values > 1 or count < configs) and leaf not in varied:
                varied.append(leaf)
    return found, varied


def filters_of(query: Query) -> list[tuple[str, ...]]:
    """The filters of a URL: ``where`` is a JSON list of [column, how, value, ...]. Raises ConfigError.

    >>> filters_of({"where": '[["correlation", "greaterThan", 0.3]]'})
    [('correlation', 'greaterThan', '0.3')]
    """
    text = query.get("where", "[]")
    try:
        found = [(str(name), str(how), *map(str, values)) for name, how, *values in json.loads(text)]
        return [tuple(map(checked_text, one)) for one in found]
    except ConfigError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f'where {text!r}: expected a list as [["correlation", "greaterThan", "0.3"]]') from error


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"filter by {text!r}: expected a number")
    return number


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
    width = 300 if of == "units" else 240
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
    elif column.name == "fit_name":
        found["minWidth"] = 260  # a whole name
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
    known = reader(lambda: experiment.Experiment.to_arrays("experiment_name", order_by="experiment_name"))
    views = {name.title(): place("/leaderboard", of=name, experiment=board.experiment) for name in VIEWS}
    own = {"all": place("/leaderboard", query, experiment=None)}
    own |= {name: place("/leaderboard", query, experiment=name) for name in known}
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
