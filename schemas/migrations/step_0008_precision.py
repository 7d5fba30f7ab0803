"""Fits say in which precision they were computed, experiments what ``auto`` means, workers if they have bfloat16."""

from schemas.migrations.tables import Tables

KIND = "enum('float32', 'bfloat16')"
FIT = f"precision=null : {KIND}  # what it was fitted in; null where that was not kept"
EXPERIMENT = f'precision="float32" : {KIND}  # what auto means for its fits, fixed when it is defined'
WORKER = "native_bfloat16=0 : bool  # whether its device multiplies bfloat16 by instructions of its own"


def upgrade(tables: Tables) -> None:
    """Experiments whose trainers all state bfloat16 mean that by ``auto``; all others float32, the default until now.

    Fits that are there keep no precision, since a digest of their rows is kept: they were computed in that which their
    trainer's config states, or else in float32.
    """
    tables.add_column("training.__trained_model", FIT)
    tables.add_column("fleet.worker", WORKER)
    tables.add_column("experiment.experiment", EXPERIMENT)
    fits, leaves = tables.full_name("experiment.experiment__fit"), tables.full_name("trainer.trainer_config__leaf")
    stated = f"""SELECT trainer_hash FROM {leaves}
        WHERE path IN ('precision', 'fit.precision') AND kind = 'str' AND value = '"bfloat16"'"""
    tables.run(f"""UPDATE {tables.full_name("experiment.experiment")} SET precision = 'bfloat16'
        WHERE experiment_name IN (SELECT experiment_name FROM {fits})
        AND experiment_name NOT IN (SELECT experiment_name FROM {fits} WHERE trainer_hash NOT IN ({stated}))""")
