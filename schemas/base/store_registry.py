"""Registry of the databases that share a place of files, so that garbage collection never deletes another's files.

A place is the store, where data sets go instead of it, and the cache of a host that copies files from elsewhere. Before
a process writes there, it makes a random token, inserts it into ``store.Signature``, and leaves it in each place under
``databases/PREFIX.SERVER.TOKEN.json``. A place may hold only tokens that a table of this server knows:

- The token of a database that cannot be asked is in no table here.
- Once a copy of a database writes, its token is not in the tables of the other, whatever both servers call themselves.

The row is also a lease. Until it expires, ``dlgn gc`` of every prefix deletes nothing. A row is inserted, and a few
files are deleted, under one lock of the server. So a process that has signed finds every file either gone or safe.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dlgn_cnn.errors import ConfigError, StoreAway, StoreError, StoreRefuses
from dlgn_cnn.storage.object_store import ObjectStore
from schemas.base.relational import DataJointError
from schemas.connection.settings import Settings

FOLDER = "databases"
NAME = re.compile(r"([a-z0-9_]+)\.([0-9a-f]{16})\.([0-9a-f]{32})\.json")
LEASE_S = 86400.0
AGAIN_S = 3600.0  # a process that goes on signs again this often, so that a copy made meanwhile is told apart
LOCK, LOCK_NUMBER, LOCK_S = "dlgn_cnn files", 0x646C676E, 600
# What a server and its data call themselves, wherever it is reached from; the embedded one is of one home besides.
IDENTITY = {
    "mysql": "SELECT CONCAT(@@server_uuid, ' ', @@datadir)",
    "postgresql": "SELECT system_identifier || ' ' || current_database() FROM pg_control_system()",
}


class Signature(NamedTuple):
    """A signature as it lies in a place: the tables' prefix, the digest of their server, and the token."""

    prefix: str
    server: str
    token: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.prefix}.{self.server}.{self.token}.json"


@dataclass
class _Own:
    """This process's signature, and when it was made on the monotonic clock."""

    token: str
    lease_s: float
    made: float


_own: dict[tuple[Any, ...], _Own] = {}


def places(settings: Settings) -> list[ObjectStore]:
    """The folder of signatures of each place that processes with these settings write to."""
    roots = [settings.store_url or str(settings.store)]
    if settings.datasets_url not in (None, settings.store_url):
        roots.append(str(settings.datasets_url))
    if settings.datasets_url is not None:
        roots.append(str(settings.cache))
    return [ObjectStore(f"{root}/{FOLDER}", settings.cache / "signatures") for root in roots]


def sign(settings: Settings, connection: Any) -> None:
    """Leave a signature in a store that is a folder, unless one is there: its files may be referred to already.

    A reader may have no right to do so; a writer signs every place by ``register``.
    """
    place = places(settings)[0]
    with contextlib.suppress(OSError, StoreError, DataJointError):
        mine = {one.token for one in _signatures(place) if _is_mine(one, settings, connection)}
        if not mine & _tokens(connection, settings.prefix):
            signature = Signature(settings.prefix, _server(settings, connection), uuid.uuid4().hex)
            _insert(settings, connection, signature.token, 0.0)
            place.write(signature.name, _said(connection))


def register(settings: Settings, connection: Any, lease_s: float = LEASE_S) -> None:
    """Sign every place before this process writes there, or refers to a file that is there; again every hour.

    Parameters
    ----------
    settings : Settings
        Where the places are.
    connection : Connection
        The tables' connection. Within a transaction, nothing is done.
    lease_s : float
        Seconds for which no file is deleted; 0 for a worker, whose row in the fleet says that it lives.

    Raises
    ------
    StoreAway, StoreError
        If a place cannot be asked. One that forbids writing is left out: no file of this process will come there.
    """
    before = _own.get(_key(settings))
    if settings.scratch is not None or connection.in_transaction:
        return
    if before is None or time.monotonic() - before.made >= AGAIN_S:
        _sign_again(settings, connection, before.lease_s if before else lease_s)


def renew(settings: Settings, connection: Any) -> None:
    """Extend this process's lease before the transaction that refers to its files.

    Raises StoreError where it has expired, as on a machine that slept: files may be gone that were there.
    """
    own = _own[_key(settings)]
    with alone(connection):
        _extend(settings, connection, own)
    _sign_again(settings, connection, own.lease_s)


def hold(settings: Settings, connection: Any) -> None:
    """Within the transaction that refers to files, before its rows: no file is deleted until it ends.

    A worker, which has no lease here, ends one of the fleet in that transaction. Raises StoreError where this process's
    has expired.
    """
    own = _own.get(_key(settings))
    if own is not None and own.lease_s:
        _extend(settings, connection, own)


@contextlib.contextmanager
def writing(settings: Settings, connection: Any) -> Iterator[None]:
    """Within the block, this process has signed every place and holds a lease."""
    _sign_again(settings, connection, LEASE_S)
    try:
        yield
    finally:
        release(settings, connection)


