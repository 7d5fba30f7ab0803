"""Leaderboards in SQL: the database sorts, filters and cuts, and sends only a page of 100 rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class LeaderboardQuery:
    """A query of a leaderboard.

    Parameters
    ----------
    columns : tuple of str
        Names of the columns to show.
    filters : tuple of Filter
        Conditions that all hold (default: none).
    order : tuple of str
        Columns to sort by, with "-" before one for descending.
    experiment : str, optional
        Keep only the fits of this experiment.
    shuffled : bool, default False
        Also show fits to shuffled labels of the light, which are the null of others.
    """

    columns: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    order: tuple[str, ...] = ()
    experiment: str | None = None
    shuffled: bool = False


class Leaderboard:
    """The leaderboard ``of`` fits or units, with a column for every leaf of a config. Raises ConfigError for another.

    ``varied`` are the leaves that are not the same in every config.
    """

    def __init__(self, reader: Reader, of: str) -> None:
        if of not in VIEWS:
            raise ConfigError(f"a leaderboard of {of!r}: {nearest(of, VIEWS)}")
        self.reader, self.of, self.view = reader, of, VIEWS[of]
        self.all_rows = reader(self.view.rows)
        leaves, self.varied = all_leaves(reader)
        self.columns = {name: _own_column(name, one) for name, one in self.all_rows.heading.attributes.items()}
        self.columns |= {name: _leaf_column(name, kinds, n) for n, (name, kinds) in enumerate(leaves.items())}

    def column(self, name: str) -> LeaderboardColumn:
        """A column by its name, which may be a leaf. Raises ConfigError for an unknown one."""
        if name not in self.columns:
            raise ConfigError(f"no column {name!r}: {nearest(name, self.columns)}")
        return self.columns[name]

    def rows(self, wanted: LeaderboardQuery, start: int, stop: int) -> list[Row]:
        """Read some rows.

        Parameters
        ----------
        wanted : LeaderboardQuery
            Columns, filters and order.
        start : int
            Index of the first row.
        stop : int
            Index after the last row.

        Returns
        -------
        list of dict
            The wanted columns of each row, and those of its key with ``key_`` before their names.
        """
        shown = [self.column(name) for name in wanted.columns]
        order = [(self.column(name.removeprefix("-")), " DESC" * name.startswith("-")) for name in wanted.order]
        key = [f"b.{name}" for name in self.view.key]
        query, given = self._select([*key, *(one.sql for one in shown)], wanted, [*shown, *(one for one, _ in order)])
        # NULL comes last in either direction; both servers understand this form.
        sort = ", ".join([*(f"{one.sql} IS NULL, {one.sql}{direction}" for one, direction in order), *key])
        found = self.reader.rows(f"{query} ORDER BY {sort} LIMIT {stop - start:d} OFFSET {start:d}", given)
        names = [*(f"key_{name}" for name in self.view.key), *wanted.columns]
        return [dict(zip(names, row, strict=True)) for row in found]

    def count(self, wanted: LeaderboardQuery) -> int:
        """Number of rows of a query."""
        return int(self.reader.rows(*self._select(["COUNT(*)"], wanted, []))[0][0])

    def _select(
        self, what: list[str], wanted: LeaderboardQuery, columns: list[LeaderboardColumn]
    ) -> tuple[str, tuple[Any, ...]]:
        """The beginning of a statement with the filters of a query and the joins of these columns, and its arguments.

        A join that no column needs is not computed: PostgreSQL leaves out those of the rows by itself.
        """
        filters = [(self.column(name), how, values) for name, how, *values in wanted.filters]
        joins = {one.join: one.path for one in (*columns, *(one for one, _, _ in filters)) if one.join}
        conditions = [condition(*one) for one in filters]
        rows = self.reader(lambda: self._restricted(wanted).make_sql())
        where = "".join(f" AND {text}" for text, _ in conditions)
        query = f"SELECT {', '.join(what)} FROM ({rows}) AS b{''.join(joins)} WHERE TRUE{where}"
        return query, (*joins.values(), *(value for _, values in conditions for value in values))

    def _restricted(self, wanted: LeaderboardQuery) -> Any:
        rows = self.all_rows
        if wanted.experiment is not None:
            rows = rows & (experiment.Experiment.Fit & {"experiment_name": wanted.experiment})
        return rows if wanted.shuffled else rows - mei_control.shuffled_datasets().proj()


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
