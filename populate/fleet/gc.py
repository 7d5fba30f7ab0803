"""Garbage collection: files in the store that no row refers to, and their removal while no process writes."""

import contextlib
import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlgn_cnn.config import value_sha256
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.storage.object_store import ObjectStore
from populate.archive.files import STIMULI
from populate.archive.selection import BATCH, batches
from populate.fleet import collector
from populate.fleet.collector import File, FileMark
from populate.worker.lease import return_abandoned_leases
from schemas import fleet, store
from schemas.base import store_registry
from schemas.base.array_codec import FOLDER as ARRAYS
from schemas.base.relational import FreeTable
from schemas.connection.in_force import settings_in_force
from schemas.connection.settings import Settings
from schemas.declaration.database import tables_of
from schemas.declaration.modules import MODULES

CHECKPOINTS = "checkpoints"
WORKERS = ("worker", "lease")  # tables of the fleet
# The names that the product makes, and those that a killed writer leaves: nothing else is ever deleted.
_WHOLE, _LEFT = r"[0-9a-f]{64}\.\w+", r"\.[^/]+\.tmp"
NAMES = {
    "weights": rf"{_WHOLE}|{_LEFT}",
    "datasets": r"[0-9a-f]{32}/.+",
    "arrays": rf"[^/]+/({_WHOLE}|{_LEFT})",
    "checkpoints": r"[0-9a-f]{32}/[^/]+",
    "stimuli": rf"{_WHOLE}|{_LEFT}",
}


@dataclass(frozen=True)
class Garbage:
    """Files of one kind that no row refers to, with their sizes, those to be deleted now, and how many are kept."""

    kind: str
    place: ObjectStore
    unreferenced: dict[str, int]
    due: list[str]
    kept: int

    @property
    def due_bytes(self) -> int:
        """Bytes that the removal of what is due frees."""
        return sum(self.unreferenced[name] for name in self.due)


def find_garbage(now: datetime.datetime | None = None) -> list[Garbage]:
    """Weights, datasets, arrays, checkpoints and stimuli that no row refers to; each file is marked when first found.

    Parameters
    ----------
    now : datetime, optional
        Time in UTC (default: the server's).

    Returns
    -------
    list of Garbage
        One for each kind. ``collect`` deletes what is due: marked a day ago and not written since.

    Raises
    ------
    ConfigError
        If tables that cannot be asked, as those of another server, keep files in the same place.
    """
    places = _Places(_kinds(settings_in_force()))
    found = collector.survey(_Tables(places.kinds, now), places)
    shown = []
    for kind, place in places.kinds.items():
        sizes = {file.name: size for file, size in found.unreferenced.items() if file.kind == kind}
        due = [file.name for file in found.due if file.kind == kind]
        shown.append(Garbage(kind, place, sizes, due, sum(file.kind == kind for file in found.kept)))
    return shown


def collect(now: datetime.datetime | None = None) -> int:
    """Delete the files that are due, and return their number.

    Raises ConfigError while a process of any prefix may be about to use a file, and as ``find_garbage``.
    """
    settings, connection = settings_in_force(), fleet.schema.connection
    places = _Places(_kinds(settings))
    tables = _Tables(places.kinds, now)
    tables.check()
    return_abandoned_leases()
    store_registry.register(settings, connection, 0.0)
    try:
        deleted = collector.collect(tables, places)
        store_registry.withdraw_expired(settings, connection)
    finally:
        store_registry.release(settings, connection)
    return len(deleted)


def _kinds(settings: Settings) -> dict[str, ObjectStore]:
    """The place of each kind of files."""
    datasets = ObjectStore(f"{settings.datasets_url or settings.store}/datasets", settings.cache / "datasets")
    return {
        "weights": settings.weights,
        "datasets": datasets,
        "arrays": settings.below(ARRAYS),
        "checkpoints": settings.below(CHECKPOINTS),
        "stimuli": ObjectStore(settings.store / STIMULI),
    }


@dataclass(frozen=True)
class _Places:
    """Places of files, by kind."""

    kinds: Mapping[str, ObjectStore]

    def sizes(self) -> dict[File, int]:
        return {
            File(kind, name): size
            for kind, place in self.kinds.items()
            for name, size in place.sizes().items()
            if re.fullmatch(NAMES[kind], name)
        }

    def changed(self, file: File) -> str | None:
        try:
            return self.kinds[file.kind].modified(file.name).isoformat()
        except FileNotFoundError:
            return None

    def delete(self, file: File) -> None:
        self.kinds[file.kind].delete(file.name)


