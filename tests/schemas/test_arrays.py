"""Arrays are stored before a transaction opens, are what they were, and are stored once."""

import numpy as np
import pytest

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.object_store import ObjectStore
from tests.factories import small_simulation


@pytest.fixture
def stored_within_a_transaction(monkeypatch):
    """Of every file that is stored, whether a transaction was open meanwhile."""
    from schemas import session

    found, write = [], ObjectStore.write

    def noted(self, name, data):
        found.append(session.schema.connection._in_transaction)
        write(self, name, data)

    monkeypatch.setattr(ObjectStore, "write", noted)
    return found


@pytest.fixture(scope="module")
def signals(database):
    """The key of a recording without signals."""
    from schemas import recording, session

    key = {"mouse": "Arrays", "series": 1, "experiment": 1}
    session.Mouse.insert1({"mouse": "Arrays", "simulated": True})
    session.Session.insert1({**key, "session_name": "Arrays_s01_e01"})
    recording.RawFile.insert1({**key, "reader": "x", "raw_path": "x", "raw_sha256": "x", "reader_options": {}})
    recording.Recording.insert1({**key, "units": 0, "spikes": 0}, allow_direct_insert=True)
    return key


def insert(key, name, values):
    from schemas import recording

    row = {**key, "signal_name": name, "signal_times_s": np.arange(len(values)), "signal_values": values}
    recording.Recording.Signal.insert1(row, allow_direct_insert=True)
    return (recording.Recording.Signal & key & {"signal_name": name}).fetch1("signal_values")


def test_an_ingest_stores_everything_before_its_transaction(database, tmp_path, stored_within_a_transaction):
    from schemas import recording
    from schemas.recordings.insert import ingest

    folder = small_simulation(tmp_path / "recording", mouse="Simulated_2026_0801")
    ingest(folder)
    assert len(stored_within_a_transaction) > 6
    assert not any(stored_within_a_transaction)
    truth = read_recordings(folder)[0].spike_times_s
    for row in (recording.Recording.Spikes & {"mouse": "Simulated_2026_0801"}).to_dicts():
        np.testing.assert_array_equal(row["spike_times_s"].load(), truth[row["unit"]])
        np.testing.assert_array_equal(np.load(database.store / row["spike_times_s"].path), truth[row["unit"]])


def test_a_computation_stores_its_arrays_before_its_transaction(database, tmp_path, stored_within_a_transaction):
    from populate.worker.worker import work
    from schemas import recording, session
    from schemas.recordings.insert import ingest

    ingest(small_simulation(tmp_path / "recording", mouse="Simulated_2026_0802"))
    own = {"mouse": "Simulated_2026_0802"}
    (recording.Recording & own).delete(prompt=False)
    stored_within_a_transaction.clear()
    assert work([recording.Recording]).computed == 1
    assert len(stored_within_a_transaction) > 6
    assert not any(stored_within_a_transaction)
    assert len(recording.Recording.Spikes & own) == len(session.Unit & own)


def test_what_was_not_stored_ahead_is_stored_with_its_row(signals, stored_within_a_transaction):
    values = np.array([1.0, np.nan, 3.0])
    found = insert(signals, "running", values)
    assert stored_within_a_transaction
    assert (found.shape, found.dtype) == ((3,), np.dtype("float64"))
    np.testing.assert_array_equal(np.asarray(found), values)


def test_equal_arrays_are_one_file(signals):
    one, other = (insert(signals, name, np.arange(7.0)) for name in ("pupil_x", "pupil_y"))
    assert one.path == other.path


def test_an_array_with_other_bytes_than_were_stored_is_an_error(signals, database):
    found = insert(signals, "pupil_size", np.arange(9.0))
    np.save(database.store / found.path, np.arange(9.0) + 1)
    with pytest.raises(StoreError, match="another sha256"):
        found.load()
