"""The one place that connects: to MySQL where a URL is set, to the embedded server otherwise."""

import contextlib
import dataclasses
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dlgn_cnn.errors import ConfigError
from schemas.settings import Settings

MODULES = (
    "version",
    "session",
    "stimulus",
    "optogenetics",
    "provenance",
    "recording",
    "dataset",
    "model",
    "trainer",
    "experiment",
    "search",
    "fitting",
    "training",
    "heirs",
    "evaluation",
    "ensemble",
    "mei",
    "mei_control",
    "mei_contrast",
    "fleet",
    "verification",
)
STORE = "main"
BACKENDS = {"mysql": ("mysql", 3306), "postgresql": ("postgresql", 5432)}
FORMS = [f"{scheme}://user:password@host:port" for scheme in BACKENDS]
# What drivers say of a server that lets nobody in, by a word of it: what to do.
REFUSALS = {
    "access denied": "correct user and password in DLGN_DATABASE, or DLGN_DATABASE_PASSWORD",
    "authentication failed": "correct user and password in DLGN_DATABASE, or DLGN_DATABASE_PASSWORD",
    "no password supplied": "set DLGN_DATABASE_PASSWORD",
    "is not allowed to connect": "ask its administrator to let this machine in",
    "too many connections": "try again when fewer workers run, or raise the server's limit",
}
UNREACHABLE = "see that the server runs and that host, port and firewall are right, then correct DLGN_DATABASE"

_open: Settings | None = None
_rehearsed: Settings | None = None


def open_database(settings: Settings | None = None) -> Settings:
    """Connect and declare every table that is not there yet; the settings in force are returned.

    A process has one database: a second call with the same settings does nothing, with others raises ConfigError, as
    does a database whose tables have another version than this code's. Raises DatabaseSilent where no answer comes.
    """
    global _open
    wanted = settings or _open or Settings.from_environment()
    if _open is None:
        _activate(wanted)
        _open = wanted
    elif wanted != _open:
        raise ConfigError(f"this process already uses the database of {_open}: start another process for {wanted}")
    return _open


def settings_in_force() -> Settings:
    """The settings that ``open_database`` was called with. Raises ConfigError before it was."""
    if _open is None:
        raise ConfigError("no database is open: call schemas.open_database() first")
    return _rehearsed or _open


@contextlib.contextmanager
def rehearsing(place: Path) -> Iterator[None]:
    """Within the block, what this process computes is written below ``place``, and no table, logger or file beside
    hears of it. For one row at a time, in a process that does nothing else.
    """
    global _rehearsed
    _rehearsed = dataclasses.replace(settings_in_force(), scratch=place, loggers=())
    try:
        yield
    finally:
        _rehearsed = None


def server_address(settings: Settings) -> tuple[str, str, str, int, str]:
    """Host, user, password, port and backend of the settings' database; the embedded server is started for it."""
    if settings.database is None:
        from schemas import embedded

        return str(embedded.start(settings.home / "postgres")), "postgres", "", 5432, "postgresql"
    url = urlsplit(settings.database)
    try:
        given = url.port
    except ValueError:
        given = -1
    if url.scheme not in BACKENDS or not url.hostname or not url.username or given == -1:
        raise ConfigError(f"DLGN_DATABASE is not of the form {' or '.join(FORMS)}: correct it")
    backend, port = BACKENDS[url.scheme]
    return url.hostname, unquote(url.username), unquote(url.password or ""), given or port, backend


def declare_queue(jobs: Any) -> None:
    """Declare a computed table's queue unless it is there; that another process does so meanwhile is no error."""
    if jobs.is_declared:
        return
    try:
        jobs.declare()
    except Exception:
        if not jobs.is_declared:
            raise


def own_connection(other: Any) -> Any:
    """A second connection to the server of ``other``, for one thread alone; encrypted as that one is."""
    from schemas.connection import PromptConnection

    host, user, password, port = (other.conn_info[name] for name in ("host", "user", "passwd", "port"))
    address = host, user, password, port, other.adapter.backend
    return PromptConnection(address, other.answer_s, other._config, other.conn_info["ssl_input"])


