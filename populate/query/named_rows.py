"""Rows as they are named on the command line: ``TrainedModel:seed=0,model_hash=ab12``."""

import re
from collections.abc import Iterable
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from populate.query.result import ask, check_one, raise_as_sentence
from schemas.base.relational import DataJointError, Job
from schemas.base.restriction import restrict
from schemas.declaration.computed_tables import computed_tables

Key = dict[str, Any]
FORM = "expected TABLE or TABLE:NAME=VALUE,NAME=VALUE, as TrainedModel:seed=0,model_hash=ab12"


def find_table(name: str, tables: Iterable[Any] | None = None) -> Any:
    """The table of that name (default: of the computed tables). Raises ConfigError with the nearest name."""
    known = {table.__name__: table for table in tables or computed_tables()}
    if name not in known:
        raise ConfigError(f"table {name!r}: {nearest(name, known)}")
    return known[name]


def restricted(rows: Any, where: str | None, name: str) -> Any:
    """Rows that an SQL condition holds for, if there is one. Raises ConfigError if the database cannot read it.

    Parameters
    ----------
    rows : QueryExpression
        Rows of a table or a join, or jobs of a queue.
    where : str or None
        The condition.
    name : str
        Name of the tables in the message.

    Returns
    -------
    QueryExpression
        The restricted rows.
    """
    if where is None:
        return rows
    check_one(where)
    try:
        found = rows & where
        ask(f"{found.make_sql().replace('%%', '%')} LIMIT 0")
    except (ConfigError, DataJointError) as error:
        columns = ", ".join(rows.primary_key if isinstance(rows, Job) else rows.heading.names)
        raise ConfigError(f"condition {where!r} on {name}: {error} (columns: {columns}); correct it") from error
    return found


def chosen(text: str, tables: Iterable[Any] | None = None, where: str | None = None) -> tuple[Any, list[Key]]:
    """Table and keys of the rows that are named on the command line.

    Parameters
    ----------
    text : str
        ``TABLE`` or ``TABLE:NAME=VALUE,NAME=VALUE``, or a key as a worker logs it, with spaces. The first letters of a
        hash are enough.
    tables : iterable of table classes, optional
        Tables to choose from (default: the computed ones).
    where : str, optional
        SQL condition that the rows fulfill too.

    Returns
    -------
    tuple of table class and list of dict
        The table and the keys of its rows.

    Raises
    ------
    ConfigError
        For another form, an unknown table or column, and a condition that the database cannot read.
    """
    name, *pairs = [word for word in re.split(r"[:,\s]+", text.strip()) if word]
    table = find_table(name, tables)
    found = table()
    for pair in pairs:
        found = _matching(found, table, pair)
    try:
        return table, list(restricted(found, where, name).keys(order_by="KEY"))
    except Exception as error:  # a value that is none of its column's
        raise_as_sentence(error)
        raise


def the_one(text: str, tables: Iterable[Any] | None = None) -> tuple[Any, Key]:
    """The table and key of the only row that ``text`` names. Raises ConfigError for none or several."""
    table, keys = chosen(text, tables)
    if not keys:
        raise ConfigError(f"{text!r} names no row of {table.__name__}: see dlgn status")
    if len(keys) > 1:
        shown = "; ".join(written(table, key) for key in keys[:3])
        raise ConfigError(f"{text!r} names {len(keys)} rows: say more, as {shown}")
    return table, keys[0]


def written(table: Any, key: Key) -> str:
    """A row in the words that ``chosen`` reads, hashes cut to 8 letters."""
    short = {name: str(value)[:8] if name.endswith("_hash") else value for name, value in key.items()}
    pairs = ",".join(f"{name}={value}" for name, value in short.items())
    return f"{table.__name__}:{pairs}"


def _matching(rows: Any, table: Any, pair: str) -> Any:
    column, given, value = pair.partition("=")
    if not (given and value):
        raise ConfigError(f"{pair!r} of a row: {FORM}")
    if column not in table.heading.names:
        raise ConfigError(f"column {column!r} of {table.__name__}: {nearest(column, table.heading.names)}")
    if "int" in table.heading.attributes[column].type and not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise ConfigError(f"{pair!r}: expected a whole number, as seed=0")  # which MySQL would take for 0
    if not column.endswith("_hash"):
        return restrict(rows, {column: value})
    if not re.fullmatch(r"[0-9a-f]{1,64}", value):
        raise ConfigError(f"{pair!r}: expected the first letters of a hash, as model_hash=ab12")
    return rows & f"{column} LIKE '{value}%'" if len(value) < 32 else restrict(rows, {column: value})
