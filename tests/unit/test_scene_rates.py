"""A wrong frame rate of the scenes is told from presentations that were cut."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey, SessionKey, SessionRecording
from dlgn_cnn.errors import RecordingError

RATE_HZ = 60.0


def session(frames, durations_s, rate_hz=RATE_HZ) -> SessionRecording:
    """Each scene of so many frames shown once, for so long."""
    start_s = np.cumsum([1.0, *(one + 0.5 for one in durations_s)])
    keys = [SceneKey("movie", number) for number in range(len(frames))]
    return SessionRecording(
        session=SessionKey("Mouse", 1, 1),
        spike_times_s={1: np.array([1.0])},
        presentations=tuple(
            PresentationTimes(trial, keys[trial], float(start_s[trial]), float(start_s[trial] + one), "train")
            for trial, one in enumerate(durations_s)
        ),
        opto_epochs_s=np.zeros((0, 2)),
        scenes={
            key: SceneFile(Path("movie.avi"), "0" * 64, count, rate_hz, 4, 4)
            for key, count in zip(keys, frames, strict=True)
        },
    )


scenes = st.lists(st.integers(60, 900), min_size=3, max_size=20)
factors = st.floats(0.2, 0.97)


@given(scenes, factors, st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_one_factor_of_all_scenes_is_a_wrong_rate_which_is_said(frames, factor, seed):
    clock = 1 + np.random.default_rng(seed).uniform(-0.004, 0.004, len(frames))
    with pytest.raises(RecordingError, match=r"presentations lasts .* correct the scenes' rate") as said:
        session(frames, np.array(frames) / RATE_HZ * factor * clock)
    told_hz = float(str(said.value).split(" were ")[1].split(" Hz:")[0])
    assert told_hz == pytest.approx(RATE_HZ / factor, rel=0.005)
    session(frames, np.array(frames) / RATE_HZ * factor * clock, told_hz)  # and with it, all is right


@given(scenes, st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_presentations_that_were_cut_one_by_one_are_taken_as_cut(frames, seed):
    shares = np.random.default_rng(seed).uniform(0.3, 1.0, len(frames))
    shares[:2] = 1.0, 0.5
    session(frames, np.array(frames) / RATE_HZ * shares)


@given(scenes, st.floats(0.981, 1.019))
@settings(max_examples=25, deadline=None)
def test_a_screen_that_is_off_by_less_than_two_percent_is_taken(frames, factor):
    session(frames, np.array(frames) / RATE_HZ * factor)


def test_two_presentations_tell_nothing():
    session([60, 60], [0.5, 0.5])
