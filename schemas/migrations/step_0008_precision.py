"""Fits say in which precision they were computed, experiments what ``auto`` means, workers if they have bfloat16."""

from schemas.migrations.tables import Tables

KIND = "enum('float32', 'bfloat16')"
FIT = f"fit_precision=null : {KIND}  # what it was fitted in; null where that was not kept"
EXPERIMENT = f'auto_precision="float32" : {KIND}  # what auto means for its fits, fixed when it is defined'
WORKER = "native_bfloat16=0 : bool  # whether its device multiplies bfloat16 by instructions of its own"


def upgrade(tables: Tables) -> None:
    """Experiments that are there mean float32 by ``auto``, which is what a config that stated nothing meant until now.

    Fits that are there say nothing, since the digests of their rows are kept: they were computed in what their
    trainer's config states, or else in float32.
    """
    tables.add_column("training.__trained_model", FIT)
    tables.add_column("fleet.worker", WORKER)
    tables.add_column("experiment.experiment", EXPERIMENT)