@dataclass
class _Tables:
    """The tables of every prefix of this server that keeps files in these places."""

    kinds: Mapping[str, ObjectStore]
    given: datetime.datetime | None = None
    prefixes: Sequence[str] = field(default_factory=list)

    def check(self) -> None:
        self.prefixes = store_registry.prefixes_here(settings_in_force(), fleet.schema.connection)

    def now(self) -> datetime.datetime:
        if self.given is not None:
            return self.given.astimezone(datetime.UTC).replace(tzinfo=None)
        now: datetime.datetime = fleet.schema.connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0]
        return now.replace(tzinfo=None)

    def references(self) -> Callable[[File], bool]:
        return _references({prefix: _tables_of(prefix) for prefix in self.prefixes})

    def marks(self) -> dict[File, FileMark]:
        rows = [(File(row["kind"], row["file_name"]), row) for row in store.Mark().to_dicts()]
        return {
            file: FileMark(row["changed"], row["marked"].replace(tzinfo=None))
            for file, row in rows
            if row["file_hash"] == self._hash(file)  # not of a place that other settings name
        }

    def keep_marks(self, marks: Mapping[File, FileMark]) -> None:
        before = self.marks()
        old = [{"file_hash": self._hash(file)} for file, mark in before.items() if marks.get(file) != mark]
        new = [
            {"file_hash": self._hash(file), "kind": file.kind, "file_name": file.name, **mark._asdict()}
            for file, mark in marks.items()
            if before.get(file) != mark
        ]
        for some in batches(old, BATCH):
            (store.Mark & some).delete_quick()
        for some in batches(new, BATCH):
            store.Mark.insert(some, skip_duplicates=True)  # another collector may have found the same

    def writers(self) -> list[str]:
        connection, working = fleet.schema.connection, []
        for prefix in self.prefixes:
            worker, lease = (connection.adapter.make_full_table_name(f"{prefix}fleet", name) for name in WORKERS)
            free = self._lock_workers(worker)
            held = f"EXISTS (SELECT 1 FROM {lease} AS held WHERE held.worker_id = one.worker_id)"  # also if silent
            ask = f"SELECT worker_id, host, pid, expires > CURRENT_TIMESTAMP(3) OR {held} FROM {worker} AS one"
            rows = connection.query(f"{ask} WHERE state = 'working'").fetchall()
            found = [(host, pid) for name, host, pid, busy in rows if busy or name not in free]
            working += [f"worker {pid} of {prefix}* on {host}" for host, pid in found]
        return working + store_registry.writers(connection, self.prefixes)

    def tokens(self) -> frozenset[str]:
        return store_registry.tokens_of(fleet.schema.connection, self.prefixes)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Within the block, no process signs, no worker takes a key, and no transaction that refers to files begins."""
        connection = fleet.schema.connection
        with store_registry.alone(connection):
            connection.query("START TRANSACTION")  # its snapshot is of the first answer below, after the locks
            try:
                for prefix in self.prefixes:
                    self._lock_workers(connection.adapter.make_full_table_name(f"{prefix}fleet", WORKERS[0]))
                yield
            finally:
                connection.query("ROLLBACK")

    def _lock_workers(self, table: str) -> set[str]:
        """The workers whose rows no other process has locked, as to take a key; locked until a transaction ends."""
        ask = f"SELECT worker_id FROM {table} WHERE state = 'working' FOR UPDATE SKIP LOCKED"
        return {name for (name,) in fleet.schema.connection.query(ask).fetchall()}

    def _hash(self, file: File) -> str:
        return value_sha256([self.kinds[file.kind].url if file.kind in self.kinds else "", file.name])


def _references(tables: Mapping[str, Sequence[Any]]) -> Callable[[File], bool]:
    """Whether a row of these tables, given by prefix, refers to a file.

    Only those of the prefix in force are asked for arrays, whose names begin with a schema.
    """
    every = [table for found in tables.values() for table in found]
    prefix = settings_in_force().prefix
    schemas = {f"{prefix}{module}" for module in MODULES}
    digests, arrays = _values(every, ".*sha256"), _referenced_arrays(tables[prefix])
    stimuli = {Path(path).name for path in _values(every, "(scene|raw)_path")}  # folders differ by machine
    folders = {path.removeprefix("datasets/") for path in _values(every, "store_path")}
    checkpoints = _values([table for table in every if table.table_name == "checkpoint"], "path")
    kinds: dict[str, Callable[[str], bool]] = {
        "weights": lambda name: name.split(".")[0] in digests,
        "datasets": lambda name: bool(folders & {"/".join(name.split("/")[:2])}),
        "arrays": lambda name: name in arrays or name.partition("/")[0] not in schemas,
        "checkpoints": lambda name: f"{CHECKPOINTS}/{name}" in checkpoints,
        "stimuli": lambda name: name in stimuli,
    }
    return lambda file: kinds[file.kind](file.name)


def _tables_of(prefix: str) -> list[Any]:
    """The tables of a prefix. Raises ConfigError if some cannot be read."""
    connection, wanted = fleet.schema.connection, [f"{prefix}{module}" for module in MODULES]
    name = connection.adapter.make_full_table_name
    ask = (
        f"SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ({', '.join(['%s'] * len(wanted))})"
    )
    there = {str(one) for (one,) in connection.query(ask, args=tuple(wanted)).fetchall()}
    if there != set(wanted):
        raise ConfigError(
            f"tables {prefix}* keep files in the same place and cannot be asked what they refer to "
            f"({min(set(wanted) - there)} is not there, or not for this account to read): collect with an account that "
            "may read them, and the dlgn_cnn that declared them"
        )
    found = tables_of(connection, wanted)
    return [FreeTable(connection, name(one, table)) for one in wanted for table in found[one] if table[0] != "~"]


def _referenced_arrays(tables: Sequence[Any]) -> set[str]:
    """The files below ``ARRAYS`` that a row of one of these tables refers to.

    DataJoint's own collector goes on where a table cannot be read, and takes its files for garbage.
    """
    found: set[str] = set()
    for table in tables:
        for column in table.heading.schema_objects:
            codec = table.heading.attributes[column].codec
            for row in table.proj(column).cursor(as_dict=True):  # as stored: decoding would fetch the arrays
                found.update(path for path, _ in codec.referenced_paths(row[column]))
    return {path.removeprefix(f"{ARRAYS}/") for path in found}


def _values(tables: Sequence[Any], pattern: str) -> set[str]:
    """Values of these tables in all columns of which the name matches, also of tables that are added later."""
    columns = ((table, name) for table in tables for name in table.heading.names if re.fullmatch(pattern, name))
    return {str(value) for table, name in columns for value in table.to_arrays(name)}