def release(settings: Settings, connection: Any) -> None:
    """End this process's lease, if it holds one: no file will be written, or referred to.

    It signs once more, so that a copy of the database that was made before the last row is told apart.
    """
    own = _own.get(_key(settings))
    if own is not None:
        try:
            with contextlib.suppress(OSError, StoreError, DataJointError):  # it expires by itself
                _sign_again(settings, connection, 0.0)
                return
            _expire(settings, connection, own.token)
        finally:
            _own.pop(_key(settings), None)


def withdraw(settings: Settings, connection: Any, tokens: Collection[str]) -> None:
    """Remove signatures of this database from every place, then their rows: a place holds no token without a row.

    Parameters
    ----------
    settings : Settings
        Where the places are.
    connection : Connection
        The tables' connection.
    tokens : collection of str
        The signatures' tokens.
    """
    server = _server(settings, connection)
    for token in tokens:
        with contextlib.suppress(OSError, StoreError):
            for place in places(settings):
                with contextlib.suppress(FileNotFoundError):
                    place.delete(Signature(settings.prefix, server, token).name)
            connection.query(f"DELETE FROM {_table(connection, settings.prefix)} WHERE token = %s", args=(token,))


def withdraw_expired(settings: Settings, connection: Any) -> None:
    """Withdraw the signatures of processes that ended a day ago, except this process's own.

    Younger ones tell other collectors under way that a process has begun.
    """
    day = connection.adapter.interval_expr(LEASE_S, "second")
    ask = f"SELECT token FROM {_table(connection, settings.prefix)} WHERE expires < CURRENT_TIMESTAMP(3) - {day}"
    mine = {own.token for own in _own.values()}
    withdraw(settings, connection, {token for (token,) in connection.query(ask).fetchall()} - mine)


def prefixes_here(settings: Settings, connection: Any) -> list[str]:
    """The prefixes of this server's databases that keep files in a place of these settings.

    Raises ConfigError where a place has a signature of tables that cannot be asked what they refer to, StoreError.
    """
    here = _server(settings, connection)
    known: dict[str, set[str] | None] = {settings.prefix: _tokens(connection, settings.prefix)}
    for place in places(settings):
        for one in _signatures(place):
            if one.prefix not in known:
                known[one.prefix] = _asked_tokens(connection, one.prefix)
            reason = refusal(one, here, known)
            if reason:
                said = json.loads(place.read(one.name))
                raise ConfigError(
                    f"tables {one.prefix}* at {said['seen_as']} keep files in {place.url.removesuffix(f'/{FOLDER}')} "
                    f"and cannot be asked what they refer to ({reason}): give each database a DLGN_STORE, "
                    f"DLGN_DATASETS and DLGN_HOME of its own, or delete {place.url}/{one.prefix}.{one.server}.* if "
                    "those tables are gone for good"
                )
    return list(known)


def refusal(signature: Signature, server: str, known: Mapping[str, Collection[str] | None]) -> str:
    """Say why the tables behind a signature cannot be asked here; nothing if they can.

    Parameters
    ----------
    signature : Signature
        As it lies in a place.
    server : str
        Digest of the server in use.
    known : mapping
        By prefix, the tokens in the tables of this server; None for tables that cannot be read.

    Returns
    -------
    str
        The reason, or "".
    """
    tokens = known[signature.prefix]
    if signature.server != server:
        copied = tokens is not None and signature.token in tokens
        return "they are another server's, and the tables here are a copy of them" if copied else "another server's"
    if tokens is None:
        return "some are not there, or not for this account to read"
    return "" if signature.token in tokens else "the tables here are a copy of them, or an older backup"


def writers(connection: Any, prefixes: Sequence[str]) -> list[str]:
    """The processes that may be about to write, or to refer to, a file: with a lease, as host and number.

    The lease of one that is just inserting counts even if it has expired: its row is locked. Within a transaction, no
    other begins to insert until that ends.
    """
    mine, found = {own.token for own in _own.values()}, []
    for prefix in prefixes:
        table = _table(connection, prefix)
        free = {one for (one,) in connection.query(f"SELECT token FROM {table} FOR SHARE SKIP LOCKED").fetchall()}
        ask = f"SELECT token, host, pid, expires > CURRENT_TIMESTAMP(3) FROM {table}"
        asked = connection.query(ask).fetchall()
        rows = [(host, pid) for token, host, pid, held in asked if token not in mine and (held or token not in free)]
        found += [f"process {pid} of {prefix}* on {host}" for host, pid in rows]
    return found


def tokens_of(connection: Any, prefixes: Sequence[str]) -> frozenset[str]:
    """All tokens in the tables of these prefixes: a process that writes adds one before."""
    return frozenset(token for prefix in prefixes for token in _tokens(connection, prefix))


