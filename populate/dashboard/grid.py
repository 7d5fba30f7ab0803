"""Leaderboards in SQL: the database sorts, filters and cuts, and sends only a page of 100 rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from populate.dashboard.columns import CONFIGS, Join, LeaderboardColumn, View, fits_view, leaf_column, units_view
from populate.dashboard.reading import Reader
from schemas import dataset, experiment

Row = dict[str, Any]
Arguments = list[Any]
COMPARED = {
    "equals": "=",
    "notEqual": "<>",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}
PATTERNS = {"contains": "%{}%", "notContains": "%{}%", "startsWith": "{}%", "endsWith": "%{}"}
VIEWS = {"fits": fits_view, "units": units_view}


@dataclass(frozen=True)
class Filter:
    """One condition: the column's name, the comparison, and its values (two for ``inRange``)."""

    column: str
    how: str
    values: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class Leaderboard:
    """A view with columns for leaves of configs, and its SQL."""

    reader: Reader
    view: View
    varied: Sequence[str]  # the leaves that are not the same in every config

    @classmethod
    def open(cls, reader: Reader, of: str) -> "Leaderboard":
        """The leaderboard ``of`` fits or units, with a column for every leaf of a config. Raises ConfigError."""
        if of not in VIEWS:
            raise ConfigError(f"a leaderboard of {of!r}: {nearest(of, list(VIEWS))}")
        view, (leaves, varied) = VIEWS[of](), all_leaves(reader)
        for number, (name, kinds) in enumerate(leaves.items()):
            column, join = leaf_column(name, kinds, number)
            view.columns[name], view.sources[column.source] = column, join
        return cls(reader, view, varied)

    def column(self, name: str) -> LeaderboardColumn:
        """A column by its name, which may be a leaf. Raises ConfigError for an unknown one."""
        if name not in self.view.columns:
            raise ConfigError(f"no column {name!r}: {nearest(name, list(self.view.columns))}")
        return self.view.columns[name]

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
        order = [self._ordered(name) for name in wanted.order]
        where, given, sources = self._where(wanted)
        sort = ", ".join([*(text for _, text in order), *(f"b.{name}" for name in self.view.key)])
        sorted_by = [column.source for column, _ in order]
        inner, first = self._joined([*sources, *sorted_by], self.view.base)
        outer, second = self._joined([*sorted_by, *(column.source for column in shown)], "")
        names = [*(f"b.{name}" for name in self.view.key), *(column.expression for column in shown)]
        query = (
            f"SELECT {', '.join(names)} FROM (SELECT b.* FROM {inner}{where} ORDER BY {sort} "
            f"LIMIT {int(stop - start)} OFFSET {int(start)}) AS b{outer} ORDER BY {sort}"
        )
        found = self.reader.rows(query, (*first, *given, *second))
        labels = [*(f"key_{name}" for name in self.view.key), *wanted.columns]
        return [dict(zip(labels, row, strict=True)) for row in found]

    def count(self, wanted: LeaderboardQuery) -> int:
        """Number of rows of a query."""
        where, given, sources = self._where(wanted)
        joined, first = self._joined(sources, self.view.base)
        return int(self.reader.rows(f"SELECT COUNT(*) FROM {joined}{where}", (*first, *given))[0][0])

    def _ordered(self, name: str) -> tuple[LeaderboardColumn, str]:
        column = self.column(name.removeprefix("-"))
        # NULL comes last in either direction; both servers understand this form.
        return column, f"{column.expression} IS NULL, {column.expression}{' DESC' * name.startswith('-')}"

    def _joined(self, aliases: Iterable[str], base: str) -> tuple[str, Arguments]:
        text = f"{base} AS b" if base else ""
        given: Arguments = []
        for alias in dict.fromkeys(alias for alias in aliases if alias != "b"):
            source: Join = self.view.sources[alias]
            same = [f"{alias}.{name} = b.{name}" for name in source.by]
            same += [source.where.replace("{}", alias)] if source.where else []
            text += f" LEFT JOIN {source.table} AS {alias} ON {' AND '.join(same)}"
            given += source.arguments
        return text, given

    def _where(self, wanted: LeaderboardQuery) -> tuple[str, Arguments, list[str]]:
        parts: list[str] = []
        given: Arguments = []
        sources: list[str] = []
        for one in wanted.filters:
            column = self.column(one.column)
            text, values = condition(column, one)
            parts, given, sources = [*parts, text], [*given, *values], [*sources, column.source]
        if wanted.experiment is not None:
            fits = experiment.Experiment.Fit().full_table_name
            same = " AND ".join(f"x.{name} = b.{name}" for name in self.view.key[:4])
            parts.append(f"EXISTS (SELECT 1 FROM {fits} AS x WHERE x.experiment_name = %s AND {same})")
            given.append(wanted.experiment)
        if not wanted.shuffled:
            leaves = dataset.DatasetConfig.Leaf().full_table_name
            parts.append(f"b.dataset_hash NOT IN (SELECT dataset_hash FROM {leaves} WHERE path = 'shuffle_opto.seed')")
        return (f" WHERE {' AND '.join(parts)}" if parts else ""), given, sources


