"""The database: opened once a process, with every table declared, or refused where its tables are of another version.

A version is the digest of all tables' definitions: it changes with them.
"""

import importlib
import logging
import os
from typing import Any
from urllib.parse import urlsplit

from datajoint.errors import MissingTableError
from datajoint.jobs import Job

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.redaction import REDACTION
from dlgn_cnn.storage.rights import raise_if_forbidden
from schemas.base.restriction import guard_keys
from schemas.connection.in_force import opened, put_in_force
from schemas.connection.server import connect
from schemas.connection.settings import Settings
from schemas.declaration.computed_tables import computed_tables
from schemas.declaration.modules import MODULES, VIEW_SCHEMA
from schemas.declaration.table_classes import definitions_digest, sql_names
from schemas.declaration.views import create_views
from schemas.version import SchemaVersion

STORE = "main"
DECLARING, READY = "declaring", "ready"
NO_DATABASE = 1049  # MySQL's error for a table whose schema does not exist


def open_database(settings: Settings | None = None) -> Settings:
    """Connect and declare every table that is not there yet; the settings in force are returned.

    A process has one database: a second call with the same settings does nothing, with others raises ConfigError, as
    does a database whose tables have another version than this code's. Raises DatabaseSilent where no answer comes.
    """
    there = opened()
    wanted = settings or there or Settings.from_environment()
    if there is None:
        guard_keys()
        connection = connect(wanted)
        _activate(wanted, connection)
        put_in_force(wanted, connection)
        logging.getLogger("dlgn").addFilter(REDACTION)
    elif wanted != there:
        raise ConfigError(f"this process already uses the database of {there}: start another process for {wanted}")
    return wanted


def declare_queue(jobs: Any) -> None:
    """Declare a computed table's queue unless it is there, or another process declares it meanwhile."""
    if jobs.is_declared:
        return
    try:
        jobs.declare()
    except Exception:
        if not jobs.is_declared:
            raise


def _activate(settings: Settings, connection: Any) -> None:
    from schemas.base import store_registry

    connection._config.stores[STORE] = _array_store(settings)
    importlib.import_module("schemas.base.array_codec")  # what columns of type <array@main> hold
    with connection.answering("did not say which version its tables have"):
        undeclared = check_version(connection, settings.prefix)
    there = tables_of(connection, [f"{settings.prefix}{name}" for name in MODULES])
    for name, expected in sql_names().items():
        schema = f"{settings.prefix}{name}"
        # To declare, DataJoint asks for every column of every table: 8 round trips a table, 1 where all are there.
        lacking = undeclared or not expected <= there[schema]
        if lacking:
            _create_schema(connection, schema)
        importlib.import_module(f"schemas.{name}").schema.activate(schema, connection=connection, create_tables=lacking)
        if undeclared and name == MODULES[0]:
            note_state(DECLARING)
    if undeclared:
        for table in computed_tables():
            declare_queue(Job(table()))
        _create_schema(connection, f"{settings.prefix}{VIEW_SCHEMA}")
        create_views(connection, settings.prefix)
        note_state(READY)
    if settings.store_url is None:  # one elsewhere may be away: who writes to it signs it
        store_registry.sign(settings, connection)


def _create_schema(connection: Any, name: str) -> None:
    """Create a schema, unless it exists, whose new tables compare text exactly: PostgreSQL's always do.

    By MySQL's own default ``a``, ``A`` and ``ä`` are one name.
    """
    quoted = connection.adapter.quote_identifier(name)
    connection.query(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
    if connection.adapter.backend == "mysql":
        connection.query(f"ALTER DATABASE {quoted} CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin")


def _array_store(settings: Settings) -> dict[str, str]:
    """Where DataJoint keeps arrays: below the same folder or bucket as everything else, with the same credentials."""
    try:
        settings.store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise_if_forbidden(error)
        raise ConfigError(f"the store {settings.store} cannot be made ({error}): correct DLGN_STORE") from error
    if settings.store_url is None:
        return {"protocol": "file", "location": str(settings.store)}
    place = urlsplit(settings.store_url)
    given = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    bucket = {"bucket": place.netloc, "location": place.path.strip("/")}
    return {"protocol": "s3", "endpoint": given or "https://s3.amazonaws.com", **bucket}


def read_state(connection: Any, prefix: str) -> tuple[str, str] | None:
    """Return the version of a prefix's tables and its state; None if none was ever noted."""
    table = connection.adapter.make_full_table_name(f"{prefix}{MODULES[0]}", SchemaVersion.table_name)
    try:
        found = connection.query(f"SELECT version, state FROM {table} LIMIT 1").fetchone()
    except Exception as error:
        if not isinstance(error, MissingTableError) and NO_DATABASE not in error.args:
            raise
        return None
    return None if found is None else (str(found[0]), str(found[1]))


def note_state(state: str) -> None:
    """Write that the tables of this code's version are in a state. ``SchemaVersion`` must be declared."""
    row = {"version": definitions_digest()}
    SchemaVersion.insert1(row | {"state": state}, skip_duplicates=True)
    if (SchemaVersion & row).fetch1("state") == DECLARING != state:
        SchemaVersion.update1(row | {"state": state})


def check_version(connection: Any, prefix: str) -> bool:
    """Return whether tables are still to be declared. Raises ConfigError for tables of another version."""
    wanted, found = definitions_digest(), read_state(connection, prefix)
    if found is None:
        others = tables_of(connection, [f"{prefix}{name}" for name in MODULES[1:]])
        found = read_state(connection, prefix)  # again: another process may have begun to declare them
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
