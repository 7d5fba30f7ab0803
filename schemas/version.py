"""The version of the tables: a row for each that this database has had, the last one in force."""

import datajoint as dj

schema = dj.Schema()


@schema
class SchemaVersion(dj.Manual):
    """One version of the tables; ``schemas.migrations`` says what each changed. This definition never changes."""

    definition = """
    # version of the tables
    version : int32
    ---
    state : varchar(16)  # declaring, upgrading or ready
    since=CURRENT_TIMESTAMP : datetime
    """
