"""Recomputation of a row by the code that ``populate`` runs, without writing to the tables or the store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlgn_cnn.provenance.environment import deterministic_algorithms
from schemas.base.inserted_rows import Rows, collect_inserted
from schemas.connection.in_force import recomputing, settings_in_force


def recompute(kind: Any, key: Mapping[str, Any], place: Path) -> Rows:
    """Compute a key again; neither the tables nor the store are written to.

    Parameters
    ----------
    kind : class
        The computed table.
    key : mapping
        The key.
    place : Path
        Folder for the files that the computation writes.

    Returns
    -------
    dict
        The rows that would be inserted now, by the class's name.
    """
    table = kind()
    fetched = table.make_fetch(dict(key))
    with recomputing(place), deterministic_algorithms(settings_in_force().deterministic):
        computed = table.make_compute(dict(key), *fetched)
        with collect_inserted(table, caught=True) as rows:
            table.make_insert(dict(key), *computed)
    return rows
