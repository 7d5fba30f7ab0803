"""Rows as lines of JSON, there and back, the same in every database."""

import base64
import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlgn_cnn.archive.manifest import StoredColumn
from dlgn_cnn.errors import ArchiveError, StoreError
from schemas.base.relational import MissingExternalFile
from schemas.training import TrainedModel

Row = dict[str, Any]
PROVENANCE = ".Provenance"  # tables of the provenance of computed rows
FITTING = (*TrainedModel.circumstances, "ended")
CIRCUMSTANCES = {
    "stimulus.Scene": ("scene_path",),  # where a file lies on each machine; its digest is compared
    "recording.RawFile": ("raw_path",),
    "training.TrainedModel": FITTING,
    "fitting.Epoch": FITTING,
}
FLOAT32_TOLERANCE = 1e-5  # MySQL gives six digits of a FLOAT


def encode(row: Row, columns: Sequence[StoredColumn], digest: Callable[[Any], str]) -> Row:
    """A row as JSON holds it.

    Parameters
    ----------
    row : dict
        A row of the database.
    columns : sequence of StoredColumn
        Columns of its table.
    digest : callable
        Gives the digest of an array that the row refers to, see ``loaded``.

    Returns
    -------
    dict
        Values that JSON can carry, by column.
    """
    return {one.name: None if row[one.name] is None else _encode(row[one.name], one.kind, digest) for one in columns}


def decode(row: Row, columns: Sequence[StoredColumn], fetch: Callable[[str], Any]) -> Row:
    """A row as it is inserted, from JSON.

    Parameters
    ----------
    row : dict
        Values by column, as from ``encode``.
    columns : sequence of StoredColumn
        Columns of its table.
    fetch : callable
        Gives the value to insert for the digest of an array.

    Returns
    -------
    dict
        The row.

    Raises
    ------
    ArchiveError
        For other columns, and a value of another kind.
    """
    if set(row) != {one.name for one in columns}:
        raise ArchiveError(f"a row has the columns {sorted(row)}, expected {sorted(one.name for one in columns)}")
    found = {}
    for one in columns:
        value = row[one.name]
        if value is None and not one.nullable:
            raise ArchiveError(f"column {one.name} of a row is null, which it may not be")
        try:
            found[one.name] = None if value is None else _decode(value, one.kind, fetch)
        except (ValueError, TypeError) as error:
            if isinstance(error, ArchiveError):
                raise
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


def differs(one: Any, other: Any, kind: str, precision_s: float = 1.0) -> bool:
    """Whether two encoded values differ by more than a database loses.

    Parameters
    ----------
    one, other : object
        Values of one column, as from ``encode``.
    kind : str
        Kind of the column.
    precision_s : float, default 1.0
        Seconds by which times may differ.

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
        return abs((times[0] - times[1]).total_seconds()) > precision_s
    return bool(one != other)


def line(row: Row) -> bytes:
    """One line of a rows file."""
    return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def loaded(reference: Any) -> np.ndarray:
    """The array that a row refers to. Raises StoreError where it is missing or altered."""
    try:
        found: np.ndarray = np.asarray(reference.load())
    except MissingExternalFile as error:
        raise StoreError(f"an array that a row refers to is missing: {error}; restore the store") from error
    return found


def _encode(value: Any, kind: str, digest: Callable[[Any], str]) -> Any:
    if kind == "npy":
        return digest(value)
    if kind == "bytes":
        raw = value.bytes if hasattr(value, "bytes") else bytes(value)
        return base64.b64encode(raw).decode()
    if kind in ("datetime", "date"):
        return value.isoformat()
    casts: dict[str, Callable[[Any], Any]] = {"bool": bool, "int": int, "float32": float, "float64": float, "text": str}
    return casts[kind](value) if kind in casts else value


def _decode(value: Any, kind: str, fetch: Callable[[str], Any]) -> Any:
    expected: dict[str, type | tuple[type, ...]] = {
        "bool": bool, "int": int, "float32": (float, int), "float64": (float, int),
        "text": str, "npy": str, "bytes": str, "datetime": str, "date": str,
    }  # fmt: skip
    if kind in expected and (not isinstance(value, expected[kind]) or (kind == "int" and isinstance(value, bool))):
        raise TypeError(kind)
    if kind == "npy":
        return fetch(value)
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "datetime":
        return datetime.datetime.fromisoformat(value)
    if kind == "date":
        return datetime.date.fromisoformat(value)
    return value
