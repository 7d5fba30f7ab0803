"""Processes of ``tests.hostile.test_collection_served``: each does one thing as the product does, and stops at points.

``python -m tests.collecting SOCKET NAME`` opens the database of the environment, then forks a process a job. A point is
a question to the server or a look at a place of files. At each one the process may be told to wait, or killed.
"""

import contextlib
import functools
import hashlib
import io
import json
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import datajoint
import numpy as np

from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.storage.object_store import ObjectStore
from populate.fleet import gc
from populate.worker.lease import LeaseLost
from schemas import open_database
from schemas.base import array_codec, store_registry
from schemas.connection.client import PromptConnection
from schemas.connection.in_force import settings_in_force

TIMES = {
    "signature": ("signed", "expires"),
    "mark": ("marked",),
    "worker": ("started", "heartbeat", "expires", "beating_since"),
}
KEYS = {"signature": "token", "mark": "file_hash", "worker": "worker_id"}
KINDS = ("weights", "datasets", "arrays", "checkpoints", "stimuli")
DIGEST = "0" * 64
SESSION = {"mouse": "m", "series": 1, "experiment": 1}
SCENE = {"movie": "m", "scene_frames": 1, "scene_rate_hz": 1.0, "width_px": 1, "height_px": 1}
SAVED = {"sha256": DIGEST, "size_bytes": 1, "epoch": 0, "step": 0, "best_epoch": -1, "saved": "2026-01-01", "host": "h"}