def condition(column: LeaderboardColumn, asked: Filter) -> tuple[str, Arguments]:
    """A filter as SQL and its values. Raises ConfigError for a comparison that the column does not have."""
    what, how, values = column.expression, asked.how, asked.values
    if how in ("blank", "notBlank"):
        return f"{what} IS {'NOT ' * (how == 'notBlank')}NULL", []
    if how == "inRange" and column.number and len(values) == 2:
        return f"({what} >= %s AND {what} <= %s)", [_number(value) for value in values]
    if how in COMPARED and len(values) == 1:
        return f"{what} {COMPARED[how]} %s", [_number(values[0]) if column.number else values[0]]
    if how in PATTERNS and not column.number and len(values) == 1:
        escaped = values[0].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_").lower()
        return f"LOWER({what}) {'NOT ' * (how == 'notContains')}LIKE %s", [PATTERNS[how].format(escaped)]
    raise ConfigError(f"filter {how!r} of {column.name!r} by {list(values)}: not one of this column's")


def all_leaves(reader: Reader) -> tuple[dict[str, set[str]], list[str]]:
    """Every path of every config, as ``model.core.kernels[0]``, with the types of its values; and those that vary."""
    found: dict[str, set[str]] = {}
    varied: list[str] = []
    for kind, table in CONFIGS.items():
        name = table.Leaf().full_table_name
        # The leaf of an empty config has no path.
        what = f"path, kind, COUNT(DISTINCT value), COUNT(*) FROM {name} WHERE path <> ''"
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
    name = experiment.Experiment().full_table_name
    return [row[0] for row in reader.rows(f"SELECT experiment_name FROM {name} ORDER BY experiment_name")]


def filters_of(query: Mapping[str, str]) -> tuple[Filter, ...]:
    """The filters of a URL: ``where`` is a JSON list of [column, how, value, ...]. Raises ConfigError.

    >>> filters_of({"where": '[["correlation", "greaterThan", 0.3]]'})
    (Filter(column='correlation', how='greaterThan', values=('0.3',)),)
    """
    text = query.get("where", "[]")
    try:
        return tuple(Filter(str(name), str(how), tuple(map(str, values))) for name, how, *values in json.loads(text))
    except (ValueError, TypeError) as error:
        raise ConfigError(f'where {text!r}: expected a list as [["correlation", "greaterThan", "0.3"]]') from error


def filters_text(filters: Sequence[Filter]) -> str | None:
    """Filters for a URL; None for no filter."""
    return json.dumps([[one.column, one.how, *one.values] for one in filters]) if filters else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"filter by {text!r}: expected a number") from error
