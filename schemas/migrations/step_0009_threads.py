"""Fits say with how many threads they were computed, and workers on which machine they are."""

from schemas.migrations.tables import Tables

FITTED = "training.__trained_model"
COLUMNS = (
    "threads=null : int16  # of torch, with which it began; null where that was not kept",
    "same_bits=0 : bool  # whether it kept that number to its end, which the same bits take when it is computed again",
)
MACHINE = 'machine="" : char(32)  # the same for all containers of one machine, until it restarts'


def upgrade(tables: Tables) -> None:
    """Of fits that are there, nothing was kept: those that were resumed may have had any number."""
    tables.add_column("fleet.worker", MACHINE)
    for line in COLUMNS:
        tables.add_column(FITTED, line)
