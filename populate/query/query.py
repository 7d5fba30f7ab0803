"""``dlgn query``: rows of tables that are named, joined and restricted as in DataJoint, or of a statement in SQL."""

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from populate.query.named_rows import restricted
from populate.query.result import QueryResult, ask
from schemas.base.relational import Not, U
from schemas.base.restriction import restrict
from schemas.declaration import table_classes as classes
from schemas.declaration.computed_tables import config_tables
from schemas.declaration.modules import VIEW_NAMES
from schemas.results.frames import view

Expression = Any
CONFIGS = config_tables()
FORM = "NAME = VALUE, as model.recurrent.channels = 16, or with != < <= > >="
# What a screen has room for; files and pipes get all columns.
SHORT = {
    "fits": ("fit_name", "mean_correlation", "score", "parameters", "fit_seconds", "device"),
    "units": ("fit_name", "session_name", "unit", "correlation", "data_omi", "data_omi_q", "clip_effect", "clip_q"),
    "curves": ("fit_name", "epoch", "loss", "validation_loss", "validation_correlation", "learning_rate", "seconds"),
    "meis": ("fit_name", "session_name", "unit", "mei_fn", "opto_condition", "mei_seed", "intact_hz", "suppressed_hz"),
    "contrasts": ("fit_name", "session_name", "unit", "view", "null_kind", "effect", "p", "q", "session_q"),
    "studies": ("study_name", "trial", "state", "score", "pruned_epoch", "trial_values"),
    "workers": ("host", "pid", "device", "state", "table_name", "since", "doing"),
    "failures": ("table_name", "failed_key", "error_message", "host", "failed"),
}  # fmt: skip
CONDITION = re.compile(r"(?P<name>[^\s=!<>]+)\s*(?P<sign>=|!=|<=|>=|<|>)\s*(?P<value>.+)")


@dataclass(frozen=True)
class _Column:
    """One column of the result: its name, its SQL, the SQL that it is sorted by, and the join that it needs."""

    name: str
    sql: str
    order: tuple[str, ...]
    join: str = ""


def table_classes() -> dict[str, Any]:
    """Every table by name, parts as ``Score.Unit``."""
    return {name.partition(".")[2]: table for name, table in classes.table_classes().items()}


def run_query(
    tables: str,
    restrictions: Sequence[str] = (),
    leaves: Sequence[str] = (),
    columns: Sequence[str] = (),
    order: Sequence[str] = (),
    limit: int | None = None,
    nulls: bool = False,
) -> QueryResult:
    """Return the rows of a query.

    Parameters
    ----------
    tables : str
        Names of tables and views, joined by ``*``.
    restrictions : sequence of str
        SQL conditions on their columns.
    leaves : sequence of str
        Conditions on values of configs, as ``model.recurrent.channels = 16``.
    columns : sequence of str
        Columns and values of configs to show (default: all columns but arrays).
    order : sequence of str
        Columns and values of configs to sort by, each with ASC or DESC after it if wanted; null comes last either way.
    limit : int, optional
        Number of rows (default: all).
    nulls : bool, default False
        Whether views keep fits to shuffled light.

    Returns
    -------
    QueryResult
        The rows.

    Raises
    ------
    ConfigError
        For unknown names, and for conditions that the database cannot read.
    """
    expression = _joined(tables, nulls)
    for condition in restrictions:
        expression = restricted(expression, condition, tables)
    for condition in leaves:
        expression = _restricted_by(expression, condition)
    shown = {name: _column(expression, name, index) for index, name in enumerate(columns or _shown(expression))}
    sorted_by = [_ordered(expression, shown, words, len(shown) + index) for index, words in enumerate(order)]
    found = ask(_sql(expression, shown, sorted_by, limit))
    decoded = [bool(one.join) for one in shown.values()]
    return QueryResult(list(shown), [tuple(map(_decoded, row, decoded)) for row in found.rows])


def _decoded(value: Any, is_json: bool) -> Any:
    return json.loads(value) if is_json and value is not None else value


def list_tables() -> QueryResult:
    """Every view and table: its name here and in SQL, and its columns, those of its key first."""
    rows = []
    views = {name: partial(view, name, True) for name in VIEW_NAMES}
    for name, table in (views | table_classes()).items():
        one = table()
        sql_name = one.full_table_name.replace("`", "").replace('"', "")
        columns = [f"*{column}" if column in one.primary_key else column for column in one.heading.names]
        rows.append((name, sql_name, ", ".join(columns)))
    return QueryResult(["table", "in SQL", "columns (*key)"], rows)


def split(text: str | None) -> tuple[str, ...]:
    """Words that commas separate. Raises ConfigError for an empty one.

    >>> split("unit, correlation")
    ('unit', 'correlation')
    """
    found = tuple(word.strip() for word in text.split(",")) if text else ()
    if not all(found):
        raise ConfigError(f"{text!r} has an empty word: expected names with commas between, as unit,correlation")
    return found


def _joined(tables: str, nulls: bool) -> Expression:
    known, names = table_classes(), [word.strip() for word in tables.split("*")]
    expression = None
    for name in names:
        if name in VIEW_NAMES and len(names) > 1:
            raise ConfigError(f"{name} is a view, which is not joined: name columns and values of configs by --columns")
        if name not in (*known, *VIEW_NAMES):
            raise ConfigError(f"there is no table {name!r}: {_nearest(name, [*known, *VIEW_NAMES])}")
        rows = known[name]() if name in known else view(name, nulls)
        expression = rows if expression is None else expression * rows
    return expression


def _nearest(name: str, known: Iterable[str]) -> str:
    """As ``nearest``, of a name that may begin with its module as in Python; parts only where one is meant."""
    plain = name.partition(".")[2] if name[:1].islower() and "." in name else name
    return nearest(plain, known if "." in plain else [one for one in known if "." not in one])


