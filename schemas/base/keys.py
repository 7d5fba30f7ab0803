"""Keys of fits: their columns, and the key within a row that has more."""

from collections.abc import Mapping
from typing import Any

Key = Mapping[str, Any]
# Named here, since asking the table for its key may ask the database, which need not be in reach.
FIT = ("dataset_hash", "model_hash", "trainer_hash", "seed")


def fit_key(row: Key) -> dict[str, Any]:
    """The key of the fit in a row that has it."""
    return {name: row[name] for name in FIT}
