"""Each config says by which version of the hash it got its own; so far there is one."""

from schemas.migrations.tables import Tables

CONFIGS = {
    "dataset": "dataset.dataset_config",
    "model": "model.model_config",
    "trainer": "trainer.trainer_config",
    "mei": "mei.m_e_i_config",
}


def upgrade(tables: Tables) -> None:
    """Add the version, which is 1 for every config that is there."""
    for kind, name in CONFIGS.items():
        tables.add_column(name, f"{kind}_hash_version=1 : int16  # of the way from function and config to the hash")