def reconnect() -> None:
    """Give the tables a fresh connection, whatever state the old one is in, with no transaction open.

    An embedded server that has died is started again. Raises DatabaseSilent, or the driver's error, where none answers.
    """
    from schemas import fleet

    settings, connection = settings_in_force(), fleet.schema.connection
    if settings.database is None:
        server_address(settings)
    with contextlib.suppress(Exception):  # a broken connection may refuse to be closed
        connection.close()
    connection.connect()
    connection.cancel_transaction()


def migrate_database(settings: Settings) -> list[int]:
    """Bring the tables of an older version to this code's; the versions that they went through are returned.

    Raises ConfigError where that cannot be: see ``schemas.migrations.upgrade.migrate``.
    """
    from schemas.migrations.upgrade import migrate

    connection = _connect(settings)
    connection._config.database.reconnect = False  # a statement on a fresh one would be outside its transaction
    return migrate(connection, settings.prefix)


def _activate(settings: Settings) -> None:
    from schemas import tenants
    from schemas.classes import sql_names
    from schemas.migrations import state, steps
    from schemas.migrations.tables import Tables, tables_of

    connection = _connect(settings)
    connection._config.stores[STORE] = _array_store(settings)
    importlib.import_module("schemas.arrays")  # what columns of type <array@main> hold
    with _answering(connection):
        undeclared = state.check(connection, settings.prefix, MODULES[1:])
    there = tables_of(connection, [f"{settings.prefix}{name}" for name in MODULES])
    for name, expected in sql_names().items():
        schema = f"{settings.prefix}{name}"
        # To declare, DataJoint asks for every column of every table: 8 round trips a table, 1 where all are there.
        lacking = undeclared or not expected <= there[schema]
        importlib.import_module(f"schemas.{name}").schema.activate(schema, connection=connection, create_tables=lacking)
        if undeclared and name == MODULES[0]:
            state.note(Tables(connection, settings.prefix), steps.latest(), state.DECLARING)
    if undeclared:
        steps.finish(Tables(connection, settings.prefix))
        state.note(Tables(connection, settings.prefix), steps.latest(), state.READY)
    if settings.store_url is None:  # one elsewhere may be away: who writes to it signs it
        tenants.sign(settings, connection)


def _connect(settings: Settings) -> Any:
    from schemas.connection import DatabaseSilent, open_connection

    address = server_address(settings)
    try:
        return open_connection(address, settings.answer_s)
    except DatabaseSilent:
        raise
    except Exception as error:
        host, user, _, port, _ = address
        raise ConfigError(f"no connection to the database at {host}:{port} as {user!r}: {refusal(error)}") from error


@contextlib.contextmanager
def _answering(connection: Any) -> Iterator[None]:
    """Within the block, the server is to say in time which version its tables have, and is asked no second time."""
    database = connection._config.database
    kept, database.reconnect = database.reconnect, False
    try:
        with connection.answering("did not say which version its tables have"):
            yield
    finally:
        database.reconnect = kept


def _array_store(settings: Settings) -> dict[str, str]:
    """Where DataJoint keeps arrays: below the same folder or bucket as everything else, with the same credentials."""
    try:
        settings.store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the store {settings.store} cannot be made ({error}): correct DLGN_STORE") from error
    if settings.store_url is None:
        return {"protocol": "file", "location": str(settings.store)}
    place = urlsplit(settings.store_url)
    given = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    bucket = {"bucket": place.netloc, "location": place.path.strip("/")}
    return {"protocol": "s3", "endpoint": given or "https://s3.amazonaws.com", **bucket}


def refusal(error: Exception) -> str:
    """What a driver said when it could not connect, in one line, and what to do about it."""
    coded = len(error.args) > 1 and isinstance(error.args[0], int)
    said = (str(error.args[1] if coded else error).strip().splitlines() or [type(error).__name__])[0]
    advice = next((advice for word, advice in REFUSALS.items() if word in said.lower()), UNREACHABLE)
    return f"{said}; {advice}"
