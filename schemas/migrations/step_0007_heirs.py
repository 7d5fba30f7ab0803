"""Fits that were carried over from nnfabrik's tables say where they were."""

from schemas.migrations.tables import Tables

IMPORTED_FIT = """
    # fit that was carried over from nnfabrik's tables
    -> TrainedModel
    ---
    source_schema : varchar(64)
    source_table : varchar(64)
    source_key : json  # nnfabrik's: function names and md5 hashes of configs
    source_state : char(32)  # DataJoint's md5 of the stored state dict
    fabrikant="" : varchar(64)
    fit_comment="" : varchar(768)
    fitted : datetime  # when the row was inserted there
    """


def upgrade(tables: Tables) -> None:
    """Make the table."""
    tables.create_table("heirs.imported_fit", IMPORTED_FIT, {"TrainedModel": "training.__trained_model"})
