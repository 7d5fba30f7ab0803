"""What no row refers to is found, and deleted only while nobody writes."""

import datetime
import os

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
    return {stored.name.split(".")[0] for one in found if one.kind == kind for stored in one.unreferenced}


def test_what_no_row_refers_to_is_found_once_it_is_old(weights, database):
    from populate.gc import find_garbage

    _, left = weights
    assert names(find_garbage()) & set(weights) == {left}
    now = datetime.datetime.now().timestamp()
    os.utime(database.store / "weights" / f"{left}.safetensors", (now, now))
    assert left not in names(find_garbage())


def test_nothing_is_deleted_while_a_worker_is_alive(weights, database):
    from populate.gc import collect, find_garbage
    from populate.heart import Heart
    from schemas import fleet

    kept, left = weights
    found = find_garbage()
    worker = Heart("cpu")
    worker.ensure_beating = lambda: None
    worker.register()
    with pytest.raises(ConfigError, match="1 workers are alive"):
        collect(found)
    load_weights(database.weights, left)
    assert len(fleet.StandingOrder()) == 0
    worker.stop()
    assert collect(found) >= 1
    assert np.array_equal(load_weights(database.weights, kept)["w"], [1.0, 1.0])
    assert not (database.store / "weights" / f"{left}.safetensors").exists()


def test_what_a_row_has_come_to_refer_to_is_kept(weights):
    from populate.gc import collect, find_garbage
    from schemas import stimulus

    kept, left = weights
    found = find_garbage()
    stimulus.Scene.update1({"movie": "collected", "scene": 0, "scene_sha256": left})
    collect(found)
    assert left not in names(find_garbage())
    assert kept in names(find_garbage())
