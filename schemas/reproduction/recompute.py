"""A row computed anew beside the tables: the same code as ``populate`` runs, but what it makes is kept to itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlgn_cnn.provenance.environment import deterministic_algorithms
from schemas.base.inserted_rows import Rows, collect_inserted
from schemas.connection.in_force import recomputing, settings_in_force


def recompute(kind: Any, key: Mapping[str, Any], place: Path) -> Rows:
    """The rows that computing a key of a table would insert now; files that it writes are below ``place``.

    No table, and nothing in the store, is written to. Raises what the computation does.
    """
    table = kind()
    fetched = table.make_fetch(dict(key))
    with recomputing(place), deterministic_algorithms(settings_in_force().deterministic):
        computed = table.make_compute(dict(key), *fetched)
        with collect_inserted(table, caught=True) as rows:
            table.make_insert(dict(key), *computed)
    return rows
