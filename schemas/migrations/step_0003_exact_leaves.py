"""Leaves of configs are told apart by every character: MySQL took ``"ReLU"`` for ``"relu"``, and ``é`` for ``e``."""

from schemas.migrations.tables import Tables

LEAVES = (
    "dataset.dataset_config__leaf",
    "model.model_config__leaf",
    "trainer.trainer_config__leaf",
    "mei.m_e_i_config__leaf",
)
COLUMNS = ("path", "value")


def finish(tables: Tables) -> None:
    """Compare path and value by their characters' codes; PostgreSQL always did."""
    for name in LEAVES:
        for column in COLUMNS:
            tables.compare_exactly(name, column)


upgrade = finish  # of tables that are there, and of those that were just declared
