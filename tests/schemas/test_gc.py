"""Files without a row are found, and deleted only while no process writes."""

import dataclasses
import datetime
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.weights import load_weights, save_weights

LATER = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)


@pytest.fixture
def weights(database):
    """Digests of weights that a row refers to, and that none does, as old as last week."""
    from schemas import fleet, stimulus

    fleet.Lease().delete_quick()
    fleet.Worker().delete_quick()
    kept, left = (save_weights({"w": torch.full((2,), value)}, database.weights) for value in (1.0, 2.0))
    week = LATER.timestamp() - 7 * 86400
    for digest in (kept, left):
        os.utime(database.store / "weights" / f"{digest}.safetensors", (week, week))
    stimulus.Movie.insert1(("collected",))
    rest = {"scene_path": "x", "scene_frames": 1, "scene_rate_hz": 1.0, "width_px": 1, "height_px": 1}
    stimulus.Scene.insert1({"movie": "collected", "scene": 0, "scene_sha256": kept, **rest})
    yield kept, left
    (stimulus.Movie & {"movie": "collected"}).delete(prompt=False)


def names(found, kind="weights") -> set[str]:
    return {name.split(".")[0] for one in found if one.kind == kind for name in one.unreferenced}


def test_what_no_row_refers_to_is_found_once_it_is_old(weights, database):
    from populate.fleet.gc import find_garbage

    _, left = weights
    assert names(find_garbage()) & set(weights) == {left}
    now = datetime.datetime.now().timestamp()
    os.utime(database.store / "weights" / f"{left}.safetensors", (now, now))
    assert left not in names(find_garbage())


def test_nothing_is_deleted_while_a_worker_is_alive(weights, database):
    from populate.fleet.gc import collect, find_garbage
    from populate.worker.registration import Registration
    from schemas import fleet

    kept, left = weights
    found = find_garbage()
    worker = Registration(torch.device("cpu"))
    worker.ensure_heartbeat = lambda: None
    worker.register()
    with pytest.raises(ConfigError, match="1 workers are alive"):
        collect(found)
    load_weights(database.weights, left)
    assert len(fleet.StopFlag()) == 0
    worker.stop()
    assert collect(found) >= 1
    assert np.array_equal(load_weights(database.weights, kept)["w"], [1.0, 1.0])
    assert not (database.store / "weights" / f"{left}.safetensors").exists()


def test_what_a_row_has_come_to_refer_to_is_kept(weights):
    from populate.fleet.gc import collect, find_garbage
    from schemas import stimulus

    kept, left = weights
    found = find_garbage()
    stimulus.Scene.update1({"movie": "collected", "scene": 0, "scene_sha256": left})
    collect(found)
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
    for file in arrays.rglob("*.npy"):
        os.utime(file, (0, 0))
    before = found_below(find_garbage(), "arrays")  # of rows of tests that ran before
    (recording.Recording.Signal & key & {"signal_name": "running"}).delete_quick()
    left = found_below(find_garbage(), "arrays") - before
    assert sorted(np.load(path).tolist() for path in left) == [[-0.0, -1, -2, -3, -4], [0, 1, 2, 3, 4]]
    collect(find_garbage())
    assert not any(path.exists() for path in left)
    assert others.exists()
    kept = (recording.Recording.Signal & key).fetch1("signal_values")
    assert np.array_equal(kept.load(), values["pupil_size"])


def found_below(garbage, kind: str) -> set[Path]:
    (one,) = [one for one in garbage if one.kind == kind]
    assert all((one.place.local / name).exists() for name in one.unreferenced)
    return {one.place.local / name for name in one.unreferenced}


def test_a_store_of_two_servers_is_left_alone(weights, database):
    """As a demo on the embedded server and the lab's MySQL have one, in the same home."""
    from populate.fleet.gc import find_garbage

    said = {"prefix": "dlgn_", "server": "another", "seen_as": "db.lab"}
    (file := database.store / "databases" / "0123456789abcdef.json").write_text(json.dumps(said))
    with pytest.raises(ConfigError, match=rf"dlgn_\* at db.lab keep .*another server's.*their own, or delete {file}"):
        find_garbage()
    file.unlink()
    assert names(find_garbage()) & set(weights) == {weights[1]}


def test_what_another_prefix_refers_to_is_kept(weights, database):
    """Another prefix, on the same server and in the same store."""
    import datajoint as dj

    from populate.fleet.gc import find_garbage
    from schemas import fleet
    from schemas.base import store_registry
    from schemas.declaration.modules import MODULES

    trial = dataclasses.replace(database, prefix=f"{database.prefix}b_")
    store_registry.sign(trial, fleet.schema.connection)
    (file,) = {one for one in (database.store / "databases").iterdir() if trial.prefix in one.read_text()}
    with pytest.raises(ConfigError, match=rf"{trial.prefix}\* .* cannot be asked .*some are not there"):
        find_garbage()
    schemas = {name: dj.Schema(f"{trial.prefix}{name}", connection=fleet.schema.connection) for name in MODULES}
    try:
        assert weights[1] in names(find_garbage())

        @schemas["training"]
        class Fitted(dj.Manual):
            definition = """
            fit : int32
            ---
            weights_sha256 : char(64)
            """

        Fitted.insert1((0, weights[1]))
        assert not names(find_garbage()) & set(weights)
    finally:
        for one in schemas.values():
            one.drop(prompt=False)
        file.unlink()


def test_a_database_signs_its_store_once(database):
    import schemas
    from schemas import fleet
    from schemas.base import store_registry

    before = {one.name: one.stat().st_mtime_ns for one in (database.store / "databases").iterdir()}
    store_registry.sign(schemas.open_database(), fleet.schema.connection)
    assert {one.name: one.stat().st_mtime_ns for one in (database.store / "databases").iterdir()} == before
    assert len(before) == 1
