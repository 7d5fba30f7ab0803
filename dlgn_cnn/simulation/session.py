"""A simulated session before it is written: kernels, conditions, rates and spikes."""

from dataclasses import dataclass, replace

import numpy as np

from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.simulation.conditions import draw_behavior, draw_opto, draw_schedule
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.kernels import (
    OPTO_TAPS,
    draw_fields,
    draw_time_courses,
    movie_drive,
    opto_drive,
    opto_kernels,
    opto_shares,
)
from dlgn_cnn.simulation.nonlinear import bend, draw_nonlinear
from dlgn_cnn.simulation.opto import OptoChange, additive_omi, draw_change
from dlgn_cnn.simulation.population import Drives, Gains, calibrate, draw_targets
from dlgn_cnn.simulation.truth import Truth


@dataclass(frozen=True)
class SimulatedSession:
    """A simulated recording.

    ``shown_s`` (trial, 2) and ``opto_epochs_s`` (epoch, 2); ``spikes_s[trial][unit]`` (spike,) in s; ``behavior`` by
    name (trial, frame). ``truth`` says which scene was shown.
    """

    shown_s: Times
    opto_epochs_s: Times
    behavior: dict[str, Times]
    spikes_s: list[list[Times]]
    truth: Truth


def simulate_session(
    config: SimulationConfig, movies: Frames, population: np.random.Generator, events: np.random.Generator
) -> SimulatedSession:
    """Simulate the units' responses to movies.

    Parameters
    ----------
    config : SimulationConfig
        Size of the session, and where the light acts.
    movies : ndarray of uint8, shape (scene, time, height, width)
        Gray levels at 60 Hz, as units see them.
    population : Generator
        Draws the units.
    events : Generator
        Draws schedule, light, behavior and spikes.

    Returns
    -------
    SimulatedSession
        Spikes, behavior, light and the truth.
    """
    frames = movies.shape[1]
    scene, shown_s = draw_schedule(config, events)
    opto_epochs_s = draw_opto(shown_s, events)
    centers_s = shown_s[:, :1] + (np.arange(frames) + 0.5) / frames * np.diff(shown_s, axis=1)
    behavior = draw_behavior(shown_s, centers_s, events)
    fields, courses = draw_fields(config.units, population), draw_time_courses(config.units, population)
    kernels = opto_kernels(config.units, population)
    targets = draw_targets(config.units, config.undriven_share, population)
    change = draw_change(config, fields, courses, targets.omi, population)
    targets = replace(targets, omi=additive_omi(targets.omi, config.opto_strength))
    nonlinear = draw_nonlinear(config.units, config.nonlinear_share, population)
    intact = bend(movie_drive(movies, change.spatial, change.temporal), nonlinear, movies, fields, courses)
    movie = intact[scene], change.movie_drive(intact, movies)[scene]
    shares = opto_shares(opto_epochs_s, shown_s, frames)
    gains = calibrate(targets, _drives(movie, shares, kernels, behavior), change.additive)

    def rate_hz(opto: Times) -> Times:
        bins = gains.rate_hz(_drives(movie, opto, kernels, behavior))
        return bins.reshape(config.units, -1, frames).transpose(1, 0, 2)

    rates = rate_hz(shares), rate_hz(np.zeros_like(shares)), rate_hz(np.ones_like(shares))
    spikes_s = [_spikes(rate, shown, events) for rate, shown in zip(rates[0], shown_s, strict=True)]
    truth = _truth(config, change, kernels, nonlinear, gains, targets.driven, scene, rates)
    return SimulatedSession(shown_s, opto_epochs_s, behavior, spikes_s, truth)


def _drives(movie: tuple[Times, Times], shares: Times, kernels: Times, behavior: dict[str, Times]) -> Drives:
    """Trials laid end to end.

    ``movie`` is the movie's drive without light and in lasting light (trial, unit, time), ``kernels`` (unit, lag) the
    light's.
    """

    def on_end(by_trial: Times) -> Times:
        return by_trial.transpose(1, 0, 2).reshape(by_trial.shape[1], -1)

    (intact, suppressed), pupil, opto = movie, behavior["pupil_size"].ravel(), opto_drive(shares, kernels)
    return Drives(
        on_end(intact + opto * (suppressed - intact)),
        on_end(opto),
        shares[:, OPTO_TAPS - 1 :].ravel(),
        behavior["running"].ravel() / 10,
        (pupil - pupil.mean()) / pupil.std(),
    )


def _spikes(rate_hz: Times, shown_s: Times, generator: np.random.Generator) -> list[Times]:
    """Poisson spike times of each unit in s, from rates (unit, frame): counts a bin, uniform within the bin."""
    bin_s = (shown_s[1] - shown_s[0]) / rate_hz.shape[1]
    counts = generator.poisson(rate_hz * bin_s)
    found = []
    for of_unit in counts:
        index = np.repeat(np.arange(len(of_unit)), of_unit)
        found.append(np.sort(shown_s[0] + (index + generator.random(len(index))) * bin_s))
    return found


def _truth(
    config: SimulationConfig,
    change: OptoChange,
    opto: Times,
    nonlinear: np.ndarray,
    gains: Gains,
    driven: np.ndarray,
    scene: np.ndarray,
    rates_hz: tuple[Times, Times, Times],
) -> Truth:
    shown, intact, suppressed = (rate.astype(np.float32) for rate in rates_hz)
    off, on = (rate.mean(axis=(0, 2)) for rate in rates_hz[1:])
    spontaneous_hz, opto_hz, running_hz, pupil_hz = gains.feature_hz.T
    return Truth(
        units=np.arange(1, config.units + 1),
        spatial=change.spatial.astype(np.float32),
        temporal=change.temporal.astype(np.float32),
        opto_effect=np.array(config.opto_effect),
        opto_changed=change.changed,
        opto_kernel=opto.astype(np.float32),
        opto_hz=(opto_hz[:, None] * opto).astype(np.float32),
        suppressed_spatial=change.suppressed_spatial.astype(np.float32),
        suppressed_temporal=change.suppressed_temporal.astype(np.float32),
        suppressed_gain=change.gain,
        spontaneous_hz=spontaneous_hz,
        depth_hz=gains.depth_hz,
        running_gain_hz=running_hz,
        pupil_gain_hz=pupil_hz,
        driven=driven,
        nonlinear=nonlinear,
        scene=scene,
        rate_hz=shown,
        rate_intact_hz=intact,
        rate_suppressed_hz=suppressed,
        omi=((on - off) / (on + off)).astype(np.float32),
    )
