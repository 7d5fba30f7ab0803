"""Tables that workers fill, in the order in which they depend on one another, and tables of configs."""

from collections.abc import Sequence
from typing import Any

import datajoint as dj

from schemas.base.hashed_config import HashedConfig
from schemas.declaration.table_classes import table_classes


def computed_tables() -> Sequence[Any]:
    """Every table that a worker fills, in the order in which they depend on one another."""
    return tuple(table for table in table_classes().values() if issubclass(table, dj.Computed | dj.Imported))


def config_tables() -> dict[str, Any]:
    """Return the tables of configs by kind: dataset, model, trainer and mei."""
    return {table.kind: table for table in table_classes().values() if issubclass(table, HashedConfig)}
