"""Rows as they are named on the command line: ``TrainedModel:seed=0,model_hash=ab12``."""

import re
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest

Key = dict[str, Any]
FORM = "expected TABLE or TABLE:NAME=VALUE,NAME=VALUE, as TrainedModel:seed=0,model_hash=ab12"


def chosen(text: str, tables: dict[str, Any], where: str | None = None) -> tuple[Any, list[Key]]:
    """The table that ``text`` names, one of ``tables``, and the keys of the rows that it and ``where`` choose.

    A hash may be given by its first letters. The words that a worker logs of a key, with spaces, will do too. Raises
    ConfigError for another form, an unknown table or column, and a condition that the database cannot read.
    """
    name, *pairs = [word for word in re.split(r"[:,\s]+", text.strip()) if word]
    if name not in tables:
        raise ConfigError(f"table {name!r}: {nearest(name, tables)}")
    table = tables[name]
    found = table()
    for pair in pairs:
        found = found & _condition(table, pair)
    try:
        return table, list((found if where is None else found & where).keys(order_by="KEY"))
    except Exception as error:
        columns = ", ".join(table.heading.names)
        raise ConfigError(f"condition {where!r} on {name} ({columns}): {error}") from error


def the_one(text: str, tables: dict[str, Any]) -> tuple[Any, Key]:
    """The table and key of the only row that ``text`` names. Raises ConfigError where there is none, or several."""
    table, keys = chosen(text, tables)
    if not keys:
        raise ConfigError(f"{text!r} names no row of {table.__name__}: see dlgn status for what is there")
    if len(keys) > 1:
        shown = "; ".join(written(table, key) for key in keys[:3])
        raise ConfigError(f"{text!r} names {len(keys)} rows: say more, as {shown}")
    return table, keys[0]


def written(table: Any, key: Key) -> str:
    """A row in the words that ``chosen`` reads, hashes cut to 8 letters."""
    pairs = ",".join(f"{name}={_short(name, value)}" for name, value in key.items())
    return f"{table.__name__}:{pairs}"


def _short(name: str, value: Any) -> str:
    return str(value)[:8] if name.endswith("_hash") else str(value)


def _condition(table: Any, pair: str) -> Any:
    column, given, value = pair.partition("=")
    if not (given and value):
        raise ConfigError(f"{pair!r} of a row: {FORM}")
    if column not in table.heading.names:
        raise ConfigError(f"column {column!r} of {table.__name__}: {nearest(column, table.heading.names)}")
    if not column.endswith("_hash"):
        return {column: value}
    if not re.fullmatch(r"[0-9a-f]{1,64}", value):
        raise ConfigError(f"{pair!r}: expected the first letters of a hash, as model_hash=ab12")
    return f"{column} LIKE '{value}%'" if len(value) < 32 else {column: value}
