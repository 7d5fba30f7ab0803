import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.binning import bin_opto, bin_spikes, frame_edges, resample
from dlgn_cnn.data.recording import PresentationTimes, SampledSignal, SceneKey
from dlgn_cnn.errors import RecordingError

TIMES = st.lists(st.floats(0, 10), max_size=200).map(lambda x: np.sort(np.array(x, float)))


def shown(start=0.0, stop=4.993):
    return PresentationTimes(0, SceneKey("hm", 0), start, stop, "train")


@given(TIMES)
def test_spikes_in_are_counts_out(times):
    edges = np.linspace(0, 10, 601)
    counts = bin_spikes(times, edges)
    assert counts.sum() == len(times)
    assert np.array_equal(counts, np.histogram(times, edges)[0])


@given(TIMES.filter(lambda x: len(x) > 1), st.integers(1, 500))
def test_light_on_time_is_kept(clock, bins):
    epochs = clock[: len(clock) // 2 * 2].reshape(-1, 2)
    edges = np.linspace(0, 10, bins + 1)
    share = bin_opto(epochs, edges)
    assert ((share >= 0) & (share <= 1)).all()
    assert np.isclose((share * np.diff(edges)).sum(), np.diff(epochs).sum(), atol=1e-4)


def test_light_share_of_a_partly_lit_frame():
    assert bin_opto(np.array([[0.5, 2.25]]), np.arange(5.0)).tolist() == [0.5, 1.0, 0.25, 0.0]


def test_every_shown_frame_is_one_bin():
    edges = frame_edges(shown(), 300, 60.0)
    assert len(edges) == 301
    assert edges[0] == 0
    assert edges[-1] == 4.993


def test_a_presentation_cut_short_keeps_the_frames_it_showed():
    edges = frame_edges(shown(1.0, 3.0), 300, 60.0)
    assert len(edges) == 121
    assert np.allclose(np.diff(edges), 1 / 60)


def test_a_presentation_longer_than_its_movie_is_refused():
    with pytest.raises(RecordingError, match=r"lasted 6\.000 s"):
        frame_edges(shown(0, 6.0), 300, 60.0)


def test_behavior_is_interpolated_over_short_gaps_and_missing_in_long_ones():
    times = np.array([0.0, 0.1, 0.2, 0.3, 2.0, 2.1])
    values = np.array([0, 1, np.nan, 3, 20, 21], np.float32)
    edges = np.linspace(-0.05, 2.15, 23)
    found = resample(SampledSignal(times, values), edges, max_gap_s=0.5)
    assert np.allclose(found[[0, 1, 2, 3, 20, 21]], [0, 1, 2, 3, 20, 21], atol=1e-4)
    assert np.isnan(found[4:20]).all()


def test_behavior_before_the_first_sample_is_not_invented():
    found = resample(SampledSignal(np.array([5.0, 5.1]), np.ones(2, np.float32)), np.arange(11.0), max_gap_s=0.5)
    assert np.isnan(found[:4]).all()


def test_a_signal_of_nothing_but_nan_is_missing():
    found = resample(SampledSignal(np.arange(3.0), np.full(3, np.nan, np.float32)), np.arange(4.0), 0.5)
    assert np.isnan(found).all()
