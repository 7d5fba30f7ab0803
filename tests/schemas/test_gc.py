"""Files without a row are marked, and deleted a day later, only while no process may be about to use one."""

import dataclasses
import datetime
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.training.weights import load_weights, save_weights

LATER = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)


@pytest.fixture
def weights(database):
    """Digests of weights that a row refers to, and that none does."""
    from schemas import fleet, stimulus

    fleet.Lease().delete_quick()
    fleet.Worker().delete_quick()
    kept, left = (save_weights({"w": torch.full((2,), value)}, database.weights) for value in (1.0, 2.0))
    stimulus.Movie.insert1(("collected",))
    rest = {"scene_path": "x", "scene_frames": 1, "scene_rate_hz": 1.0, "width_px": 1, "height_px": 1}
    stimulus.Scene.insert1({"movie": "collected", "scene": 0, "scene_sha256": kept, **rest})
    yield kept, left
    (stimulus.Movie & {"movie": "collected"}).delete(prompt=False)


def names(found, kind="weights") -> set[str]:
    return {name.split(".")[0] for one in found if one.kind == kind for name in one.unreferenced}


def due(found) -> set[str]:
    return {name.split(".")[0] for one in found if one.kind == "weights" for name in one.due}


def test_what_no_row_refers_to_is_due_a_day_after_it_was_marked_unless_it_was_written_meanwhile(weights, database):
    from populate.fleet.gc import collect, find_garbage

    _, left = weights
    file = database.store / "weights" / f"{left}.safetensors"
    os.utime(file, (0, 0))  # its own age says nothing: it may be about to be used again
    found = find_garbage()
    assert names(found) & set(weights) == {left}
    assert due(found) == set()
    collect()
    assert file.exists()
    assert due(find_garbage(LATER)) & set(weights) == {left}
    file.touch()
    assert left not in due(find_garbage(LATER))
    collect(LATER)
    assert file.exists()
    assert left in due(find_garbage(LATER + datetime.timedelta(days=2)))


def test_gc_shows_what_it_would_delete(weights, database):
    from populate.fleet.gc import collect, find_garbage

    find_garbage()
    shown = {one.place.local / name for one in find_garbage(LATER) for name in one.due}
    before = {path for path in database.store.rglob("*") if path.is_file() and path.parent.name != "databases"}
    assert collect(LATER) == len(shown) > 0
    after = {path for path in database.store.rglob("*") if path.is_file() and path.parent.name != "databases"}
    assert before - after == shown


