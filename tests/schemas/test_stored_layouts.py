"""Binned responses and measured frame onsets come out of the tables as they went in."""

import numpy as np
import pytest

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.errors import ConfigError
from tests.factories import small_simulation
from tests.layouts import LAYOUTS, npz_arrays
from tests.unit.test_pictures import SHAPE, presented


@pytest.fixture(scope="module", autouse=True)
def _open(database):
    """All tests here use the run's database."""


def simulated(folder, mouse):
    (found,) = read_recordings(small_simulation(folder, mouse=mouse, width_px=32, height_px=16))
    return found


def stored_and_read(path):
    from schemas.base.keys import session_key
    from schemas.recordings.fetch import fetch_session
    from schemas.recordings.insert import ingest

    (read,) = read_recordings(path)
    assert ingest(path) == [str(read.session)]
    stored = fetch_session(session_key(read.session)).load()
    assert {key: (file.sha256, file.part) for key, file in stored.scenes.items()} == {
        key: (file.sha256, file.part) for key, file in read.scenes.items()
    }
    np.testing.assert_array_equal(stored.opto_epochs_s, read.opto_epochs_s)
    for name, signal in read.signals.items():
        np.testing.assert_array_equal(stored.signals[name].values, signal.values)
    return stored, read


def test_binned_responses_survive(tmp_path):
    stored, read = stored_and_read(LAYOUTS["sensorium"](simulated(tmp_path / "lab", "Simulated_b1"), tmp_path / "s"))
    assert stored.presentations == read.presentations
    assert stored.spike_times_s == {}
    assert stored.units == read.units
    np.testing.assert_array_equal(stored.binned.bins_s, read.binned.bins_s)
    np.testing.assert_array_equal(stored.binned.values, read.binned.values)


def test_measured_onsets_survive(tmp_path):
    arrays = npz_arrays(simulated(tmp_path / "lab", "Simulated_b2"))
    onsets = np.concatenate([start + np.arange(30) / 31 for start, _ in arrays["presentation_s"]])
    onsets[[4, 5, 40]] = np.nan
    np.savez(tmp_path / "x.npz", **arrays, frame_onsets_s=onsets)
    stored, read = stored_and_read(tmp_path / "x.npz")
    found = np.concatenate([shown.frame_onsets_s for shown in stored.presentations])
    np.testing.assert_array_equal(found, onsets)
    assert np.isnan(found).sum() == 3
    for unit, times in read.spike_times_s.items():
        np.testing.assert_array_equal(stored.spike_times_s[unit], times)


def test_pictures_are_stored_and_become_a_dataset(tmp_path):
    arrays = presented()
    np.savez(tmp_path / "pictures.npz", **arrays | {"mouse": np.array("Simulated_b4")})
    stored, read = stored_and_read(tmp_path / "pictures.npz")
    assert stored.presentations == read.presentations
    (session,) = build_sessions([stored], DatasetSpec((str(read.session),), size_px=SHAPE)).values()
    assert {trial.videos.shape for trial in session.trials} == {(15, *SHAPE)}


def test_a_stored_session_is_exported_as_an_experanto_folder(tmp_path):
    from populate.export.experanto import export

    one = simulated(tmp_path / "lab", "Simulated_b3")
    stored, _ = stored_and_read(tmp_path / "lab")
    (back,) = read_recordings(export(str(one.session), tmp_path / "out"))
    assert (back.session, back.units) == (one.session, one.units)
    for unit, times in one.spike_times_s.items():
        np.testing.assert_array_equal(back.spike_times_s[unit], times)
    np.testing.assert_array_equal(back.opto_epochs_s, stored.opto_epochs_s)
    for shown, own in zip(back.presentations, one.presentations, strict=True):
        assert (shown.start_s, shown.stop_s, shown.tier) == (own.start_s, own.stop_s, own.tier)
    with pytest.raises(ConfigError, match=r"session 'Simulated_b3': choose from .*did you mean 'Simulated_b3_s01_e01'"):
        export("Simulated_b3", tmp_path / "other")