@contextlib.contextmanager
def alone(connection: Any) -> Iterator[None]:
    """Within the block, no other process of this server signs, renews its lease or deletes files."""
    mysql = connection.adapter.backend == "mysql"
    take, leave = ("GET_LOCK", "RELEASE_LOCK") if mysql else ("pg_advisory_lock", "pg_advisory_unlock")
    given = (LOCK,) if mysql else (LOCK_NUMBER,)
    ask = f"SELECT {take}(%s{', %s' if mysql else ''})"
    got = connection.query(ask, args=(*given, LOCK_S) if mysql else given).fetchone()[0]
    if mysql and got != 1:
        raise StoreAway(f"another process has deleted files for {LOCK_S} s, as dlgn gc does: asked again later")
    try:
        yield
    finally:
        connection.query(f"SELECT {leave}(%s)", args=given)


def _signatures(place: ObjectStore) -> list[Signature]:
    found = [(name, NAME.fullmatch(name)) for name in sorted(place.sizes()) if not name.startswith(".")]
    for name, match in found:
        if match is None:
            raise ConfigError(f"{place.url}/{name} is not a signature of this version: delete it if nothing needs it")
    return [Signature(*match.groups()) for _, match in found if match is not None]


def _is_mine(signature: Signature, settings: Settings, connection: Any) -> bool:
    return signature.prefix == settings.prefix and signature.server == _server(settings, connection)


def _sign_again(settings: Settings, connection: Any, lease_s: float) -> None:
    """Sign every place with a new token, then withdraw the one before."""
    key = _key(settings)
    before, own = _own.get(key), _Own(uuid.uuid4().hex, lease_s, time.monotonic())
    _insert(settings, connection, own.token, lease_s)
    name = Signature(settings.prefix, _server(settings, connection), own.token).name
    try:
        for place in places(settings):
            with contextlib.suppress(StoreRefuses, PermissionError):
                place.write(name, _said(connection))
    except BaseException:
        _expire(settings, connection, own.token)
        raise
    _own[key] = own
    if before is not None:
        withdraw(settings, connection, [before.token])


def _insert(settings: Settings, connection: Any, token: str, lease_s: float) -> None:
    later = connection.adapter.interval_expr(lease_s, "second")
    columns = "token, host, pid, signed, expires"
    values = f"%s, %s, %s, CURRENT_TIMESTAMP(3), CURRENT_TIMESTAMP(3) + {later}"
    row = (token, platform.node()[:255], os.getpid())
    with alone(connection):
        connection.query(f"INSERT INTO {_table(connection, settings.prefix)} ({columns}) VALUES ({values})", args=row)


def _extend(settings: Settings, connection: Any, own: _Own) -> None:
    """Begin a lease again, and lock its row until the transaction ends."""
    table, later = _table(connection, settings.prefix), connection.adapter.interval_expr(own.lease_s, "second")
    held = f"SELECT 1 FROM {table} WHERE token = %s AND expires > CURRENT_TIMESTAMP(3) FOR UPDATE"
    if connection.query(held, args=(own.token,)).fetchone() is None:
        raise StoreError("this process was stopped for more than a day, files may be gone meanwhile: run it again")
    connection.query(f"UPDATE {table} SET expires = CURRENT_TIMESTAMP(3) + {later} WHERE token = %s", args=(own.token,))


def _expire(settings: Settings, connection: Any, token: str) -> None:
    table = _table(connection, settings.prefix)
    with contextlib.suppress(DataJointError, OSError):  # it expires by itself
        connection.query(f"UPDATE {table} SET expires = CURRENT_TIMESTAMP(3) WHERE token = %s", args=(token,))


def _tokens(connection: Any, prefix: str) -> set[str]:
    return {token for (token,) in connection.query(f"SELECT token FROM {_table(connection, prefix)}").fetchall()}


def _asked_tokens(connection: Any, prefix: str) -> set[str] | None:
    ask = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = 'signature'"
    there = connection.query(ask, args=(f"{prefix}store",)).fetchone() is not None  # and for this account to read
    return _tokens(connection, prefix) if there else None


def _table(connection: Any, prefix: str) -> str:
    return str(connection.adapter.make_full_table_name(f"{prefix}store", "signature"))


def _said(connection: Any) -> bytes:
    return json.dumps({"seen_as": str(connection.conn_info["host"])}).encode()


def _key(settings: Settings) -> tuple[Any, ...]:
    return (os.getpid(), settings.prefix, settings.database, *(place.url for place in places(settings)))


def _server(settings: Settings, connection: Any) -> str:
    try:
        name = str(connection.query(IDENTITY[connection.adapter.backend]).fetchone()[0])
    except Exception:  # an account that may not ask; what a driver raises differs
        name = f"{connection.conn_info['host']}:{connection.conn_info['port']}"
    home = f" {settings.home}" if settings.database is None else ""
    return hashlib.sha256(f"{name}{home}".encode()).hexdigest()[:16]
