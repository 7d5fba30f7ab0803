"""Rows as lines of JSON, there and back, the same in every database."""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlgn_cnn.archive.manifest import StoredColumn
from dlgn_cnn.errors import ArchiveError
from schemas.training import TrainedModel

Row = dict[str, Any]
PROVENANCE = ".Provenance"  # tables of the provenance of computed rows
CIRCUMSTANCES = {
    "stimulus.Scene": ("scene_path",),  # where a file lies on each machine; its digest is compared
    "recording.RawFile": ("raw_path",),
    "fitting.Epoch": (*TrainedModel.circumstances, "ended"),
}
NUMBERS = {"bool": (bool,), "int": (int,), "float32": (float, int), "float64": (float, int)}  # JSON's types by kind
TEXT = (str,)  # of all other kinds, except json
FLOAT32_TOLERANCE = 1e-5  # MySQL gives six digits of a FLOAT
TIME_TOLERANCE_S = 1.0  # MySQL keeps whole seconds of the times of these tables


def encode(row: Row, columns: Sequence[StoredColumn]) -> Row:
    """A row of the database as JSON holds it, with the digests of the arrays that it refers to."""
    return {one.name: None if row[one.name] is None else _encode(row[one.name], one.kind) for one in columns}


def decode(row: Row, columns: Sequence[StoredColumn]) -> Row:
    """A row as it is inserted, except for its arrays, of which it has the digests; from one of JSON.

    Raises ArchiveError for a value of another kind.
    """
    found = {}
    for one in columns:
        value = row[one.name]
        if value is None and not one.nullable:
            raise ArchiveError(f"column {one.name} of a row is null, which it may not be")
        try:
            found[one.name] = None if value is None else _decode(value, one.kind)
        except (ValueError, TypeError) as error:
            raise ArchiveError(f"column {one.name} of a row holds {value!r:.80}, expected {one.kind}") from error
    return found


def circumstances(name: str, table: Any) -> frozenset[str]:
    """Columns, and keys within JSON, that say where or how a row was computed rather than its result."""
    return frozenset((*CIRCUMSTANCES.get(name, ()), *getattr(type(table), "circumstances", ())))


def stripped(value: Any, ignored: frozenset[str]) -> Any:
    """A JSON value without these keys, at any depth."""
    if isinstance(value, dict):
        return {name: stripped(one, ignored) for name, one in value.items() if name not in ignored}
    return [stripped(one, ignored) for one in value] if isinstance(value, list) else value


def differs(one: Any, other: Any, kind: str) -> bool:
    """Whether two encoded values differ by more than a database loses.

    Parameters
    ----------
    one, other : object
        Values of one column, as from ``encode``.
    kind : str
        Kind of the column.

    Returns
    -------
    bool
        True if they differ.
    """
    if one is None or other is None:
        return one is not other
    if kind == "float32":
        return not np.isclose(one, other, rtol=FLOAT32_TOLERANCE, atol=0)
    if kind == "datetime":
        times = datetime.datetime.fromisoformat(one), datetime.datetime.fromisoformat(other)
        return abs((times[0] - times[1]).total_seconds()) > TIME_TOLERANCE_S
    return bool(one != other)


def _encode(value: Any, kind: str) -> Any:
    if kind == "npy":
        return value.sha256
    if kind in ("datetime", "date"):
        return value.isoformat()
    return value if kind == "json" else NUMBERS.get(kind, TEXT)[0](value)


def _decode(value: Any, kind: str) -> Any:
    if kind != "json" and type(value) not in NUMBERS.get(kind, TEXT):
        raise TypeError(kind)
    if kind == "datetime":
        return datetime.datetime.fromisoformat(value)
    if kind == "date":
        return datetime.date.fromisoformat(value)
    return value
