"""Fits say with how many threads they were computed, and workers on which machine they are."""

from schemas.migrations.tables import Tables

FITTED = "training.__trained_model"
COLUMNS = (
    "threads=1 : int16  # of torch, with which it began",
    "same_bits=1 : bool  # false where it was resumed with fewer threads: its bits may be others than undisturbed",
)
THREADS_ON_RECORD = """
    UPDATE {fitted} SET threads = COALESCE((
        SELECT {environment}.threads FROM {provenance} JOIN {environment} USING (environment_hash)
        WHERE {same_fit}), 1)
    """
KEY = ("dataset_hash", "model_hash", "trainer_hash", "seed")


def upgrade(tables: Tables) -> None:
    """Fits that are there began with the threads of their environment, or with one where that is not on record."""
    tables.add_column(
        "fleet.worker", 'machine="" : char(32)  # the same for all containers of one machine, until it restarts'
    )
    for line in COLUMNS:
        tables.add_column(FITTED, line)
    names = {"fitted": FITTED, "provenance": f"{FITTED}__provenance", "environment": "provenance.environment"}
    full = {word: tables.full_name(name) for word, name in names.items()}
    same_fit = " AND ".join(f"{full['provenance']}.{column} = {full['fitted']}.{column}" for column in KEY)
    tables.run(THREADS_ON_RECORD.format(same_fit=same_fit, **full))
    for column in ("threads", "same_bits"):
        tables.drop_default(FITTED, column)
