"""Recorded cells through the tables: real clocks, dropped frames, repeats, and the figures that go with them."""

import numpy as np
import pytest

from dlgn_cnn.data.sessions.fields import spike_triggered_average
from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.data.store.session_store import read_session
from dlgn_cnn.evaluation.measures import measures
from dlgn_cnn.evaluation.moments import repeat_sums
from tests.recorded import write_flicker, write_noise

LAGS = 40
# Cells C1..C8: linear-nonlinear prediction against the mean of the frozen repeats, and split-half reliability, as given
# with the data, where the sixth and the seventh stand in the other order than their files.
LN_CORRELATION = [0.806, 0.684, 0.883, 0.776, 0.844, 0.864, 0.660, 0.814]
RELIABILITY = [0.955, 0.848, 0.941, 0.966, 0.882, 0.906, 0.933, 0.882]


def stored(path, size_px: list[int], rate_hz: float) -> SessionData:
    """The session as ingest and Dataset store it."""
    from schemas import dataset
    from schemas.recordings.insert import ingest

    (name,) = ingest(path)
    config = {"sessions": [name], "size_px": size_px, "rate_hz": rate_hz, "near_duplicate": None}
    key = dataset.DatasetConfig.add("stored_sessions", config)
    dataset.Dataset.populate(key)
    return read_session(dataset.absolute(dataset.store_paths(key))[name])


@pytest.fixture(scope="module")
def flicker(database, shared_data, tmp_path_factory) -> SessionData:
    return stored(write_flicker(shared_data, tmp_path_factory.mktemp("flicker") / "flicker.npz"), [1, 1], 75.0)


def repeats(session: SessionData) -> np.ndarray:
    """Counts (repeat, unit, time) of the frozen stretch."""
    return np.stack([trial.responses for trial in session.tier("test")])


def test_repeats_are_as_reliable_as_was_published(flicker):
    """The figures are correlations between the means of odd and even trials, not corrected for half as many trials."""
    counts = repeats(flicker)
    sums = repeat_sums(counts, np.ones((len(counts), counts.shape[2]), bool), counts.mean((0, 2)))
    assert measures()["split_half"](sums=sums) == pytest.approx(RELIABILITY, abs=0.01)


def test_spike_triggered_averages_predict_as_well_as_was_published(flicker):
    fitted = [trial for trial in flicker.trials if trial.tier != "test"]
    fields = spike_triggered_average([(t.videos, t.responses) for t in fitted], LAGS)[:, :, 0, 0]
    mean = np.concatenate([t.videos.ravel() for t in fitted]).mean()

    def drive(video: np.ndarray, field: np.ndarray) -> np.ndarray:
        return np.convolve(video.ravel() - mean, field)[LAGS : len(video)]

    found = []
    for unit, field in enumerate(fields):
        driven = np.concatenate([drive(t.videos, field) for t in fitted])
        counts = np.concatenate([t.responses[unit, LAGS:] for t in fitted])
        level, rate = _nonlinearity(driven, counts)
        predicted = np.interp(drive(flicker.tier("test")[0].videos, field), level, rate)
        found.append(np.corrcoef(predicted, repeats(flicker)[:, unit, LAGS:].mean(0))[0, 1])
    assert found == pytest.approx(LN_CORRELATION, abs=0.025)


def test_every_spike_within_a_presentation_is_counted(flicker, shared_data):
    onsets = np.loadtxt(shared_data / "rgc_flicker" / "frametimes_fullfieldnoise.txt")
    counted = sum(trial.responses.sum(1) for trial in flicker.trials)
    for cell in range(8):
        times = np.loadtxt(shared_data / "rgc_flicker" / f"fullfieldnoise_C{cell + 1}.txt")
        inside = np.sum((times >= onsets[0]) & (times < onsets[41 * 2400]))
        assert counted[cell] == pytest.approx(inside, abs=1)


def test_field_of_a_cell_under_dense_noise(database, shared_data, tmp_path):
    path = write_noise(shared_data, tmp_path / "noise.npz")
    rate_hz = float(np.load(path)["frame_rate_hz"])
    trials = stored(path, [20, 15], rate_hz).trials
    movie = np.concatenate([trial.videos for trial in trials])
    counts = np.concatenate([trial.responses for trial in trials], axis=1)
    field = spike_triggered_average([(movie, counts)], lags=8)[0]
    z = (field - field.mean()) / field.std()
    assert np.abs(z).max() == pytest.approx(6.3, abs=0.05)


def _nonlinearity(driven: np.ndarray, counts: np.ndarray, steps: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Mean drive and mean count in steps of equally many frames."""
    order = np.array_split(np.argsort(driven), steps)
    return np.array([driven[step].mean() for step in order]), np.array([counts[step].mean() for step in order])
