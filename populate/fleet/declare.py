"""Declaration of all tables beforehand, so that workers need no right to declare any."""

import fsspec

from schemas.declaration.computed_tables import computed_tables
from schemas.declaration.database import open_database


def declare() -> int:
    """Declare all tables and the queues of the computed ones, whose number is returned; make the store's bucket."""
    settings = open_database()
    if settings.store_url is not None:
        bucket = settings.store_url.split("/")[2]
        fsspec.filesystem("s3").makedirs(bucket, exist_ok=True)
    return len([table.jobs for table in computed_tables()])
