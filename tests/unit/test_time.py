"""Time of a session, from recording to trials: whatever its cut, drops, jitter or light, nothing moves or is lost."""

from itertools import pairwise

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey, SessionKey, SessionRecording
from dlgn_cnn.data.sessions.session_data import SessionData, bin_session

TICKS = 400  # of 10 ms
EVERY_TICK = (np.arange(TICKS) + 0.5) / 100
ends = st.lists(st.integers(10, TICKS), min_size=2, max_size=14, unique=True).map(sorted)
rates_hz = st.sampled_from([100.0, 200.0, 300.0])
property_of_time = settings(max_examples=60, deadline=None)


def binned(presentations, frames, rate_hz, source_hz=100.0, spikes=(), light=(), observed_s=None) -> SessionData:
    """A session of unit 0, which fires every 10 ms, and unit 1; the gray level of a frame is its number."""
    keys = [key for _, key, *_ in presentations]
    files = {key: SceneFile(None, "", frames[key], source_hz, 1, 1) for key in keys}
    recording = SessionRecording(
        SessionKey("M", 0, 0),
        {0: EVERY_TICK, 1: np.array(sorted(spikes), float)},
        tuple(
            PresentationTimes(trial, key, start_s, stop_s, "train", *onsets)
            for trial, (_, key, start_s, stop_s, *onsets) in enumerate(presentations)
        ),
        np.array(light, float).reshape(-1, 2),
        files,
        observed_s=observed_s or {},
    )
    movies = {key: np.arange(n, dtype=np.uint8)[:, None, None] for key, n in frames.items()}
    return bin_session(recording, movies, dict.fromkeys(keys, "train"), rate_hz, 0.5, 0.0)


def cut(ticks, kept):
    """Presentations between consecutive ticks, where kept, each of a scene of its own, and the scenes' frames."""
    pairs = [pair for pair, keep in zip(pairwise(ticks), kept, strict=False) if keep]
    assume(pairs)
    shown = [(n, SceneKey("m", n), a / 100, b / 100) for n, (a, b) in enumerate(pairs)]
    return shown, {SceneKey("m", n): b - a for n, (a, b) in enumerate(pairs)}


def unit_counts(data: SessionData, unit: int) -> np.ndarray:
    """All counts of a unit, none of one that the data set leaves out since it never fired."""
    row = [data.units.index(unit)] if unit in data.units else []
    return np.concatenate([trial.responses[row].ravel() for trial in data.trials])


@property_of_time
@given(ends, st.lists(st.booleans(), min_size=14, max_size=14), st.lists(st.integers(0, TICKS), max_size=99), rates_hz)
def test_every_spike_within_any_cut_counts_once_and_no_other_does(ticks, kept, spikes, rate_hz):
    """Spikes lie on the grid of the cuts, several at once: one on an end belongs to the next presentation, if any."""
    shown, frames = cut(ticks, kept)
    data = binned(shown, frames, rate_hz, spikes=np.array(spikes) / 100)
    inside = [any(100 * a - 1e-6 <= tick <= 100 * b + 1e-6 for *_, a, b in shown) for tick in spikes]
    assert unit_counts(data, 1).sum() == sum(inside)
    for trial, (*_, a, b) in zip(data.trials, shown, strict=True):
        assert trial.responses[0].sum() == round(100 * (b - a))


@property_of_time
@given(
    st.lists(st.tuples(st.floats(0.004, 0.1), st.booleans()), min_size=1, max_size=25),
    st.floats(0, 0.05),
    st.floats(20, 200),
    st.floats(0, 3),
)
def test_a_dropped_frame_shows_the_one_before_and_none_is_early(steps, wait_s, rate_hz, start_s):
    appear = start_s + wait_s + np.cumsum([0.0, *(step for step, _ in steps[1:])])
    onsets = np.where([n > 0 and dropped for n, (_, dropped) in enumerate(steps)], np.nan, appear)
    stop_s, key = float(appear[-1] + 0.05), SceneKey("m", 0)
    data = binned([(0, key, start_s, stop_s, tuple(onsets.tolist()))], {key: len(steps)}, rate_hz)
    found = data.trials[0].videos[:, 0, 0]
    edges = np.linspace(start_s, stop_s, len(found) + 1)
    assert len(found) == max(1, round((stop_s - start_s) * rate_hz))
    for frame, center in zip(found, (edges[:-1] + edges[1:]) / 2, strict=True):
        assert frame == max((n for n, onset in enumerate(onsets) if onset <= center), default=0)