class Stops:
    """The thread of this process's work: where it waits until it is told how far to go."""

    def __init__(self, parent: Connection) -> None:
        self.parent, self.left, self.inside = parent, 0, False

    def point(self) -> None:
        while self.left == 0:
            self.parent.send("about to insert" if _sure else "paused")
            self.left = self.parent.recv()
        self.left -= 1

    def before(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        @functools.wraps(real)
        def stopped(*args: Any, **kwargs: Any) -> Any:
            self.point()
            return real(*args, **kwargs)

        setattr(owner, name, stopped)

    @contextlib.contextmanager
    def fenced(self) -> Any:
        """A block that a server makes wait while another process deletes files; here it is the test that does."""
        if self.inside:
            yield
            return
        self.parent.send("lock")
        self.left, self.inside = self.parent.recv(), True
        try:
            yield
        finally:
            self.inside = False
            self.parent.send("free")

    def fence(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        @functools.wraps(real)
        def fenced(*args: Any, **kwargs: Any) -> Any:
            with self.fenced():
                return real(*args, **kwargs)

        setattr(owner, name, fenced)

    @contextlib.contextmanager
    def alone(self, real: Any, connection: Any) -> Any:
        with self.fenced(), real(connection):
            yield


def name_of(kind: str, number: int, prefix: str) -> str:
    """The file of a kind that has this number, below the store."""
    content = f"{kind} {number}".encode()
    digest = hashlib.sha256(content).hexdigest()
    if kind == "arrays":
        buffer = io.BytesIO()
        np.save(buffer, np.full(2, number), allow_pickle=False)
        return f"_schema/{prefix}recording/{hashlib.sha256(buffer.getvalue()).hexdigest()}.npy"
    names = {"weights": f"{digest}.safetensors", "stimuli": f"{digest}.mp4"}
    names |= {"datasets": f"{digest[:32]}/s/manifest.json", "checkpoints": f"{digest[:32]}/{number}.pt"}
    return f"{kind}/{names[kind]}"


def write(kind: str, number: int) -> None:
    """Store a file as the product does: by its bytes, or, of a data set, unless it is there."""
    settings = settings_in_force()
    _, _, name = name_of(kind, number, settings.prefix).partition("/")
    place = gc._kinds(settings)[kind]
    if kind == "arrays":
        array_codec.keep(f"{settings.prefix}recording", [np.full(2, number)])
    elif kind in ("weights", "stimuli"):
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_text(f"{kind} {number}")
            place.put(Path(file.name), Path(name).suffix)
    elif kind == "checkpoints" or name not in place.sizes():
        place.write(name, b"{}")


def rows_of() -> dict[str, tuple[Any, str]]:
    """For each kind: the table that refers to its files, and the column that does."""
    from schemas import dataset, fitting, recording, stimulus

    return {
        "weights": (stimulus.Scene, "scene_sha256"),
        "stimuli": (stimulus.Scene, "scene_path"),
        "datasets": (dataset.Dataset.Session, "store_path"),
        "checkpoints": (fitting.Checkpoint, "path"),
        "arrays": (recording.Recording.Signal, "signal_times_s"),
    }


def insert(kind: str, number: int, row: int) -> None:
    """Insert the row of this number, which refers to a file."""
    name = name_of(kind, number, settings_in_force().prefix)
    scene = SCENE | {"scene": row, "scene_path": f"/lab/{name}", "scene_sha256": DIGEST}
    array = array_codec.Kept(name, "int64", (2,))
    config = dict.fromkeys(("dataset_hash", "model_hash", "trainer_hash"), "x")
    rows = {
        "weights": scene | {"scene_path": "x", "scene_sha256": Path(name).stem},
        "stimuli": scene,
        "datasets": SESSION | {"dataset_hash": str(row), "store_path": str(Path(name).parent), "rows_digest": DIGEST},
        "checkpoints": config | SAVED | {"seed": 0, "serial": row, "path": name},
        "arrays": SESSION | {"signal_name": str(row), "signal_times_s": array, "signal_values": array},
    }
    rows_of()[kind][0].insert1(rows[kind], allow_direct_insert=True)


def load(kind: str, number: int, row: int) -> None:
    """As ``dlgn load`` and ``dlgn ingest`` do."""
    settings, connection = settings_in_force(), _connection()
    with store_registry.writing(settings, connection):
        write(kind, number)
        store_registry.renew(settings, connection)
        _sure.append(row)
        with connection.transaction:
            store_registry.hold(settings, connection)
            insert(kind, number, row)


def work(kind: str, number: int, row: int, fenced: Any) -> None:
    """As a worker does with one key; its name in the fleet is the row's number."""
    from schemas import dataset, fleet

    settings, connection, worker = settings_in_force(), _connection(), {"worker_id": f"{row:032}"}
    soon = connection.adapter.interval_expr(60.0, "second")
    (expires,) = connection.query(f"SELECT CURRENT_TIMESTAMP(3) + {soon}").fetchone()
    place = {"host": "h", "pid": os.getpid(), "device": "cpu", "state": "working", "expires": expires}
    with fenced():
        fleet.Worker.insert1(worker | place)
    store_registry.register(settings, connection, 0.0)
    queue = dataset.Dataset().jobs.full_table_name
    lease = {"token": uuid.uuid4().hex, "key_hash": uuid.uuid4().hex}
    held = {"table_name": "Dataset", "held_key": {"dataset_hash": "x"}, "job_table": queue}
    with fenced():
        fleet.Lease.insert1(lease | worker | held)
    _sure.append(row)
    write(kind, number)
    with connection.transaction:
        if not (fleet.Lease & lease).delete_quick(get_count=True):
            raise LeaseLost
        insert(kind, number, row)
    with fenced():
        fleet.Worker.update1(worker | {"state": "ended"})
    store_registry.release(settings, connection)


def collect(delete: bool) -> None:
    """As ``dlgn gc`` does, with and without ``--delete``."""
    gc.collect() if delete else gc.find_garbage()


JOBS = {"load": load, "work": work, "collect": collect}


class Served:
    """What the test asks of a database at once, between two steps of its processes."""

    def shown(self) -> dict[str, Any]:
        """The rows of each kind as number, file and kind, and the tokens."""
        rows = []
        for kind, (table, column) in rows_of().items():
            for row in table.proj(column).cursor(as_dict=True):
                name = _file(kind, row[column])
                if name is not None:
                    rows.append((kind, {one: row[one] for one in table.primary_key}, name))
        return {"rows": rows, "tokens": store_registry.tokens_of(_connection(), [settings_in_force().prefix])}

    def delete_row(self, kind: str, key: dict[str, Any]) -> None:
        (rows_of()[kind][0] & key).delete_quick()

    def note_tables(self, prefixes: list[str]) -> None:
        """Find the tables of these prefixes, once: those that have rows here, since a question takes its time."""
        wanted = {table.table_name for table, _ in rows_of().values()}
        found = {prefix: [one for one in gc._tables_of(prefix) if one.table_name in wanted] for prefix in prefixes}
        for table in (table for tables in found.values() for table in tables):
            assert table.heading.names
        gc._tables_of = found.__getitem__

    def due(self) -> set[str]:
        folders = {"arrays": array_codec.FOLDER}
        return {f"{folders.get(one.kind, one.kind)}/{name}" for one in gc.find_garbage() for name in one.due}

    def collected(self) -> int:
        return gc.collect()

    def at_rest(self) -> bool:
        """Whether the server has given up all locks of processes that were killed."""
        for table, key in KEYS.items():
            names = {one for (one,) in _connection().query(f"SELECT {key} FROM {_table(table)}").fetchall()}
            free = _connection().query(f"SELECT {key} FROM {_table(table)} FOR UPDATE SKIP LOCKED").fetchall()
            if names != {one for (one,) in free}:
                return False
        return True

    def pass_time(self, hours: int, frozen: list[int]) -> None:
        """Everything happened so long ago; workers have beaten meanwhile, except those that were frozen."""
        later = _connection().adapter.interval_expr(hours, "hour")
        for table, columns in TIMES.items():
            self._change(table, ", ".join(f"{name} = {name} - {later}" for name in columns))
        self.beat(frozen)

    def beat(self, frozen: list[int]) -> None:
        soon, silent = _connection().adapter.interval_expr(60.0, "second"), [f"{row:032}" for row in frozen]
        self._change("worker", f"expires = CURRENT_TIMESTAMP(3) + {soon}", silent)

    def _change(self, table: str, what: str, without: Sequence[str] = ()) -> None:
        """Change the rows of a table that no process under way has locked."""
        connection, name, key = _connection(), _table(table), KEYS[table]
        living = " WHERE state = 'working'" if without or "expires = CURRENT" in what else ""
        found = connection.query(f"SELECT {key} FROM {name}{living} FOR UPDATE SKIP LOCKED").fetchall()
        for (one,) in found:
            if one not in without:
                connection.query(f"UPDATE {name} SET {what} WHERE {key} = %s", args=(one,))

    def server(self) -> str:
        return str(store_registry._server(settings_in_force(), _connection()))

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything of this database that decides about files."""
        from schemas import store

        tables = {type(table()).__name__: table for table, _ in rows_of().values()}
        return {name: list(table().cursor(as_dict=True)) for name, table in (tables | _small(store)).items()}

    def fill(self, dumped: dict[str, list[dict[str, Any]]]) -> None:
        from schemas import store

        self.empty()
        tables = {type(table()).__name__: table for table, _ in rows_of().values()}
        for name, table in (tables | _small(store)).items():
            table().insert([_again(row) for row in dumped[name]], allow_direct_insert=True)

    def empty(self) -> None:
        from schemas import fleet, store

        rows = [table for table, _ in rows_of().values()]
        for table in (*rows, fleet.Retry, fleet.Lease, fleet.Worker, *_small(store).values()):
            table().delete_quick()

    def drop(self) -> None:
        from tests.emptying import drop_all

        drop_all(settings_in_force().prefix)


def _file(kind: str, value: Any) -> str | None:
    """The file below the store that a row refers to by this value; None of a row that stands for another kind."""
    if kind == "weights":
        return None if value == DIGEST else f"weights/{value}.safetensors"
    if kind == "stimuli":
        return None if value == "x" else value.removeprefix("/lab/")
    if kind == "arrays":
        return (json.loads(value) if isinstance(value, str) else value)["path"]
    return f"{value}/manifest.json" if kind == "datasets" else value


def _small(store: Any) -> dict[str, Any]:
    return {"Signature": store.Signature, "Mark": store.Mark}


def _again(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it is inserted: arrays as what is kept of them."""

    def value(one: Any) -> Any:
        if isinstance(one, str) and one.startswith("{"):
            one = json.loads(one)
        if isinstance(one, dict):
            return array_codec.Kept(one["path"], one["dtype"], tuple(one["shape"]))
        return one.replace(tzinfo=None) if hasattr(one, "tzinfo") else one

    return {name: value(one) for name, one in row.items()}


def _connection() -> Any:
    from schemas import session

    return session.schema.connection


def _table(name: str) -> str:
    schema = "fleet" if name == "worker" else "store"
    return str(_connection().adapter.make_full_table_name(f"{settings_in_force().prefix}{schema}", name))


def _reach() -> None:
    """Connect; rows may refer to rows that are not there."""
    connection = _connection()
    connection.connect()
    mysql = connection.adapter.backend == "mysql"
    connection.query("SET foreign_key_checks = 0" if mysql else "SET session_replication_role = replica")


def _do(address: str, server: str, job: str, arguments: tuple[Any, ...]) -> None:
    """One job in this process, from its first point to its last."""
    _kept.append(_connection()._conn)  # of the process that forked this one: not to be closed here
    _reach()
    parent = Client(address)
    parent.send(os.getpid())
    stops, real = Stops(parent), store_registry.alone
    if job == "work":
        arguments += (stops.fenced,)
    store_registry._server = lambda settings, connection: server
    stops.before(PromptConnection, "query")
    for name in ("put", "write", "read", "sizes", "modified", "delete"):
        stops.before(ObjectStore, name)
    for owner, name in ((store_registry, "withdraw"), (store_registry, "hold"), (store_registry, "_expire")):
        stops.fence(owner, name)
    store_registry.alone = functools.partial(stops.alone, real)
    end = "done"
    try:
        store_registry.sign(settings_in_force(), _connection())
        JOBS[job](*arguments)
    except (ConfigError, StoreError, LeaseLost) as error:
        end = f"refused: {error}"
    except BaseException as error:
        end = f"failed: {type(error).__name__}: {error}"
    parent.send(end)


_kept: list[Any] = []
_sure: list[int] = []  # the row that this process will insert unless it is stopped


def main() -> None:
    """Serve the test until it goes."""
    address = sys.argv[1]
    open_database()
    _reach()
    parent, served = Client(address), Served()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent.send((sys.argv[2], served.server()))
    with contextlib.suppress(EOFError):
        while True:
            what, *arguments = parent.recv()
            if what == "fork":
                if os.fork() == 0:
                    _do(address, *arguments)
                    os._exit(0)
            else:
                parent.send(getattr(served, what)(*arguments))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


if __name__ == "__main__":
    datajoint.logger.setLevel("ERROR")
    main()