def _shown(expression: Expression) -> list[str]:
    """The columns that are shown by default: all but arrays."""
    attributes = expression.heading.attributes
    return [name for name, one in attributes.items() if not (one.is_blob or one.codec)]


def _column(expression: Expression, name: str, index: int) -> _Column:
    """A column of the rows, or the value of a config that is joined to them."""
    quote = expression.connection.adapter.quote_identifier
    if name in expression.heading.names:
        sql = f"{quote('q')}.{quote(name)}"
        return _Column(name, sql, (sql,))
    if "." not in name or name.partition(".")[0] not in CONFIGS:
        terms = [f"{kind}.PATH" for kind in CONFIGS if f"{kind}_hash" in expression.heading.names]
        raise ConfigError(f"these rows have no column {name!r}: {nearest(name, [*expression.heading.names, *terms])}")
    (hash_name, leaves), alias = _leaves(name, expression), quote(f"v{index}")
    same = f"{alias}.{quote(hash_name)} = {quote('q')}.{quote(hash_name)}"
    join = f" LEFT JOIN ({leaves.make_sql()}) AS {alias} ON {same}"
    return _Column(name, f"{alias}.value", (f"{alias}.number", f"{alias}.value"), join)


def _ordered(expression: Expression, columns: Mapping[str, _Column], words: str, index: int) -> _Column:
    """The column that the rows are sorted by, shown or not, with its SQL for that."""
    name, _, direction = words.strip().partition(" ")
    if direction.strip().upper() not in ("", "ASC", "DESC"):
        raise ConfigError(f"order {words!r}: expected a column, with DESC after it for the largest first")
    found = columns.get(name) or _column(expression, name, index)
    mysql = expression.connection.adapter.backend == "mysql"
    order = tuple(nulls_last(part, direction.strip().upper() == "DESC", mysql) for part in found.order)
    return dataclasses.replace(found, order=order, join="" if name in columns else found.join)


def nulls_last(sql: str, descending: bool, mysql: bool) -> str:
    """An expression of ORDER BY with null last, in the form for which a server can read an index in its order.

    Parameters
    ----------
    sql : str
        What is sorted by.
    descending : bool
        Whether the largest comes first.
    mysql : bool
        Whether the server is MySQL.

    Returns
    -------
    str
        The expression.

    Examples
    --------
    >>> nulls_last("r", True, True), nulls_last("r", False, True), nulls_last("r", True, False)
    ('r DESC', 'r IS NULL, r', 'r DESC NULLS LAST')
    """
    if mysql:
        return f"{sql} DESC" if descending else f"{sql} IS NULL, {sql}"
    return f"{sql} DESC NULLS LAST" if descending else sql


def _sql(expression: Expression, columns: Mapping[str, _Column], order: Sequence[_Column], limit: int | None) -> str:
    quote = expression.connection.adapter.quote_identifier
    shown = ", ".join(f"{one.sql} AS {quote(f'c{index}')}" for index, one in enumerate(columns.values()))
    joins = "".join(one.join for one in [*columns.values(), *order])
    sql = f"SELECT {shown} FROM ({expression.make_sql()}) AS {quote('q')}{joins}"
    sql += f" ORDER BY {', '.join(part for one in order for part in one.order)}" if order else ""
    sql += "" if limit is None else f" LIMIT {limit:d}"
    return sql.replace("%%", "%")


def _leaves(name: str, expression: Expression) -> tuple[str, Any]:
    """The column by which rows belong to a config, and the rows of the value that a word names, one a config.

    Raises ConfigError if no config has it, or the rows belong to no such config.
    """
    kind, _, path = name.partition(".")
    if not path or kind not in CONFIGS:
        raise ConfigError(
            f"{name!r} names no value of a config: expected {', '.join(f'{one}.PATH' for one in CONFIGS)}"
        )
    hash_name, leaves = f"{kind}_hash", restrict(CONFIGS[kind].Leaf(), {"path": path})
    if hash_name not in expression.heading.names:
        raise ConfigError(f"{name!r}: these rows have no {hash_name}; join a table that has, as '* TrainedModel'")
    if not leaves:
        known = {f"{kind}.{one}" for one in CONFIGS[kind].Leaf.to_arrays("path")}
        raise ConfigError(f"no {kind} config has {name!r}: {nearest(name, known) if known else 'none is defined'}")
    return hash_name, leaves


def _restricted_by(expression: Any, condition: str) -> Any:
    """The rows whose config has the value that ``condition`` asks for. Raises ConfigError."""
    found = CONDITION.fullmatch(condition.strip())
    if found is None:
        raise ConfigError(f"condition {condition!r} on a config: expected {FORM}")
    hash_name, leaves = _leaves(found["name"], expression)
    chosen = leaves & _comparison(found["sign"], _value(found["value"]), condition)
    return expression & (U(hash_name) & chosen)


def _value(text: str) -> Any:
    """A value as JSON writes it; anything else is a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip("'\"")


def _comparison(sign: str, value: Any, condition: str) -> Any:
    """SQL condition on a leaf's row. Numbers compare as numbers, whether 16 or 16.0; anything else by its text."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"condition {condition!r}: expected a finite number")
    if type(value) in (int, float):
        return f"kind IN ('int', 'float') AND number {'<>' if sign == '!=' else sign} {value!r}"
    if isinstance(value, list | dict):
        raise ConfigError(f"condition {condition!r}: name one value of it, as model.core.channels[0] = 16")
    if sign not in ("=", "!="):
        raise ConfigError(f"condition {condition!r}: expected a number after {sign}")
    equal = {"value": json.dumps(value, ensure_ascii=False)}
    return equal if sign == "=" else Not(equal)
