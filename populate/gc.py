"""What lies in the store and no row refers to, and its removal while nobody writes."""

import datetime
import importlib
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.objects import Objects, Stored
from schemas import dataset, fleet
from schemas.database import MODULES, settings_in_force

GRACE = datetime.timedelta(hours=24)  # writers without a lease, as a notebook, insert their row within this time


@dataclass(frozen=True)
class Garbage:
    """Files of one kind that no row refers to, where they lie, and what is kept."""

    kind: str
    place: Objects
    unreferenced: tuple[Stored, ...]
    kept: int

    @property
    def size_bytes(self) -> int:
        """What removing them would free."""
        return sum(stored.size_bytes for stored in self.unreferenced)


def find_garbage(now: datetime.datetime | None = None) -> list[Garbage]:
    """Weights and dataset files that no row refers to and that are older than a day."""
    settings = settings_in_force()
    digests, folders = referenced_digests(), _referenced_folders()
    datasets = Objects(f"{settings.datasets_url or settings.store}/datasets", settings.cache / "datasets")
    before = (now or datetime.datetime.now(datetime.UTC)) - GRACE
    return [
        _sort("weights", settings.weights, before, lambda name: name.split(".")[0] in digests),
        _sort("datasets", datasets, before, lambda name: any(name.startswith(f"{folder}/") for folder in folders)),
    ]


def collect(found: list[Garbage]) -> int:
    """Delete what was found; how many files is returned. Raises ConfigError while a worker is alive.

    Meanwhile new workers wait, and nothing that a row refers to by now is deleted.
    """
    order = {"host": "*", "table_name": "*"}
    if len(fleet.StandingOrder & order):
        raise ConfigError("all machines are paused or drained already: dlgn resume, then collect again")
    fleet.StandingOrder.insert1({**order, "action": "pause"})
    try:
        _refuse_while_somebody_writes()
        names = {(one.kind, stored.name) for one in find_garbage() for stored in one.unreferenced}
        chosen = [(one, stored) for one in found for stored in one.unreferenced if (one.kind, stored.name) in names]
        for one, stored in chosen:
            one.place.delete(stored.name)
        return len(chosen)
    finally:
        (fleet.StandingOrder & order).delete_quick()


def referenced_digests() -> set[str]:
    """Every sha256 that any table holds, of weights or of anything else: what a later table refers to is kept too."""
    found: set[str] = set()
    for module in MODULES:
        schema = importlib.import_module(f"schemas.{module}").schema
        for name in schema.list_tables():
            table = schema.get_table(name)
            for column in table.heading.names:
                if column.endswith("sha256"):
                    found.update(map(str, table.to_arrays(column)))
    return found


def _refuse_while_somebody_writes() -> None:
    alive = fleet.Worker & "state = 'working' AND expires > CURRENT_TIMESTAMP(3)"
    if len(alive):
        hosts = ", ".join(sorted(set(map(str, alive.to_arrays("host")))))
        raise ConfigError(f"{len(alive)} workers are alive on {hosts}: dlgn drain them, then collect again")


def _referenced_folders() -> set[str]:
    return {str(path).removeprefix("datasets/") for path in dataset.Dataset.Session().to_arrays("store_path")}


def _sort(kind: str, place: Objects, before: datetime.datetime, wanted: Any) -> Garbage:
    unreferenced, kept = [], 0
    for stored in place.names():
        old = stored.written.replace(tzinfo=stored.written.tzinfo or datetime.UTC) < before
        if old and not wanted(stored.name):
            unreferenced.append(stored)
        else:
            kept += 1
    return Garbage(kind, place, tuple(unreferenced), kept)
