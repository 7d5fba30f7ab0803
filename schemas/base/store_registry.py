"""Who keeps files in a store: every database leaves its name there, so that none takes another's for garbage.

A demo on the embedded server, a trial under another prefix and the lab's MySQL may all have the store of one home.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import StoreError
from schemas.connection.settings import Settings

FOLDER = "databases"
# What a server calls itself, wherever it is reached from. PostgreSQL's is of its data folder.
IDENTITY = {"mysql": "SELECT @@server_uuid", "postgresql": "SELECT system_identifier FROM pg_control_system()"}


def sign(settings: Settings, connection: Any) -> None:
    """Leave this database's name in its store, unless it is there or the store cannot be written to.

    A folder is signed whenever the database is opened, an object store where a recording or an archive is put into it
    and where a worker begins.
    """
    place, server = settings.below(FOLDER), _server(connection)
    name = _name(settings, server)
    known = {"prefix": settings.prefix, "server": server, "seen_as": str(connection.conn_info["host"])}
    # A reader may have no right to write there; a writer will be told of a store that is away.
    with contextlib.suppress(OSError, StoreError):
        if name not in place.sizes():
            place.write(name, json.dumps(known).encode())


@dataclass(frozen=True)
class RegisteredDatabase:
    """A database that keeps files in a store: its tables' prefix, whether it is on the server in use, who says so."""

    prefix: str
    here: bool
    seen_as: str
    file: str


def others(settings: Settings, connection: Any) -> list[RegisteredDatabase]:
    """The other databases that keep files in this store. Raises StoreError."""
    place, server = settings.below(FOLDER), _server(connection)
    found = []
    for name in sorted(set(place.sizes()) - {_name(settings, server)}):
        said = json.loads(place.read(name))
        found.append(
            RegisteredDatabase(said["prefix"], said["server"] == server, said["seen_as"], f"{place.url}/{name}")
        )
    return found


def _name(settings: Settings, server: str) -> str:
    return hashlib.sha256(f"{server}/{settings.prefix}".encode()).hexdigest()[:16] + ".json"


def _server(connection: Any) -> str:
    try:
        return str(connection.query(IDENTITY[connection.adapter.backend]).fetchone()[0])
    except Exception:  # an account that may not ask; what a driver raises differs
        return f"{connection.conn_info['host']}:{connection.conn_info['port']}"