def test_names_that_the_product_does_not_make_are_left_alone(weights, database):
    from populate.fleet.gc import collect, find_garbage

    files = [database.store / name for name in ("weights/notes.txt", "weights/weights/x", "datasets/mine/x")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a person's")
    find_garbage()
    collect(LATER)
    assert all(file.exists() for file in files)


def test_while_any_prefix_loads_nothing_is_deleted(weights, database):
    """Another prefix on this server holds a lease, in a process of its own."""
    from populate.fleet.gc import collect, find_garbage
    from schemas import fleet
    from schemas.base import store_registry

    find_garbage()
    connection = fleet.schema.connection
    store_registry._insert(database, connection, "0" * 32, 60.0)
    with pytest.raises(ConfigError, match=r"1 processes may be about to use a file .*let them end"):
        collect(LATER)
    load_weights(database.weights, weights[1])
    store_registry._expire(database, connection, "0" * 32)
    assert collect(LATER) >= 1


def test_once_a_process_begins_the_rest_is_left_to_the_next_time(weights, database, monkeypatch):
    from populate.fleet import collector
    from populate.fleet.gc import collect, find_garbage
    from schemas import fleet
    from schemas.base import store_registry

    find_garbage()
    real = collector.survey

    def disturbed(tables, places):
        found = real(tables, places)
        store_registry._insert(database, fleet.schema.connection, "1" * 32, 0.0)
        return found

    monkeypatch.setattr(collector, "survey", disturbed)
    assert collect(LATER) == 0
    monkeypatch.undo()
    assert collect(LATER) >= 1


def test_a_lease_that_has_expired_is_not_renewed(database):
    from schemas import fleet
    from schemas.base import store_registry

    connection = fleet.schema.connection
    store_registry.release(database, connection)
    with store_registry.writing(database, connection):
        store_registry.renew(database, connection)
        own = store_registry._own[store_registry._key(database)]
        store_registry._expire(database, connection, own.token)
        with pytest.raises(StoreError, match="stopped for more than a day"):
            store_registry.renew(database, connection)


def test_nothing_is_deleted_while_a_worker_is_alive(weights, database):
    from populate.fleet.gc import collect, find_garbage
    from populate.worker.registration import Registration
    from schemas import fleet

    kept, left = weights
    find_garbage()
    worker = Registration(torch.device("cpu"))
    worker.ensure_heartbeat = lambda: None
    worker.register()
    with pytest.raises(ConfigError, match=r"1 processes may be about to use a file .worker "):
        collect(LATER)
    load_weights(database.weights, left)
    assert len(fleet.StopFlag()) == 0
    worker.stop()
    assert collect(LATER) >= 1
    assert np.array_equal(load_weights(database.weights, kept)["w"], [1.0, 1.0])
    assert not (database.store / "weights" / f"{left}.safetensors").exists()


@pytest.fixture
def held(database):
    """A worker that holds a key, and a function that says how many hours ago it was heard of last."""
    from populate.worker.registration import Registration
    from schemas import dataset, fleet

    worker = Registration(torch.device("cpu"))
    worker.ensure_heartbeat = lambda: None
    worker.register()
    row = {"token": "e" * 32, "worker_id": worker.worker_id, "table_name": "Dataset", "key_hash": "e" * 32}
    fleet.Lease.insert1(row | {"held_key": {"dataset_hash": "e"}, "job_table": dataset.Dataset().jobs.full_table_name})

    def silent(hours: int) -> None:
        connection = fleet.schema.connection
        ago = connection.adapter.interval_expr(hours, "hour")
        connection.query(f"UPDATE {fleet.Worker().full_table_name} SET expires = CURRENT_TIMESTAMP(3) - {ago}")

    yield silent
    for table in (fleet.Lease, fleet.Worker, fleet.Retry):
        table().delete_quick()


def test_a_worker_that_was_suspended_with_a_key_in_hand_counts_for_a_day(weights, held):
    """It inserts its row once it goes on, unless its lease was returned."""
    from populate.fleet.gc import collect, find_garbage
    from schemas import fleet

    find_garbage()
    held(2)
    with pytest.raises(ConfigError, match=r"1 processes may be about to use a file .worker "):
        collect(LATER)
    assert len(fleet.Lease()) == 1
    held(25)
    assert collect(LATER) >= 1
    assert len(fleet.Lease()) == 0


def test_while_files_are_deleted_no_worker_takes_a_key(held):
    from populate.fleet.gc import _kinds, _Tables
    from schemas import fleet
    from schemas.connection.in_force import settings_in_force
    from schemas.connection.server import own_connection

    held(2)
    tables, other = _Tables(_kinds(settings_in_force())), own_connection(fleet.schema.connection)
    tables.check()
    wait = "SET innodb_lock_wait_timeout = 1" if other.adapter.backend == "mysql" else "SET lock_timeout = '1s'"
    other.query(wait)
    lease = f"INSERT INTO {fleet.Lease().full_table_name} (token, worker_id, table_name, key_hash, held_key, job_table)"
    ask = f"{lease} SELECT %s, worker_id, 'Score', 'f', '{{}}', '' FROM {fleet.Worker().full_table_name}"
    with tables.alone(), pytest.raises(Exception, match=r"(?i)lock"):
        other.query(ask, args=("f" * 32,))
    other.query(ask, args=("f" * 32,))
    assert len(fleet.Lease()) == 2
    other.close()


def test_a_load_that_was_suspended_while_it_inserts_counts_however_long(weights, database):
    from populate.fleet.gc import _kinds, _Tables
    from schemas import fleet
    from schemas.base import store_registry
    from schemas.connection.server import own_connection

    connection, other = fleet.schema.connection, own_connection(fleet.schema.connection)
    own = store_registry._own[store_registry._key(database)] = store_registry._Own("9" * 32, 0.001, 0.0)
    store_registry._insert(database, other, own.token, 60.0)
    tables = _Tables(_kinds(database))
    tables.check()
    with other.transaction:
        other.query("SELECT 1")
        store_registry.hold(database, other)
        table, hour = store_registry._table(other, database.prefix), connection.adapter.interval_expr(1, "hour")
        ago = f"UPDATE {table} SET expires = CURRENT_TIMESTAMP(3) - {hour} WHERE token = %s"
        other.query(ago, args=(own.token,))
        store_registry._own.clear()
        assert len(tables.writers()) == 1
    assert tables.writers() == []
    store_registry._own[store_registry._key(database)] = own
    with other.transaction, pytest.raises(StoreError, match="stopped for more than a day"):
        store_registry.hold(database, other)
    store_registry._own.clear()
    store_registry.withdraw(database, connection, [own.token])
    other.close()


def test_what_a_row_has_come_to_refer_to_is_kept(weights):
    from populate.fleet.gc import collect, find_garbage
    from schemas import stimulus

    kept, left = weights
    find_garbage()
    stimulus.Scene.update1({"movie": "collected", "scene": 0, "scene_sha256": left})
    collect(LATER)
    assert left not in names(find_garbage())
    assert kept in names(find_garbage())


def test_arrays_are_garbage_once_their_rows_are_deleted(weights, database):
    """DataJoint leaves the files of deleted rows behind."""
    from populate.fleet.gc import collect, find_garbage
    from schemas import recording, session

    key = {"mouse": "Collected", "series": 1, "experiment": 1}
    session.Mouse.insert1({"mouse": "Collected", "simulated": True})
    session.Session.insert1({**key, "session_name": "Collected_s01_e01"})
    recording.RawFile.insert1({**key, "reader": "x", "raw_path": "x", "raw_sha256": "x", "reader_options": {}})
    recording.Recording.insert1({**key, "units": 0, "spikes": 0}, allow_direct_insert=True)
    values = {name: np.arange(5.0) + number for number, name in enumerate(("running", "pupil_size"))}
    recording.Recording.Signal.insert(
        [
            {**key, "signal_name": name, "signal_times_s": -array, "signal_values": array}
            for name, array in values.items()
        ],
        allow_direct_insert=True,
    )
    arrays = database.store / "_schema"
    others = arrays / "another_labs_schema" / "table" / "array.npy"
    others.parent.mkdir(parents=True)
    others.write_bytes(b"")
    before = found_below(find_garbage(), "arrays")  # of rows of tests that ran before
    (recording.Recording.Signal & key & {"signal_name": "running"}).delete_quick()
    left = found_below(find_garbage(), "arrays") - before
    assert sorted(np.load(path).tolist() for path in left) == [[-0.0, -1, -2, -3, -4], [0, 1, 2, 3, 4]]
    collect(LATER)
    assert not any(path.exists() for path in left)
    assert others.exists()
    kept = (recording.Recording.Signal & key).fetch1("signal_values")
    assert np.array_equal(kept.load(), values["pupil_size"])


def found_below(garbage, kind: str) -> set[Path]:
    (one,) = [one for one in garbage if one.kind == kind]
    assert all((one.place.local / name).exists() for name in one.unreferenced)
    return {one.place.local / name for name in one.unreferenced}


@pytest.fixture
def signed_by(database):
    """Leaves another database's signature in the store."""
    files = []

    def leave(prefix: str, server: str, token: str):
        files.append(database.store / "databases" / f"{prefix}.{server}.{token}.json")
        files[-1].write_text(json.dumps({"seen_as": "db.lab"}))
        return files[-1]

    yield leave
    for file in files:
        file.unlink(missing_ok=True)


@pytest.fixture
def here(database):
    """The digest of this server."""
    from schemas import fleet
    from schemas.base import store_registry

    return store_registry._server(database, fleet.schema.connection)


def test_a_store_of_two_servers_is_left_alone(weights, database, signed_by):
    """As a demo on the embedded server and the lab's MySQL have one, in the same home."""
    from populate.fleet.gc import collect, find_garbage

    file = signed_by("dlgn_", "0123456789abcdef", "a" * 32)
    said = r"dlgn_\* at db.lab keep .*another server's.*of its own, or delete .*databases/dlgn_.0123456789abcdef.\* if"
    for ask in (find_garbage, collect):
        with pytest.raises(ConfigError, match=said):
            ask()
    file.unlink()
    assert names(find_garbage()) & set(weights) == {weights[1]}


def test_a_copied_database_is_told_apart(weights, database, signed_by, here):
    """A copy on another server, one that calls itself the same, and this one from an older backup."""
    from populate.fleet.gc import find_garbage
    from schemas import store

    token = store.Signature().to_arrays("token")[0]
    for server, lies in (("0123456789abcdef", token), (here, "b" * 32)):
        file = signed_by(database.prefix, server, lies)
        with pytest.raises(ConfigError, match="the tables here are a copy of them"):
            find_garbage()
        file.unlink()


def test_what_another_prefix_refers_to_is_kept(weights, database, signed_by, here):
    """Another prefix, on the same server and in the same store."""
    import datajoint as dj

    from populate.fleet.gc import find_garbage
    from schemas import fleet, store
    from schemas.declaration.modules import MODULES

    prefix = f"{database.prefix}b_"
    signed_by(prefix, here, "c" * 32)
    with pytest.raises(ConfigError, match=rf"{prefix}\* .* cannot be asked .*some are not there"):
        find_garbage()
    schemas = {name: dj.Schema(f"{prefix}{name}", connection=fleet.schema.connection) for name in MODULES}
    try:

        class Signature(dj.Manual):
            definition = store.Signature.definition

        class Worker(dj.Manual):
            definition = fleet.Worker.definition

        class Fitted(dj.Manual):
            definition = """
            fit : int32
            ---
            weights_sha256 : char(64)
            """

        Signature = schemas["store"](Signature)
        Fitted, _ = schemas["training"](Fitted), schemas["fleet"](Worker)
        with pytest.raises(ConfigError, match="an older backup"):
            find_garbage()
        Signature.insert1({"token": "c" * 32, "host": "h", "pid": 1, "expires": LATER.replace(tzinfo=None)})
        assert weights[1] in names(find_garbage())
        Fitted.insert1((0, weights[1]))
        assert not names(find_garbage()) & set(weights)
    finally:
        for one in schemas.values():
            one.drop(prompt=False)


def test_a_database_signs_its_store_once_when_it_is_opened(database):
    from schemas import fleet
    from schemas.base import store_registry

    def lies() -> set[str]:
        return {path.name for path in (database.store / "databases").iterdir()}

    before = lies()
    store_registry.sign(database, fleet.schema.connection)
    assert lies() == before != set()


@pytest.mark.parametrize("elsewhere", ["datasets", "cache"])
def test_every_place_that_files_are_deleted_from_is_signed_and_asked(database, tmp_path, elsewhere):
    """Two databases, each with a store of its own, and one place of data sets, or one home with its cache."""
    from schemas import fleet
    from schemas.base import store_registry

    url = (tmp_path / "shared").as_uri()
    settings = dataclasses.replace(database, store=tmp_path / "store", home=tmp_path / "home", datasets_url=url)
    store_registry.register(settings, fleet.schema.connection, 0.0)
    place = {"datasets": tmp_path / "shared", "cache": settings.cache}[elsewhere] / "databases"
    (signature,) = place.iterdir()
    prefix, _, token, _ = signature.name.split(".")
    (place / f"{prefix}.0123456789abcdef.{token}.json").write_bytes(signature.read_bytes())
    with pytest.raises(ConfigError, match="another server's"):
        store_registry.prefixes_here(settings, fleet.schema.connection)
