"""The version of the tables: one row."""

import datajoint as dj

schema = dj.Schema()


@schema
class SchemaVersion(dj.Manual):
    """The version that the tables have, and whether all are declared; see ``schemas.declaration.database``."""

    definition = """
    # version of the tables
    version : char(16)  # digest of their definitions
    ---
    state : varchar(16)  # declaring or ready
    since=CURRENT_TIMESTAMP : datetime  # UTC
    """
