import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.binning import bin_opto, bin_spikes, frame_edges, on_clock, resample
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


@settings(max_examples=200)
@given(
    rate=st.floats(1, 240),
    kept=st.lists(st.booleans(), min_size=2, max_size=400),
    tick_s=st.sampled_from([0.0, 1e-3, 1 / 90_000, 1e-6]),
    other=st.floats(1, 300),
)
def test_a_clock_is_found_whatever_pictures_were_dropped(rate, kept, tick_s, other):
    """The stamps are those of a file that rounds to its ticks; the container may name another rate first."""
    frames = np.array([0, *(1 + np.flatnonzero(kept))])
    times = frames / rate
    stamps = np.rint(times / tick_s) * tick_s if tick_s else times
    assume(len(frames) > 1 and np.all(np.diff(stamps) > 0) and 1 / rate > 4 * tick_s)
    found, places = on_clock(stamps, [other, rate], tick_s)
    assert np.abs(places / found - times).max() <= max(1.01 * tick_s, 0.05 / found) + tick_s / 2 + 1e-9
    assert np.all(np.diff(places) > 0)


@settings(max_examples=100)
@given(st.lists(st.floats(1e-3, 0.5), min_size=2, max_size=100))
def test_pictures_of_a_variable_rate_keep_their_times(steps):
    times = np.concatenate([[0.0], np.cumsum(steps)])
    rate, places = on_clock(times, [], 0.0)
    assert rate <= 1 / np.min(np.diff(times)) + 1e-9
    assert np.abs(places / rate - times).max() <= 0.5 / rate + 1e-9


@settings(max_examples=200)
@given(
    st.lists(st.integers(0, 1000), max_size=300).map(sorted),
    st.lists(st.integers(1, 999), min_size=1, max_size=20, unique=True).map(sorted),
    st.integers(1, 60),
    st.sampled_from([0.0, 5e-7]),
)
def test_any_cut_of_a_session_into_presentations_keeps_every_spike_once(ticks, cuts, bins, slack_s):
    """Spikes and cuts lie on one grid, so that many spikes meet an edge; a presentation may overlap by rounding."""
    times, ends = np.array(ticks, float) / 100, np.array([0, *cuts, 1000]) / 100
    starts = ends[:-1] - slack_s
    total = 0.0
    for start, stop, later in zip(starts, ends[1:], [*starts[1:], np.inf], strict=True):
        total += bin_spikes(times, np.linspace(start, stop, bins + 1), later).sum()
    assert total == len(times)


@given(st.lists(st.floats(4.95, 5.05), min_size=2, max_size=12), st.sampled_from([30.0, 60.0, 75.0]))
def test_repeats_with_measured_onsets_have_equal_bins(durations_s, rate_hz):
    typical_s = float(np.median(durations_s))
    onsets = tuple(np.linspace(0, 4.9, 10).tolist())
    repeats = [PresentationTimes(0, SceneKey("hm", 0), 0.0, stop_s, "train", onsets) for stop_s in durations_s]
    counts = {len(frame_edges(one, 300, rate_hz, typical_s)) for one in repeats}
    assert counts == {round(typical_s * rate_hz) + 1}
