"""Garbage collection: files in the store that no row refers to, and their removal while no process writes."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.storage.object_store import ObjectStore
from populate.archive.files import STIMULI
from schemas import fleet
from schemas.base import store_registry
from schemas.base.array_codec import FOLDER as ARRAYS
from schemas.base.relational import DataJointError, Schema
from schemas.connection.in_force import settings_in_force
from schemas.declaration.modules import MODULES

GRACE = datetime.timedelta(hours=24)  # writers without a lease, as a notebook, insert their row within this time
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Garbage:
    """Files of one kind that no row refers to, with their sizes, their place, and how many files are kept."""

    kind: str
    place: ObjectStore
    unreferenced: dict[str, int]
    kept: int

    @property
    def size_bytes(self) -> int:
        """Bytes that their removal would free."""
        return sum(self.unreferenced.values())


def find_garbage(now: datetime.datetime | None = None) -> list[Garbage]:
    """Weights, datasets, arrays, checkpoints and stimuli that no row refers to and that are older than a day.

    Files that other prefixes of this server refer to are kept. Raises ConfigError if tables that cannot be queried, as
    those of another server, keep files in this store.
    """
    settings = settings_in_force()
    tables = list(_tables(settings.prefix))
    every_table = [*tables, *_others_tables()]
    digests, arrays = _values(every_table, ".*sha256"), _referenced_arrays(tables)
    stimuli = {Path(path).name for path in _values(every_table, "(scene|raw)_path")}  # folders differ by machine
    folders = {path.removeprefix("datasets/") for path in _values(every_table, "store_path")}
    checkpoints = _values([table for table in every_table if table.table_name == "checkpoint"], "path")
    schemas = {f"{settings.prefix}{module}" for module in MODULES}
    datasets = ObjectStore(f"{settings.datasets_url or settings.store}/datasets", settings.cache / "datasets")
    before = (now or datetime.datetime.now(datetime.UTC)) - GRACE
    return [
        _sort("weights", settings.weights, before, lambda name: name.split(".")[0] in digests),
        _sort("datasets", datasets, before, lambda name: any(name.startswith(f"{folder}/") for folder in folders)),
        _sort("arrays", settings.below(ARRAYS), before, lambda name: name in arrays or _schema(name) not in schemas),
        _sort("checkpoints", settings.below(CHECKPOINTS), before, lambda name: f"{CHECKPOINTS}/{name}" in checkpoints),
        _sort("stimuli", ObjectStore(settings.store / STIMULI), before, lambda name: name in stimuli),
    ]


def collect(found: list[Garbage]) -> int:
    """Delete these files; their number is returned. Raises ConfigError while a worker is alive.

    Meanwhile new workers wait, and a file that a row refers to by now is kept.
    """
    order = {"host": "*", "table_name": "*"}
    if len(fleet.StopFlag & order):
        raise ConfigError("all machines are paused or drained already: dlgn resume, then collect again")
    fleet.StopFlag.insert1({**order, "action": "pause"})
    try:
        _refuse_while_workers_live()
        names = {(one.kind, name) for one in find_garbage() for name in one.unreferenced}
        chosen = [(one, name) for one in found for name in one.unreferenced if (one.kind, name) in names]
        for one, name in chosen:
            one.place.delete(name)
        return len(chosen)
    finally:
        (fleet.StopFlag & order).delete_quick()


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


def _tables(prefix: str) -> Iterator[Any]:
    for module in MODULES:
        schema = Schema(connection=fleet.schema.connection, create_schema=False, create_tables=False)
        schema.activate(f"{prefix}{module}")
        for name in schema.list_tables():
            yield schema.get_table(name)


def _others_tables() -> list[Any]:
    """Tables of other prefixes with files in this store. Raises ConfigError if some cannot be read."""
    found: list[Any] = []
    for one in store_registry.others(settings_in_force(), fleet.schema.connection):
        reason = "" if one.here else "they are another server's"
        try:
            found += [] if reason else _tables(one.prefix)
        except DataJointError:
            reason = "some are not there, or not for this account to read"
        if reason:
            raise ConfigError(
                f"tables {one.prefix}* at {one.seen_as} keep files in this store and cannot be asked what they refer "
                f"to ({reason}): give them a DLGN_STORE of their own, or delete {one.file} if they are gone for good"
            )
    return found


def _schema(name: str) -> str:
    return name.partition("/")[0]


def _refuse_while_workers_live() -> None:
    alive = fleet.Worker & fleet.ALIVE
    if len(alive):
        hosts = ", ".join(sorted(set(map(str, alive.to_arrays("host")))))
        raise ConfigError(f"{len(alive)} workers are alive on {hosts}: dlgn drain them, then collect again")


def _values(tables: Sequence[Any], pattern: str) -> set[str]:
    """Values of these tables in all columns of which the name matches, also of tables that are added later."""
    columns = ((table, name) for table in tables for name in table.heading.names if re.fullmatch(pattern, name))
    return {str(value) for table, name in columns for value in table.to_arrays(name)}


def _sort(kind: str, place: ObjectStore, before: datetime.datetime, wanted: Any) -> Garbage:
    sizes = place.sizes()
    found = {name: size for name, size in sizes.items() if not wanted(name) and place.modified(name) < before}
    return Garbage(kind, place, found, len(sizes) - len(found))
