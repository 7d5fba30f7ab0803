"""Declaration of all tables beforehand, so that workers need no right to declare any."""

import fsspec

from schemas.declaration.computed_tables import computed_tables
from schemas.declaration.database import open_database


def declare() -> int:
    """Declare all tables and views; the number of computed tables is returned. Make the store's bucket."""
    settings = open_database()
    if settings.store_url is not None:
        bucket = settings.store_url.split("/")[2]
        fsspec.filesystem("s3").makedirs(bucket, exist_ok=True)
    return len(computed_tables())
