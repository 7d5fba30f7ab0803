"""A database as it was before versions: declared and filled by commit d239711, frozen as SQL."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent / "data"


@contextlib.contextmanager
def restored(connection: Any, prefix: str) -> Iterator[str]:
    """Within the block there is a database of version 1 of this prefix, with a few rows."""
    backend = connection.adapter.backend
    cursor = connection._conn.cursor()
    for statement in (DATA / f"schema_v1_{backend}.sql").read_text().split(";;\n"):
        cursor.execute(statement.replace("{prefix}", prefix))
    yield prefix
    cursor = connection._conn.cursor()
    if backend == "mysql":
        cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
    for schema in schemas_of(connection, prefix):
        cursor.execute(f"DROP SCHEMA {schema}" + ("" if backend == "mysql" else " CASCADE"))


def schemas_of(connection: Any, prefix: str) -> list[str]:
    """The schemas that begin with a prefix."""
    query = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s"
    return [row[0] for row in connection.query(query, args=(prefix.replace("_", r"\_") + "%",)).fetchall()]
