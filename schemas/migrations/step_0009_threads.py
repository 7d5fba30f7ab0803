"""Fits say with how many threads they were computed, workers on which cores they are and which tables they fill."""

from schemas.migrations.tables import Tables

FITTED = "training.__trained_model"
COLUMNS = (
    "threads=null : int16  # of torch, with which it began; null where that was not kept",
    "same_bits=0 : bool  # whether it kept that number to its end, which the same bits take when it is computed again",
)
WORKER = (
    'core_set="" : char(32)  # the same for all workers, in any container of a machine, that may run on the same cores',
    "computes=\"\" : varchar(255)  # its tables, as ',MEI,Score,'; '*' for all; nothing where it takes only some keys",
)


def upgrade(tables: Tables) -> None:
    """Of fits that are there, nothing was kept: those that were resumed may have had any number."""
    for line in WORKER:
        tables.add_column("fleet.worker", line)
    for line in COLUMNS:
        tables.add_column(FITTED, line)
