"""The version that a database's tables have, read by one query, and the sentence that refuses another than this code's.

A version is the digest of all tables' definitions: it changes with them.
"""

from typing import Any

from datajoint.errors import MissingTableError

from dlgn_cnn.errors import ConfigError
from schemas.declaration.modules import MODULES
from schemas.declaration.table_classes import definitions_digest
from schemas.version import SchemaVersion

DECLARING, READY = "declaring", "ready"
NO_DATABASE = 1049  # MySQL's error for a table whose schema does not exist
State = tuple[str, str]


def read(connection: Any, prefix: str) -> State | None:
    """Return the version of a prefix's tables and its state; None if none was ever noted."""
    table = connection.adapter.make_full_table_name(f"{prefix}{MODULES[0]}", SchemaVersion.table_name)
    try:
        found = connection.query(f"SELECT version, state FROM {table} LIMIT 1").fetchone()
    except Exception as error:
        if not isinstance(error, MissingTableError) and NO_DATABASE not in error.args:
            raise
        return None
    return None if found is None else (str(found[0]), str(found[1]))


def note(state: str) -> None:
    """Write that the tables of this code's version are in a state. ``SchemaVersion`` must be declared."""
    row = {"version": definitions_digest()}
    SchemaVersion.insert1(row | {"state": state}, skip_duplicates=True)
    if (SchemaVersion & row).fetch1("state") == DECLARING != state:
        SchemaVersion.update1(row | {"state": state})


def check(connection: Any, prefix: str) -> bool:
    """Return whether tables are still to be declared. Raises ConfigError for tables of another version."""
    wanted, found = definitions_digest(), read(connection, prefix)
    if found is None:
        others = tables_of(connection, [f"{prefix}{name}" for name in MODULES[1:]])
        found = read(connection, prefix)  # again: another process may have begun to declare them
        if found is None and not any(others.values()):
            return True
    version, state = found or ("unknown", READY)
    if version != wanted:
        raise ConfigError(
            f"the tables of {prefix}* have version {version}, this dlgn_cnn works with version {wanted}, and until the "
            "first release no version is turned into another: install the dlgn_cnn that declared them, or start again "
            "with another DLGN_PREFIX or DLGN_DATABASE"
        )
    return state != READY


def tables_of(connection: Any, schemas: list[str]) -> dict[str, set[str]]:
    """Return the names of the tables in each of these schemas, found by one query."""
    marks = ", ".join(["%s"] * len(schemas))
    query = f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ({marks})"
    found: dict[str, set[str]] = {schema: set() for schema in schemas}
    for schema, table in connection.query(query, args=tuple(schemas)).fetchall():
        found[schema].add(table)
    return found
