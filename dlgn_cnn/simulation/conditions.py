"""Conditions of a simulated session, on its clock: scenes, light, running, pupil."""

from dataclasses import dataclass

import numpy as np

from dlgn_cnn.data.binning import bin_opto
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.config import FRAME_RATE_HZ, SimulationConfig
from dlgn_cnn.simulation.gaze import wander

OPTO_REDRAWN_S = 1.002
LEAD_S = 2.0
SIT_S, RUN_S = 10.0, 7.0
SPEED_LOG_MEAN, SPEED_LOG_SD = 2.3, 0.4
MOVING_CM_S = 1.0
STATE_SHARE = 0.1
TRIES = 500


@dataclass(frozen=True)
class StimulusSchedule:
    """Scenes in order of onset: ``scene`` (trial,) and ``shown_s`` (trial, 2) in s on the session's clock."""

    scene: np.ndarray
    shown_s: Times


@dataclass(frozen=True)
class Behavior:
    """Traces (time,) at 60 Hz from the session's start: cm/s, arbitrary units around 1, and deg.

    The eye's small movements are recorded but do not shift the receptive fields.
    """

    running: Times
    pupil_size: Times
    pupil_x: Times
    pupil_y: Times

    def at(self, name: str, times_s: Times) -> Times:
        """One trace, linearly interpolated at ``times_s``."""
        trace = getattr(self, name)
        return np.interp(times_s, np.arange(len(trace)) / FRAME_RATE_HZ, trace)


def draw_schedule(config: SimulationConfig, generator: np.random.Generator) -> StimulusSchedule:
    """Training scenes once, test scenes ``test_repeats`` times, in random order, with a gap between."""
    test = np.repeat(np.arange(config.train_scenes, config.scenes), config.test_repeats)
    scene = generator.permutation(np.concatenate([np.arange(config.train_scenes), test]))
    start_s = LEAD_S + np.arange(len(scene)) * (config.scene_duration_s + config.gap_s)
    # Rounded to the microsecond: the lab's clock has no more, and a frame then reads as it was written.
    start_s = np.round(start_s, 6)
    return StimulusSchedule(scene, np.stack([start_s, np.round(start_s + config.scene_duration_s, 6)], axis=1))


def draw_opto(shown_s: Times, generator: np.random.Generator) -> Times:
    """Light epochs (epoch, 2) in s: on or off with probability one half, redrawn every 1.002 s of the session.

    A session in which one of the two states takes less than a tenth of the movies' time is drawn again.
    """
    for _ in range(TRIES):
        on = generator.random(int(np.ceil(shown_s[-1, 1] / OPTO_REDRAWN_S)) + 1) < 0.5
        change = np.diff(np.concatenate([[0], on.astype(int), [0]]))
        edges = [np.flatnonzero(change == step) * np.float64(OPTO_REDRAWN_S) for step in (1, -1)]
        epochs: Times = np.stack(edges, axis=1)
        if _both_states(np.array([bin_opto(epochs, pair)[0] for pair in shown_s]).mean()):
            return epochs
    raise ConfigError(f"a session of {shown_s[-1, 1]:.1f} s is too short for light on and light off: show more scenes")


def draw_behavior(shown_s: Times, generator: np.random.Generator) -> Behavior:
    """Running in bouts of some 7 s between rests of some 10 s; a pupil that drifts and widens with running.

    A session in which the mouse ran, or rested, for less than a tenth of the movies' time is drawn again.
    """
    samples = int(np.ceil((shown_s[-1, 1] + 1) * FRAME_RATE_HZ))
    times_s = np.arange(samples) / FRAME_RATE_HZ
    shown = np.logical_or.reduce([(times_s >= start) & (times_s < stop) for start, stop in shown_s])
    for _ in range(TRIES):
        running = _running(samples, generator)
        if _both_states((running[shown] > MOVING_CM_S).mean()):
            arousal = 0.9 * wander(samples, 4 * FRAME_RATE_HZ, generator) + 0.06 * _low_pass(running, 1.5)
            eye = [1.5 * wander(samples, 0.5 * FRAME_RATE_HZ, generator) for _ in range(2)]
            return Behavior(running, 1 + 0.15 * arousal, *eye)
    raise ConfigError(f"a session of {shown_s[-1, 1]:.1f} s is too short for running and resting: show more scenes")


def _both_states(share: float) -> bool:
    return STATE_SHARE <= share <= 1 - STATE_SHARE


def _running(samples: int, generator: np.random.Generator) -> Times:
    speed, filled, runs = np.zeros(samples), 0, bool(generator.random() < RUN_S / (RUN_S + SIT_S))
    while filled < samples:
        length = 1 + int(generator.exponential(RUN_S if runs else SIT_S) * FRAME_RATE_HZ)
        if runs:
            speed[filled : filled + length] = np.exp(SPEED_LOG_MEAN + SPEED_LOG_SD * generator.standard_normal())
        filled, runs = filled + length, not runs
    stride = np.exp(0.25 * wander(samples, 0.3 * FRAME_RATE_HZ, generator))
    return _low_pass(speed, 0.25) * stride


def _low_pass(trace: Times, time_constant_s: float) -> Times:
    keep = np.exp(-1 / (time_constant_s * FRAME_RATE_HZ))
    smooth, state = np.empty_like(trace), float(trace[0])
    for index, value in enumerate(trace):
        state = keep * state + (1 - keep) * float(value)
        smooth[index] = state
    return smooth
