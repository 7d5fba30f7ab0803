"""Conditions of a simulated session, on its clock: scenes, light, running, pupil."""

import numpy as np

from dlgn_cnn.data.binning import bin_opto
from dlgn_cnn.data.recording import SIGNALS
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.config import FRAME_RATE_HZ, SimulationConfig
from dlgn_cnn.simulation.gaze import low_pass, wander

OPTO_REDRAWN_S = 1.002
LEAD_S = 2.0
SIT_S, RUN_S = 10.0, 7.0
SPEED_LOG_MEAN, SPEED_LOG_SD = 2.3, 0.4
MOVING_CM_S = 1.0
STATE_SHARE = 0.1
TRIES = 500


def draw_schedule(config: SimulationConfig, generator: np.random.Generator) -> tuple[np.ndarray, Times]:
    """Training scenes once, test scenes ``test_repeats`` times, in random order, with a gap between.

    Scenes (trial,) in order of onset, and when each is shown (trial, 2) in s on the session's clock.
    """
    test = np.repeat(np.arange(config.train_scenes, config.scenes), config.test_repeats)
    scene = generator.permutation(np.concatenate([np.arange(config.train_scenes), test]))
    start_s = LEAD_S + np.arange(len(scene)) * (config.scene_duration_s + config.gap_s)
    # Rounded to the microsecond: the lab's clock has no more, and a frame then reads as it was written.
    start_s = np.round(start_s, 6)
    return scene, np.stack([start_s, np.round(start_s + config.scene_duration_s, 6)], axis=1)


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


def draw_behavior(shown_s: Times, times_s: Times, generator: np.random.Generator) -> dict[str, Times]:
    """Draw running in bouts of some 7 s between rests of some 10 s, and a pupil that drifts and widens with running.

    A session in which the mouse ran, or rested, for less than a tenth of the movies' time is drawn again.

    Parameters
    ----------
    shown_s : ndarray, shape (trial, 2)
        Onset and end of each presentation in seconds.
    times_s : ndarray
        Times in seconds, of any shape, at which the traces are wanted.
    generator : Generator
        Source of randomness.

    Returns
    -------
    dict of str to ndarray
        By name, at each time: running in cm/s, pupil size in arbitrary units around 1, pupil x and y in deg. The eye's
        small movements are recorded but do not shift the receptive fields.

    Raises
    ------
    ConfigError
        If no session of this length has both states.
    """
    samples = int(np.ceil((shown_s[-1, 1] + 1) * FRAME_RATE_HZ))
    clock_s = np.arange(samples) / FRAME_RATE_HZ
    shown = np.logical_or.reduce([(clock_s >= start) & (clock_s < stop) for start, stop in shown_s])
    for _ in range(TRIES):
        running = _running(samples, generator)
        if _both_states((running[shown] > MOVING_CM_S).mean()):
            arousal = 0.9 * wander(samples, 4 * FRAME_RATE_HZ, generator) + 0.06 * _low_pass(running, 1.5)
            eye = [1.5 * wander(samples, 0.5 * FRAME_RATE_HZ, generator) for _ in range(2)]
            traces = zip(SIGNALS, (running, 1 + 0.15 * arousal, *eye), strict=True)
            return {name: np.interp(times_s, clock_s, trace) for name, trace in traces}
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
    return low_pass((1 - keep) * trace, keep, trace[0])
