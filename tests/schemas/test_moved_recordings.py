"""Recordings that moved: known bytes at another place update the stored paths, and nothing else."""

import dataclasses
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from dlgn_cnn.errors import MissingFile, RecordingError
from tests.factories import change, responses_frame, small_simulation, write_recording, write_scene


@pytest.fixture(autouse=True)
def _open(database):
    """All tests here use the run's database."""


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, "dlgn")
    return lambda: [text for text in caplog.messages if "new place" in text]


def content() -> dict[str, list]:
    """Every row that holds a path or depends on a recording, without paths."""
    from schemas import recording, session, stimulus

    tables = (session.Session, stimulus.Scene, stimulus.Presentation, recording.RawFile, recording.Recording)
    rows = {one.__name__: one().to_dicts(order_by="KEY") for one in tables}
    for found in rows.values():
        for row in found:
            for column in ("raw_path", "scene_path"):
                row.pop(column, None)
    return rows


def stored_paths(mouse: str) -> set[str]:
    from schemas import recording, stimulus

    key = {"mouse": mouse}
    scenes = stimulus.Scene & (stimulus.Presentation & key).proj("movie", "scene")
    return {*(recording.RawFile & key).to_arrays("raw_path"), *scenes.to_arrays("scene_path")}


def files(folder: Path) -> set[str]:
    return {str(path.resolve()) for path in folder.rglob("*") if path.suffix in (".pkl", ".avi")}


def simulated(folder: Path, mouse: str) -> Path:
    return small_simulation(folder, mouse=mouse, width_px=32, height_px=16, units=2)


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_known_bytes_from_another_place_update_the_paths_and_nothing_else(tmp_path, said, how):
    from schemas.recordings.insert import ingest

    mouse = f"Simulated_moved_{how.__name__}"
    old, new = simulated(tmp_path / "old" / "a", mouse), tmp_path / "new" / "a"
    ingest(old)
    before = content()
    new.parent.mkdir()
    how(old, new)
    assert ingest(new) == []
    assert stored_paths(mouse) == files(new)
    assert content() == before
    (sentence,) = said()
    assert f"{tmp_path}/old -> {tmp_path}/new" in sentence
    assert f"{len(files(new))} stored paths" in sentence
    assert ingest(new) == []  # nothing more to say
    assert len(said()) == 1
    shutil.rmtree(old, ignore_errors=True)
    from schemas.base.keys import session_key
    from schemas.recordings.fetch import fetch_session

    scenes = fetch_session(session_key(f"{mouse}_s01_e01")).load().scenes
    assert all(file.path.is_file() for file in scenes.values())


def test_other_bytes_under_the_same_key_at_another_place_stay_refused(tmp_path):
    from schemas.recordings.insert import ingest

    frame = responses_frame(mouse="Moved_2020_0001")
    write_recording(tmp_path / "old", frame)
    ingest(tmp_path / "old")
    before, paths = content(), stored_paths("Moved_2020_0001")
    write_recording(tmp_path / "new", change(frame, 0, "spike_times", np.array([0.5])))
    with pytest.raises(RecordingError, match="other bytes"):
        ingest(tmp_path / "new")
    write_recording(tmp_path / "other", frame)
    shutil.copy(tmp_path / "old" / "responses.pkl", tmp_path / "other")
    write_scene(next((tmp_path / "other" / "scenes").glob("*scene-001*")), np.zeros((30, 16, 32), np.uint8), 30)
    with pytest.raises(RecordingError, match="is not the file of that name"):
        ingest(tmp_path / "other")
    assert (content(), stored_paths("Moved_2020_0001")) == (before, paths)


def test_a_scene_that_two_sessions_share_stays_unless_it_is_missing_or_its_session_moves(tmp_path, said):
    from schemas.recordings.insert import ingest

    for name in ("one", "two"):
        write_recording(tmp_path / name, responses_frame(mouse=f"Shared_{name}"))
        for scene in (tmp_path / name / "scenes").iterdir():
            scene.rename(scene.with_name(scene.name.replace("hmovTrain", "sharedMovie")))
    ingest(tmp_path / "one")
    ingest(tmp_path / "two")
    scenes = stored_paths("Shared_one") & stored_paths("Shared_two")
    assert scenes == files(tmp_path / "one" / "scenes")
    assert not said()
    shutil.rmtree(tmp_path / "one" / "scenes")
    assert ingest(tmp_path / "two") == []
    assert stored_paths("Shared_two") == files(tmp_path / "two")
    assert len(said()) == 1


def test_where_a_mount_differs_the_setting_leads_to_every_file(tmp_path, monkeypatch, said):
    from schemas import recording
    from schemas.base.keys import session_key
    from schemas.connection import in_force
    from schemas.recordings.fetch import fetch_session
    from schemas.recordings.insert import ingest

    mouse = "Simulated_mounted"
    there, here = simulated(tmp_path / "mnt" / "a", mouse), tmp_path / "data" / "a"
    ingest(there)
    key, before = session_key(f"{mouse}_s01_e01"), content()
    paths = stored_paths(mouse)
    origin = fetch_session(key).origin
    shutil.move(tmp_path / "mnt", tmp_path / "data")
    table = recording.Recording()
    with pytest.raises(MissingFile, match="DLGN_PATHS"):
        table.make_compute(key, *table.make_fetch(key))
    mapped = dataclasses.replace(in_force.settings_in_force(), paths=((tmp_path / "mnt", tmp_path / "data"),))
    monkeypatch.setattr(in_force, "_settings", mapped)
    row, _ = table.make_compute(key, *table.make_fetch(key))
    assert row["units"] == 2
    found = fetch_session(key)
    assert found.origin == origin  # no setting enters a hash
    assert {str(file.path) for file in found.load().scenes.values()} < files(here)
    assert ingest(here) == []
    assert (content(), stored_paths(mouse), said()) == (before, paths, [])


def test_a_recording_may_move_while_a_dataset_is_built_from_it(tmp_path, monkeypatch):
    from populate.worker.worker import work
    from schemas import dataset, recording
    from schemas.recordings.insert import ingest

    mouse = "Simulated_moving"
    old, new = simulated(tmp_path / "old", mouse), tmp_path / "new"
    ingest(old)
    (recording.Recording & {"mouse": mouse}).delete(prompt=False)
    config = {"sessions": [f"{mouse}_s01_e01"], "size_px": [8, 16], "rate_hz": 30.0, "window_frames": 8}
    key = dataset.DatasetConfig.add("stored_sessions", config)
    reads, builds = recording.read_recordings, dataset.build_sessions

    def moving(call, old, new):
        def instead(*args, **kwargs):
            found = call(*args, **kwargs)
            shutil.copytree(old, new)
            ingest(new)
            return found

        return instead

    monkeypatch.setattr(recording, "read_recordings", moving(reads, old, new))
    monkeypatch.setattr(dataset, "build_sessions", moving(builds, new, tmp_path / "newer"))
    summary = work((recording.Recording, dataset.Dataset))
    assert (summary.computed, summary.failed) == (2, 0)
    assert stored_paths(mouse) == files(tmp_path / "newer")
    assert dataset.Dataset & key