@property_of_time
@given(
    st.lists(st.floats(0.991, 1.009), min_size=2, max_size=9),
    st.integers(30, 90),
    st.sampled_from([30.0, 60.0, 75.0]),
    st.booleans(),
)
def test_repeats_of_any_jitter_have_equal_bins_of_equal_pictures(jitter, frames, rate_hz, measured):
    key, length_s, shown = SceneKey("m", 0), frames / 60, []
    for trial, factor in enumerate(jitter):
        start_s, stop_s = trial * 2.0, trial * 2.0 + length_s * factor
        onsets = (tuple(np.linspace(start_s, stop_s, frames, endpoint=False).tolist()),) if measured else ()
        shown.append((trial, key, start_s, stop_s, *onsets))
    data = binned(shown, {key: frames}, rate_hz, source_hz=60.0)
    first = data.trials[0]
    for trial in data.trials:
        assert trial.responses.shape == first.responses.shape
        assert np.abs(trial.videos.astype(int) - first.videos).max() <= (1 if measured else 0)
    assert abs(first.responses.shape[1] - frames / 60 * rate_hz) <= (
        1 + 0.01 * frames / 60 * rate_hz if measured else 0.5 + 1e-9
    )


@property_of_time
@given(
    ends,
    st.lists(st.booleans(), min_size=14, max_size=14),
    st.lists(st.floats(0, TICKS / 100), max_size=16, unique=True).map(sorted),
    rates_hz,
)
def test_the_lights_on_time_within_any_cut_is_kept(ticks, kept, switched, rate_hz):
    shown, frames = cut(ticks, kept)
    light = np.array(switched[: len(switched) // 2 * 2]).reshape(-1, 2)
    data = binned(shown, frames, rate_hz, light=light)
    for trial, (*_, a, b) in zip(data.trials, shown, strict=True):
        on_s = np.sum(np.clip(np.minimum(light[:, 1], b) - np.maximum(light[:, 0], a), 0, None))
        assert np.isclose(trial.opto.sum() / rate_hz, on_s, atol=1e-5)


@property_of_time
@given(
    ends,
    st.lists(st.booleans(), min_size=14, max_size=14),
    st.lists(st.integers(0, TICKS), max_size=12, unique=True).map(sorted),
    rates_hz,
)
def test_bins_are_observed_or_not_and_the_observed_keep_their_counts(ticks, kept, edges, rate_hz):
    """Unit 0 fires once in each tick of 10 ms, so that what is left of its spikes is the number of observed ticks."""
    shown, frames = cut(ticks, kept)
    intervals = np.array(edges[: len(edges) // 2 * 2], float).reshape(-1, 2) / 100
    whole = binned(shown, frames, rate_hz, spikes=EVERY_TICK)
    data = binned(shown, frames, rate_hz, spikes=EVERY_TICK, observed_s={0: intervals})
    assume(0 in data.units)
    for trial, before, (*_, a, b) in zip(data.trials, whole.trials, shown, strict=True):
        known = ~np.isnan(trial.responses)
        assert known[1].all()
        np.testing.assert_array_equal(trial.responses[known], before.responses[known])
        seen_s = np.sum(np.clip(np.minimum(intervals[:, 1], b) - np.maximum(intervals[:, 0], a), 0, None))
        assert np.isclose(known[0].sum() / rate_hz, seen_s, atol=1e-6)
        assert round(np.nansum(trial.responses[0])) == round(100 * seen_s)
