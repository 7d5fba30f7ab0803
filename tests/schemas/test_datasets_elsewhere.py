"""Datasets that lie behind a URL: built here, kept there, copied back and checked."""

import dataclasses
import shutil
import uuid

import fsspec

from dlgn_cnn.data.store.session_store import read_session, rows_digest
from tests.factories import small_simulation


def test_a_dataset_is_kept_at_a_url_and_fitted_from_a_copy(database, tmp_path, monkeypatch):
    from schemas import dataset, tuning
    from schemas.connection.in_force import settings_in_force
    from schemas.recordings.insert import ingest

    url = f"memory://{uuid.uuid4().hex}/dlgn"
    elsewhere = dataclasses.replace(settings_in_force(), datasets_url=url)
    monkeypatch.setattr(dataset, "settings_in_force", lambda: elsewhere)
    (name,) = ingest(small_simulation(tmp_path / "session", mouse="Simulated_2026_0300"))
    config = {"sessions": [name], "size_px": [9, 16], "rate_hz": 30.0, "validation_share": 0.34}
    key = dataset.DatasetConfig.add("stored_sessions", config)
    dataset.Dataset.populate(key)

    paths = dataset.store_paths(key)
    assert not (elsewhere.store / paths[name]).exists()
    assert fsspec.filesystem("memory").exists(f"{url}/{paths[name]}/manifest.json")
    shutil.rmtree(elsewhere.cache)
    copy = dataset.absolute(paths)[name]
    assert rows_digest(copy) == (dataset.Dataset.Session & key).fetch1("rows_digest")
    assert len(read_session(copy).trials) == 9
    tuning.ReceptiveField.populate(key)
    assert len(tuning.ReceptiveField.Unit & key) == 6
