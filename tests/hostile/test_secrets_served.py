"""Secrets of the environment through a worker: in no row of its queue, of its tries or of the fleet."""

from dlgn_cnn.redaction import HIDDEN
from tests.factories import small_simulation

SECRET = "TOPsecretPW1"


def test_a_key_that_fails_is_on_record_without_them(database, tmp_path, monkeypatch):
    from populate.worker.worker import work
    from schemas import dataset, fleet
    from schemas.recordings.insert import ingest

    def fails(self, *_):
        raise ValueError(f"no answer from sftp://ada:{SECRET}@host/x, nor with {SECRET}")

    names = ingest(small_simulation(tmp_path / "session", mouse="Simulated_2026_1902"))
    dataset.DatasetConfig.add("stored_sessions", {"sessions": names, "size_px": [9, 16], "window_frames": 40})
    monkeypatch.setenv("DLGN_DATABASE_PASSWORD", SECRET)
    monkeypatch.setattr(dataset.Dataset, "make_compute", fails)
    assert work([dataset.Dataset]).failed == 1
    (row,) = dataset.Dataset().jobs.errors.to_dicts()
    assert HIDDEN in row["error_message"]
    assert HIDDEN in str(row["error_stack"])
    rows = [row, *fleet.Retry().to_dicts(), *fleet.Lack().to_dicts(), *fleet.Worker().to_dicts()]
    assert SECRET not in str(rows)
