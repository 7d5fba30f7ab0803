"""Times of a recording are seconds of one clock, finely told apart, or the recording is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.shared.arrays import RESOLUTION_S, seconds
from dlgn_cnn.errors import RecordingError


def npz(path, start_s=1.0, **changed):
    """A session of eight presentations of 1 s."""
    onsets = start_s + np.arange(8) * 1.5
    arrays = {
        "mouse": "M1", "series": 1, "experiment": 1, "movie": "film",
        "frames": np.zeros((30, 4, 6), np.uint8), "frame_rate_hz": 30.0,
        "presentation_scene": np.zeros(8, int), "presentation_s": np.column_stack([onsets, onsets + 1]),
        "presentation_tier": ["train"] * 8, "spike_times_s": start_s + np.linspace(0, 11, 200),
        "spike_units": np.ones(200, int),
    }  # fmt: skip
    np.savez(path, **(arrays | changed))
    return path


@given(st.integers(-10, 40), st.sampled_from([np.float16, np.float32, np.float64]))
def test_times_are_refused_where_their_type_does_not_tell_a_millisecond_apart(power, kind):
    last = kind(min(2.0**power, float(np.finfo(kind).max)))
    fine = kind is np.float64 or np.spacing(last) <= RESOLUTION_S
    if fine:
        assert seconds(np.array([0, last], kind), "clock").dtype == np.float64
    else:
        with pytest.raises(RecordingError, match=r"clock runs to .* export it as float64"):
            seconds(np.array([0, last], kind), "clock")


def test_a_clock_of_calendar_seconds_in_float32_is_refused(tmp_path):
    sound = read_recordings(npz(tmp_path / "a.npz", start_s=1.7e9))
    assert sound[0].spike_times_s[1].max() == pytest.approx(1.7e9 + 11)
    coarse = (1.7e9 + np.linspace(0, 11, 200)).astype(np.float32)
    with pytest.raises(RecordingError, match=r"spike_times_s runs to 1\.7e\+09 s in float32"):
        read_recordings(npz(tmp_path / "b.npz", start_s=1.7e9, spike_times_s=coarse))


@pytest.mark.parametrize("factor", [1e3, 3e4, 1e-3])
@pytest.mark.parametrize("name", ["spikes", "light", "running"])
def test_times_in_another_unit_are_refused(tmp_path, name, factor):
    changed = {
        "spikes": {"spike_times_s": factor * np.linspace(1, 12, 200)},
        "light": {"opto_epochs_s": factor * np.array([[1.2, 1.7], [4.2, 4.7]])},
        "running": {"running": np.ones(500), "running_times_s": factor * np.arange(500) * 0.025},
    }[name]
    path = npz(tmp_path / "a.npz", **changed)
    if name == "light" and factor < 1:  # it may have been on for a moment at the beginning
        assert len(read_recordings(path)[0].opto_epochs_s) == 2
    else:
        with pytest.raises(RecordingError, match=f"{name} end at .* on another clock, or in another unit"):
            read_recordings(path)


def test_presentations_in_another_unit_are_refused(tmp_path):
    onsets = 1000 * (1 + np.arange(8) * 1.5)
    path = npz(tmp_path / "a.npz", presentation_s=np.column_stack([onsets, onsets + 1000]), frame_rate_hz=0.03)
    with pytest.raises(RecordingError, match="on another clock"):
        read_recordings(path)


@pytest.mark.parametrize("rate_hz", [1e-320, 1e-9, 5e-324])
def test_a_rate_at_which_a_scene_never_ends_is_refused(tmp_path, rate_hz):
    with pytest.raises(RecordingError, match=r"seconds of one scene, beyond the bound recording\.scene_seconds"):
        read_recordings(npz(tmp_path / "a.npz", frame_rate_hz=rate_hz))
