"""``dlgn query``: rows of tables that are named, joined and restricted as in DataJoint, or of a statement in SQL."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from populate.query import leaf_terms
from populate.query.read_only import QueryResult, ask, check_one
from schemas.base.relational import DataJointError
from schemas.declaration import table_classes as classes

Expression = Any


@dataclass(frozen=True)
class Query:
    """What is asked: tables joined by ``*``, SQL conditions on their columns, conditions on configs, and what to show.

    ``columns`` and ``order`` may name values of configs, as ``model.recurrent.channels``; an order may end in ASC or
    DESC; nothing known comes last either way.
    """

    tables: str
    restrictions: Sequence[str] = ()
    leaves: Sequence[str] = ()
    columns: Sequence[str] = ()
    order: Sequence[str] = ()
    limit: int | None = None


@dataclass(frozen=True)
class _Column:
    """One column of the answer: its name, its SQL, what its order follows from, and the join that it needs."""

    name: str
    sql: str
    order: tuple[str, ...]
    join: str = ""


def table_classes() -> dict[str, Any]:
    """Every table by name, parts as ``Score.Unit``."""
    return {name.partition(".")[2]: table for name, table in classes.table_classes().items()}


def answer(question: Query) -> QueryResult:
    """The rows that are asked for. Raises ConfigError for what is not there, and for what the database cannot read."""
    expression = _restricted(_joined(question.tables), question)
    names = question.columns or _shown(expression)
    columns = {name: _column(expression, name, index) for index, name in enumerate(names)}
    order = [_ordered(expression, columns, words, len(columns) + index) for index, words in enumerate(question.order)]
    found = ask(_sql(expression, columns, order, question.limit))
    decoders = [json.loads if one.join else None for one in columns.values()]
    rows = [
        tuple(
            value if decode is None or value is None else decode(value)
            for decode, value in zip(decoders, row, strict=True)
        )
        for row in found.rows
    ]
    return QueryResult(list(columns), rows)


def _joined(tables: str) -> Expression:
    known = table_classes()
    expression = None
    for name in (word.strip() for word in tables.split("*")):
        if name not in known:
            raise ConfigError(f"there is no table {name!r}: {_nearest(name, known)}")
        expression = known[name]() if expression is None else expression * known[name]()
    return expression


def _nearest(name: str, known: Iterable[str]) -> str:
    """As ``nearest``, of a name that may begin with its module as in Python; parts only where one is meant."""
    plain = name.partition(".")[2] if name[:1].islower() and "." in name else name
    return nearest(plain, known if "." in plain else [one for one in known if "." not in one])


def _restricted(expression: Expression, question: Query) -> Expression:
    for condition in question.restrictions:
        check_one(condition)
        try:
            restricted = expression & condition
            ask(f"{restricted.make_sql().replace('%%', '%')} LIMIT 0")
        except (ConfigError, DataJointError) as error:
            columns = ", ".join(expression.heading.names)
            raise ConfigError(f"condition {condition!r}: {error} (columns: {columns})") from error
        expression = restricted
    for condition in question.leaves:
        expression = leaf_terms.restrict(expression, condition)
    return expression


def _shown(expression: Expression) -> list[str]:
    """The columns that are shown unasked: all but arrays."""
    attributes = expression.heading.attributes
    return [name for name, one in attributes.items() if not (one.is_blob or one.codec)]


def _column(expression: Expression, name: str, index: int) -> _Column:
    """A column of the rows, or the value of a config that stands beside them."""
    quote = expression.connection.adapter.quote_identifier
    if name in expression.heading.names:
        sql = f"{quote('q')}.{quote(name)}"
        return _Column(name, sql, (sql,))
    if not leaf_terms.is_term(name):
        terms = [f"{kind}.PATH" for kind in leaf_terms.CONFIGS if f"{kind}_hash" in expression.heading.names]
        raise ConfigError(f"these rows have no column {name!r}: {nearest(name, [*expression.heading.names, *terms])}")
    term, alias = leaf_terms.find_term(name, expression), quote(f"v{index}")
    leaves = f"({term.leaves.make_sql()})"
    join = f" LEFT JOIN {leaves} AS {alias} ON {alias}.{quote(term.hash_name)} = {quote('q')}.{quote(term.hash_name)}"
    return _Column(name, f"{alias}.value", (f"{alias}.number", f"{alias}.value"), join)


def _ordered(expression: Expression, columns: Mapping[str, _Column], words: str, index: int) -> _Column:
    """The column that the rows are sorted by, shown or not, with its SQL for that."""
    name, _, direction = words.strip().partition(" ")
    if direction.strip().upper() not in ("", "ASC", "DESC"):
        raise ConfigError(f"order {words!r}: expected a column, with DESC behind it for the largest first")
    found = columns.get(name) or _column(expression, name, index)
    order = tuple(f"{part} IS NULL, {part} {direction.strip().upper()}".rstrip() for part in found.order)
    return dataclasses.replace(found, order=order, join="" if name in columns else found.join)


def _sql(expression: Expression, columns: Mapping[str, _Column], order: Sequence[_Column], limit: int | None) -> str:
    quote = expression.connection.adapter.quote_identifier
    shown = ", ".join(f"{one.sql} AS {quote(f'c{index}')}" for index, one in enumerate(columns.values()))
    joins = "".join(one.join for one in [*columns.values(), *order])
    sql = f"SELECT {shown} FROM ({expression.make_sql()}) AS {quote('q')}{joins}"
    sql += f" ORDER BY {', '.join(part for one in order for part in one.order)}" if order else ""
    sql += "" if limit is None else f" LIMIT {limit:d}"
    return sql.replace("%%", "%")
