"""Leaderboards in SQL: the database sorts, filters and cuts, and sends only a page of 100 rows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.plots.scores import COLUMNS, ScoreColumn
from dlgn_cnn.registry import nearest
from populate.dashboard.reading import Reader
from schemas import experiment, mei_control
from schemas.base.keys import FIT, UNIT
from schemas.declaration.computed_tables import config_tables
from schemas.results.scores import fits, units

Row = dict[str, Any]
Arguments = list[Any]
Filter = tuple[str, ...]  # a column, a comparison, and its values: two for ``inRange``
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
    """A leaderboard: its rows, the key of each, the columns that are shown unless others are named, and the order."""

    rows: Any
    key: tuple[str, ...]
    shown: tuple[str, ...]
    order: str


MOST_LEAVES = 3  # of those that vary, shown by default
SHUFFLED = "dataset.shuffle_opto"
FITS = ("mean_correlation", "score", "model_fn", "seed", "parameters", "fit_seconds")
UNITS = ("correlation", "normalized_correlation", "data_omi", "data_omi_q", "model_omi", "model_fn", "seed")
VIEWS = {
    "fits": View(fits, FIT, FITS, "-mean_correlation"),
    "units": View(units, (*FIT, *UNIT), UNITS, "-correlation"),
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

    def __init__(self, reader: Reader, query: Mapping[str, str]) -> None:
        self.of = query.get("of", "fits")
        if self.of not in VIEWS:
            raise ConfigError(f"a leaderboard of {self.of!r}: {nearest(self.of, VIEWS)}")
        rows, self.key, shown, self.usual_order = VIEWS[self.of]
        self.experiment, self.shuffled = query.get("experiment"), query.get("shuffled") == "1"
        self.reader, self.all_rows = reader, reader(rows)
        leaves, varied = all_leaves(reader)
        self.columns = {name: _own_column(name, one) for name, one in self.all_rows.heading.attributes.items()}
        self.columns |= {name: _leaf_column(name, kinds, n) for n, (name, kinds) in enumerate(leaves.items())}
        usual = [*shown, *[name for name in varied if self.shuffled or not name.startswith(SHUFFLED)][:MOST_LEAVES]]
        names, order = query.get("columns", " ".join(usual)).split(), query.get("order", self.usual_order).split()
        self.shown = [self._column(name) for name in names]
        self.order = [(self._column(name.removeprefix("-")), " DESC" * name.startswith("-")) for name in order]
        self.filters = [(self._column(name), how, values) for name, how, *values in filters_of(query)]

    def _column(self, name: str) -> LeaderboardColumn:
        if name not in self.columns:
            raise ConfigError(f"no column {name!r}: {nearest(name, self.columns)}")
        return self.columns[name]

    def rows(self, start: int, stop: int) -> list[Row]:
        """The key and the columns of each row from ``start`` to ``stop``."""
        key = [f"b.{name}" for name in self.key]
        columns = [*self.shown, *(one for one, _ in self.order)]
        query, given = self._select([*key, *(one.sql for one in self.shown)], columns)
        # NULL comes last in either direction; both servers understand this form.
        sort = ", ".join([*(f"{one.sql} IS NULL, {one.sql}{direction}" for one, direction in self.order), *key])
        found = self.reader.rows(f"{query} ORDER BY {sort} LIMIT {stop - start:d} OFFSET {start:d}", given)
        names = [*self.key, *(one.name for one in self.shown)]
        return [dict(zip(names, row, strict=True)) for row in found]

    def count(self) -> int:
        """Number of all rows."""
        return int(self.reader.rows(*self._select(["COUNT(*)"], []))[0][0])

    def _select(self, what: list[str], columns: list[LeaderboardColumn]) -> tuple[str, tuple[Any, ...]]:
        """The beginning of a statement, with the joins that these columns and the filters need, and its arguments.

        PostgreSQL leaves out the joins within the rows that no column needs.
        """
        joins = {one.join: one.path for one in (*columns, *(one for one, _, _ in self.filters)) if one.join}
        conditions = [condition(*one) for one in self.filters]
        where = "".join(f" AND {text}" for text, _ in conditions)
        rows = self.reader(lambda: self._restricted().make_sql())
        query = f"SELECT {', '.join(what)} FROM ({rows}) AS b{''.join(joins)} WHERE TRUE{where}"
        return query, (*joins.values(), *(value for _, values in conditions for value in values))

    def _restricted(self) -> Any:
        rows = self.all_rows
        if self.experiment is not None:
            rows = rows & (experiment.Experiment.Fit & {"experiment_name": self.experiment})
        return rows if self.shuffled else rows - mei_control.shuffled_datasets().proj()


def _own_column(name: str, attribute: Any) -> LeaderboardColumn:
    shown = COLUMNS.get(name) or ScoreColumn(name.replace("_", " "), "~g")
    return LeaderboardColumn(name, shown, not attribute.string, f"b.{name}")


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


def condition(column: LeaderboardColumn, how: str, values: Sequence[str]) -> tuple[str, Arguments]:
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


def experiments(reader: Reader) -> list[str]:
    """The names of all experiments."""
    return reader(lambda: list(experiment.Experiment.to_arrays("experiment_name", order_by="experiment_name")))


def filters_of(query: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters of a URL: ``where`` is a JSON list of [column, how, value, ...]. Raises ConfigError.

    >>> filters_of({"where": '[["correlation", "greaterThan", 0.3]]'})
    (('correlation', 'greaterThan', '0.3'),)
    """
    text = query.get("where", "[]")
    try:
        return tuple((str(name), str(how), *map(str, values)) for name, how, *values in json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigError(f'where {text!r}: expected a list as [["correlation", "greaterThan", "0.3"]]') from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"filter by {text!r}: expected a number") from error
