"""A load that is killed (SIGKILL) leaves no row, and files that the collector finds; the next one is as any other."""

import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import described
from tests.factories import small_simulation

ROOT = Path(__file__).resolve().parents[2]
LATER = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
# What it is about to do, for the how manieth time, when it is killed.
MOMENTS = (("write", 9), ("start_transaction", 1), ("insert", 12), ("commit_transaction", 1))
WITHOUT = ("~", "version.", "provenance.", "store.")  # DataJoint's own; what came with the tables; signatures

# Imports once, then forks a process a job.
SERVER = r"""
import json, os, signal, sys
import datajoint, populate.archive.load, schemas
from dlgn_cnn.storage.object_store import ObjectStore

def killed_at(owner, name, times):
    real, seen = getattr(owner, name), []
    def counted(*args, **kwargs):
        seen.append(name)
        if len(seen) == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    setattr(owner, name, counted)

OWNERS = {"write": ObjectStore, "insert": datajoint.Table}
for request in sys.stdin:
    place, what, times = json.loads(request)
    child = os.fork()
    if child == 0:
        schemas.open_database()
        killed_at(OWNERS.get(what, datajoint.Connection), what, times)
        populate.archive.load.load(place)
        os._exit(0)
    os.write(1, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(scope="module")
def archive(database, tmp_path_factory) -> Path:
    """A published fit with its recording, dataset and weights, of which no row and no file is left here."""
    from populate.archive.publish import Wanted, publish
    from schemas import dataset, model, trainer
    from schemas.recordings.insert import ingest

    names = ingest(small_simulation(tmp_path_factory.mktemp("t") / "session", mouse="Simulated_2026_0860"))
    config = {"sessions": names, "size_px": [9, 16], "window_frames": 40, "validation_share": 0.34}
    key = dataset.DatasetConfig.add("stored_sessions", config)
    dataset.Dataset.populate(key)
    key |= model.ModelConfig.add("ln", {"opto": "none"}) | trainer.TrainerConfig.add(
        "standard", {"fit": {"max_epochs": 1}}
    )
    trainer.Seed.insert1({"seed": 0}, skip_duplicates=True)
    fitted(key | {"seed": 0})
    path = tmp_path_factory.mktemp("archive") / "all"
    publish(path, Wanted(report=False))
    forget(database)
    return path


def fitted(key):
    from schemas import experiment, training

    experiment.Experiment.insert1({"experiment_name": "killed"})
    experiment.Experiment.Fit.insert1({"experiment_name": "killed", **key})
    training.TrainedModel.populate(key)


def forget(database) -> None:
    from schemas.base import store_registry
    from tests.conftest import _empty

    _empty()
    for folder in database.store.iterdir():
        if folder.name != store_registry.FOLDER:
            shutil.rmtree(folder)


@pytest.fixture(scope="module")
def killed(archive):
    """Loads the archive in a process of its own that is killed; its exit status."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", SERVER]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=environment) as process:

        def ask(what: str, times: int) -> int:
            process.stdin.write(json.dumps([str(archive), what, times]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield ask


def rows(database) -> dict:
    from schemas import session

    found = described.rows(session.schema.connection, database.prefix)
    return {name: rows for name, rows in found.items() if not name.startswith(WITHOUT) and "~" not in name}


def files(database) -> dict[str, bytes | None]:
    """Every whole file of the store; of Deep Lake's own, which differ by writer, that a dataset is there."""
    from schemas.base import store_registry

    found: dict[str, bytes | None] = {}
    for path in database.store.rglob("*"):
        name = path.relative_to(database.store)
        if name.parts[0] != store_registry.FOLDER and path.is_file() and path.suffix != ".tmp":
            own = name.parts[0] == "datasets"
            found["/".join(name.parts[:3]) if own else str(name)] = None if own else path.read_bytes()
    return found


def garbage() -> tuple[set[str], int]:
    """The files that the collector finds no row refers to, and how many it finds that one does."""
    from populate.fleet.gc import find_garbage

    found = find_garbage(LATER)
    return {name for one in found for name in one.unreferenced}, sum(one.kept for one in found)


def test_however_often_a_load_is_killed_no_row_is_left_and_the_next_one_ends_as_if_undisturbed(
    database, archive, killed
):
    from populate.archive.load import load

    empty = rows(database)
    load(str(archive))
    whole, stored = rows(database), files(database)
    assert garbage()[0] == set()
    for name in ("training.__trained_model", "recording._recording__spikes", "dataset.__dataset__session"):
        assert whole[name], name
    forget(database)
    for what, times in MOMENTS:
        assert killed(what, times) == -9, what
        assert rows(database) == empty, what
        assert garbage()[1] == 0, what
        assert (files(database) == stored) == (what != "write"), what
    load(str(archive))
    assert (rows(database), files(database)) == (whole, stored)
    assert all(name.endswith(".tmp") for name in garbage()[0])


def test_no_file_is_written_or_read_while_the_transaction_is_open(database, archive, monkeypatch):
    from dlgn_cnn.storage.object_store import ObjectStore
    from populate.archive.load import load
    from schemas import dataset, session

    seen = []

    def noted(owner, name):
        real = getattr(owner, name)

        def call(*args, **options):
            seen.append((name, session.schema.connection._in_transaction))
            return real(*args, **options)

        monkeypatch.setattr(owner, name, call)

    for owner, name in (
        (ObjectStore, "write"),
        (ObjectStore, "read"),
        (ObjectStore, "put"),
        (dataset, "ensure_session"),
    ):
        noted(owner, name)
    forget(database)
    seen.clear()
    assert sum(load(str(archive)).new.values()) > 0
    assert sum(load(str(archive)).new.values()) == 0
    assert {name for name, _ in seen} == {"write", "put", "ensure_session"}
    assert not any(within for _, within in seen)
