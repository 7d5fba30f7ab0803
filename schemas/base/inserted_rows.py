"""Rows that a computed table's ``make_insert`` inserts: noted on the way, or kept out of the tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import datajoint as dj

from dlgn_cnn.storage.rights import raise_if_forbidden
from schemas.base.keys import Key, Row

Rows = dict[str, list[Row]]  # by the class's name, the master's own and its parts'


@dataclass(frozen=True)
class Unreadable:
    """In the place of an array whose file cannot be read, or is not what was stored."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class _Notes:
    """In the place of a part table: keeps the rows, and hands them on where there is somewhere to hand them."""

    def __init__(self, rows: list[Row], onward: Callable[..., None] | None) -> None:
        self._rows, self._onward = rows, onward

    def insert(self, rows: Iterable[Key], **options: Any) -> None:
        kept = [dict(row) for row in rows]
        self._rows += kept
        if self._onward is not None:
            self._onward(kept, **options)

    def insert1(self, row: Key, **options: Any) -> None:
        self.insert([row], **options)


@contextmanager
def collect_inserted(table: Any, caught: bool = False) -> Iterator[Rows]:
    """Collect the rows that an instance of a table, and its parts, are given to insert within the block.

    Parameters
    ----------
    table : Table
        The instance, whose ``insert`` and parts are replaced within the block.
    caught : bool
        Whether to keep the rows out of the database.

    Yields
    ------
    dict
        Lists of rows by the class's name, filled as they are inserted.
    """
    rows: Rows = {type(table).__name__: []}
    own = _Notes(rows[type(table).__name__], None if caught else type(table).insert.__get__(table))
    table.insert, table.insert1 = own.insert, own.insert1
    for name, part in parts(table).items():
        rows[name] = []
        setattr(table, name, _Notes(rows[name], None if caught else part.insert))
    try:
        yield rows
    finally:
        for name in ("insert", "insert1", *parts(table)):
            delattr(table, name)


def parts(table: Any) -> dict[str, Any]:
    """The part tables of results by name: all but the provenance."""
    found = {name: getattr(type(table), name) for name in dir(type(table)) if name[0].isupper()}
    return {
        name: part
        for name, part in found.items()
        if isinstance(part, type) and issubclass(part, dj.Part) and name != "Provenance"
    }


def stored(table: Any, key: Key) -> Rows:
    """The rows of a key as they are in the database, arrays loaded; one that is gone or altered is ``Unreadable``."""
    found = {type(table).__name__: type(table), **parts(table)}
    return {
        name: [{column: _load(value) for column, value in row.items()} for row in (one & key).to_dicts()]
        for name, one in found.items()
    }


def key_order(table: Any, name: str) -> Callable[[Row], tuple[str, ...]]:
    """What rows of one of a table's parts, or of the table, are sorted by: their keys."""
    whose = parts(table).get(name, type(table))
    names = whose.primary_key
    return lambda row: tuple(str(row[column]) for column in names)


def row_name(table: Any, name: str, row: Row) -> str:
    """Name a row by what tells it from the others of its part, as ``MEI.Stimulus unit=3 mei_seed=0``.

    Parameters
    ----------
    table : Table
        The master.
    name : str
        Name of the part, or of the master itself.
    row : dict
        The row.

    Returns
    -------
    str
        The name; of a master's row, the master's.
    """
    master = type(table).__name__
    if name == master:
        return master
    own = [column for column in parts(table)[name].primary_key if column not in table.primary_key]
    return " ".join([f"{master}.{name}", *(f"{column}={row[column]}" for column in own)])


def _load(value: Any) -> Any:
    """A column's value; of a reference to an array, the array."""
    try:
        return value.load() if hasattr(value, "load") else value
    except Exception as error:  # what the reader of a file raises that was cut short or changed, we do not know
        raise_if_forbidden(error)
        return Unreadable(f"{type(error).__name__}: {error}")
