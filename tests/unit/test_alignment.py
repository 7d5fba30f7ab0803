"""Lag between pictures and spikes, of cells that answer one block of white noise after a known delay."""

from dataclasses import replace

import numpy as np
import pytest

from dlgn_cnn.data.inspection.alignment import check_alignment
from dlgn_cnn.data.inspection.lag_changes import find_steps, fit_changes, highest
from dlgn_cnn.data.recording import BinnedResponses, PresentationTimes, SceneKey, SessionKey, SessionRecording
from dlgn_cnn.data.stimuli.video import probe, write_lossless

PICTURES, RATE_HZ, SCENES, TRIALS = 90, 30.0, 6, 60
END_S = TRIALS * 3.5
DELAY_S = 0.05
BLOCKS = (20, 41, 70)  # that the three cells see, of 8 by 12


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Spikes at 30 Hz times (1 + contrast) of the block that was on the screen ``DELAY_S`` before."""
    folder, generator = tmp_path_factory.mktemp("noise"), np.random.default_rng(3)
    levels = generator.integers(0, 256, (SCENES, PICTURES, 8, 12), dtype=np.uint8)
    scenes = {}
    for number, film in enumerate(levels):
        path = folder / f"noise_{number}.avi"
        write_lossless(path, film.repeat(4, 1).repeat(4, 2), RATE_HZ)
        scenes[SceneKey("noise", number)] = probe(path)
    shown, spikes_s = [], {unit: [] for unit in range(1, len(BLOCKS) + 1)}
    for trial in range(TRIALS):
        start_s, number = 1 + 3.5 * trial, trial % SCENES
        shown.append(PresentationTimes(trial, SceneKey("noise", number), start_s, start_s + 3, "train"))
        for unit, block in enumerate(BLOCKS, 1):
            rates_hz = levels[number].reshape(PICTURES, -1)[:, block] * (30 / 127.5)
            counts = generator.poisson(rates_hz / RATE_HZ)
            picture = np.repeat(np.arange(PICTURES), counts)
            spikes_s[unit].append(start_s + DELAY_S + (picture + generator.random(len(picture))) / RATE_HZ)
    sorted_s = {unit: np.sort(np.concatenate(parts)) for unit, parts in spikes_s.items()}
    return SessionRecording(SessionKey("mouse", 1, 1), sorted_s, tuple(shown), np.zeros((0, 2)), scenes)


def shifted(recording, shift):
    """The recording with spike times changed by a function of them."""
    changed = {unit: np.sort(times_s + shift(times_s)) for unit, times_s in recording.spike_times_s.items()}
    return replace(recording, spike_times_s=changed)


def test_the_lag_is_the_delay_and_a_sound_session_is_silent(recording):
    found = check_alignment(recording)
    assert found.units_used == (1, 2, 3)
    # Spikes of a frame of 60 Hz follow its appearance by the delay and half its time, on average.
    assert found.lag_ms == pytest.approx(1000 * (DELAY_S + 1 / 120), abs=5)
    assert found.lag_interval_ms[0] <= found.lag_ms <= found.lag_interval_ms[1]
    assert (found.change_points, found.warnings) == ((), ())
    assert f"by {found.lag_ms:.0f} ms" in found.sentences[0]


@pytest.mark.parametrize(("shift_ms", "word"), [(-83, "early"), (150, "late")])
def test_a_constant_shift_moves_the_lag_with_its_sign(recording, shift_ms, word):
    found = check_alignment(shifted(recording, lambda times_s: shift_ms / 1000))
    assert found.lag_ms == pytest.approx(1000 * (DELAY_S + 1 / 120) + shift_ms, abs=5)
    assert len(found.warnings) == 1
    assert f"too {word}" in found.warnings[0]


@pytest.mark.parametrize("jump_ms", [-83.3, -16.7, 16.7])
def test_a_jump_is_found_where_it_is_with_its_sign(recording, jump_ms):
    found = check_alignment(shifted(recording, lambda times_s: (times_s > END_S / 2) * jump_ms / 1000))
    ((time_s, size_ms),) = found.change_points
    assert time_s == pytest.approx(END_S / 2, abs=15)
    assert size_ms == pytest.approx(jump_ms, abs=5)
    assert any(("later" if jump_ms > 0 else "earlier") in warning for warning in found.warnings)


@pytest.mark.parametrize("drift_ms", [-60, 60])
def test_a_drift_is_found_with_its_sign(recording, drift_ms):
    found = check_alignment(shifted(recording, lambda times_s: times_s / END_S * drift_ms / 1000))
    assert found.drift_ms == pytest.approx(drift_ms, abs=10)
    assert any("drift" in warning for warning in found.warnings)


def test_what_cannot_be_told_is_not_guessed(recording):
    few = replace(recording, spike_times_s={unit: times[::200] for unit, times in recording.spike_times_s.items()})
    generator = np.random.default_rng(0)
    blind = replace(recording, spike_times_s={1: np.sort(generator.uniform(0, END_S, 6000))})
    short = replace(recording, presentations=recording.presentations[:8])
    binned = BinnedResponses((1,), np.array([[1.0, 2.0]]), np.ones((1, 1), np.float32))
    for unclear in (few, blind, short, replace(recording, spike_times_s={}, binned=binned)):
        found = check_alignment(unclear)
        assert found.lag_ms is None
        assert (found.units_used, found.change_points, found.warnings) == ((), (), ())
        assert "cannot be told" in found.sentences[0]


def test_the_null_of_changes_keeps_its_level():
    """Windows in which only amplitude and noise differ."""
    generator, called = np.random.default_rng(1), 0
    shape = np.exp(-(np.arange(-12, 13) ** 2) / 18.0)
    for _ in range(40):
        curves = generator.gamma(2, 1, (60, 1)) * shape + 2 * generator.standard_normal((60, 25))
        step, line = fit_changes(curves, generator)
        called += (step.p <= 0.05) + (line.p <= 0.05)
    assert called <= 10  # of 80, 4 expected


def test_several_jumps_are_found_one_by_one():
    generator, shifts = np.random.default_rng(2), np.repeat([-4, 0, 5], 40)
    curves = np.exp(-((np.arange(-12, 13) - shifts[:, None]) ** 2) / 18.0) + 0.3 * generator.standard_normal((120, 25))
    assert find_steps(curves, generator) == pytest.approx([40, 80], abs=3)


def test_a_flat_curve_has_a_highest_place():
    assert highest(np.ones(5)) == 0
    assert highest(np.array([0.0, 2.0, 2.0, 2.0, 0.0])) == pytest.approx(1.5)
