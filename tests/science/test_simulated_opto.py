"""Where the light acts in a simulated session, and on whom, is what its truth says."""

from functools import cache

import numpy as np
import pytest

from benchmarks.plain.in_memory import photograph_movies, session_data
from dlgn_cnn.data.sessions.session_data import data_info
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.metrics import correlation, modulation_index
from dlgn_cnn.simulation.config import OPTO_EFFECTS, SimulationConfig
from dlgn_cnn.simulation.session import SimulatedSession, simulate_session

SIZE = {"units": 12, "train_scenes": 10, "test_scenes": 4, "width_px": 106, "height_px": 66, "undriven_share": 0.0}


@cache
def film() -> np.ndarray:
    return photograph_movies(SimulationConfig(**SIZE), np.random.default_rng(0))


@cache
def simulated(effect: str, strength: float = 1.0, share: float = 1.0) -> SimulatedSession:
    config = SimulationConfig(**SIZE, opto_effect=effect, opto_strength=strength, opto_share_of_units=share)
    return simulate_session(config, film(), np.random.default_rng(1), np.random.default_rng(2))


def inside_hz(rate_hz: np.ndarray) -> np.ndarray:
    """What the softplus of 1 Hz made the rate of: its inverse, NaN where float32 no longer tells (a silent unit)."""
    rate = rate_hz.astype(np.float64)
    return np.where(rate > 0.05, rate + np.log(-np.expm1(-np.maximum(rate, 0.05))), np.nan)


@pytest.mark.parametrize("unit", [0, 3, 7])
def test_an_additive_light_adds_its_kernels_sum_whatever_the_movie(unit):
    truth = simulated("additive").truth
    change = inside_hz(truth.rate_suppressed_hz[:, unit]) - inside_hz(truth.rate_intact_hz[:, unit])
    np.testing.assert_allclose(change[np.isfinite(change)], truth.opto_hz[unit].sum(), atol=0.02)


@pytest.mark.parametrize("strength", [1.0, 2.0])
def test_a_gain_scales_the_movies_drive(strength):
    """By the ratio of rates that the unit's OMI would be in an additive session, to the power of the strength."""
    truth = simulated("gain", strength).truth
    np.testing.assert_allclose(truth.suppressed_gain, simulated("gain").truth.suppressed_gain ** strength, rtol=1e-6)
    assert truth.suppressed_gain.std() > 0.05
    for unit in (0, 3, 7):
        response = plain_response(truth.spatial[unit], truth.temporal[unit])[truth.scene]
        expected = truth.depth_hz[unit] * (truth.suppressed_gain[unit] - 1) * response
        suppressed, intact = inside_hz(truth.rate_suppressed_hz[:, unit]), inside_hz(truth.rate_intact_hz[:, unit])
        known = np.isfinite(suppressed) & np.isfinite(intact)
        np.testing.assert_allclose((suppressed - intact)[known], expected[known], atol=0.03 * truth.depth_hz[unit])


@pytest.mark.parametrize(
    ("effect", "kernel"), [("temporal", "suppressed_temporal"), ("surround", "suppressed_spatial")]
)
def test_another_kernel_drives_the_unit_in_the_light(effect, kernel):
    """The change is that of the two kernels' responses, computed here in plain sums over lags."""
    truth = simulated(effect).truth
    own, changed = ((truth.spatial, truth.temporal), (truth.suppressed_spatial, truth.suppressed_temporal))
    assert not np.allclose(getattr(truth, kernel), getattr(truth, kernel.removeprefix("suppressed_")), atol=1e-3)
    for unit in (0, 3, 7):
        responses = [plain_response(space[unit], time[unit]) for space, time in (own, changed)]
        expected = truth.depth_hz[unit] * (responses[1] - responses[0])[truth.scene]
        suppressed, intact = inside_hz(truth.rate_suppressed_hz[:, unit]), inside_hz(truth.rate_intact_hz[:, unit])
        known = np.isfinite(suppressed) & np.isfinite(intact)
        np.testing.assert_allclose((suppressed - intact)[known], expected[known], atol=0.03 * truth.depth_hz[unit])


def plain_response(space: np.ndarray, time: np.ndarray) -> np.ndarray:
    movies = film().astype(np.float64)
    field = np.tensordot(movies - movies.mean(), space.astype(np.float64), 2)
    drive = np.stack([np.convolve(row, time)[: len(row)] for row in field])
    return (drive - drive.mean()) / drive.std()


def test_a_slower_kernel_peaks_later_and_a_weaker_surround_takes_less_away():
    slow, weak = simulated("temporal").truth, simulated("surround").truth
    lag = np.arange(slow.temporal.shape[1])
    centroid = [(lag * k**2).sum(1) for k in (slow.temporal, slow.suppressed_temporal)]
    assert (centroid[1] > centroid[0]).all()
    ratio = [np.abs(k.sum((1, 2))) / np.abs(k).sum((1, 2)) for k in (weak.spatial, weak.suppressed_spatial)]
    assert (ratio[1] > ratio[0]).all()


def test_without_an_effect_the_light_changes_no_rate():
    truth = simulated("none").truth
    # The same convolutions twice, in float32, whose epsilon is 1.2e-7.
    np.testing.assert_allclose(truth.rate_intact_hz, truth.rate_suppressed_hz, rtol=1e-6)
    assert not truth.opto_changed.any()


@pytest.mark.parametrize("effect", OPTO_EFFECTS)
def test_light_changes_the_units_that_the_truth_names_and_no_other(effect):
    truth = simulated(effect, share=1 / 3).truth
    assert truth.opto_effect == effect
    assert truth.opto_changed.sum() == (0 if effect == "none" else 4)
    changed = np.abs(truth.rate_suppressed_hz - truth.rate_intact_hz).max((0, 2)) > 1e-3
    np.testing.assert_array_equal(changed, truth.opto_changed)


@pytest.mark.parametrize("effect", OPTO_EFFECTS)
def test_mean_rate_and_behaviors_indices_do_not_depend_on_where_light_acts(effect):
    """Of the same drawn targets, as the published figures: the additive session is the one that is tested for them."""
    published, session = simulated("additive"), simulated(effect)
    rates = [one.truth.rate_hz.transpose(1, 0, 2).reshape(12, -1) for one in (published, session)]
    np.testing.assert_allclose(rates[1].mean(1), rates[0].mean(1), rtol=0.02)
    running = session.behavior["running"].ravel() > 1
    indices = [modulation_index(rate[:, running].mean(1), rate[:, ~running].mean(1)) for rate in rates]
    assert correlation(indices[1], indices[0]) > 0.99


@pytest.mark.parametrize("wrong", [{"opto_effect": "gian"}, {"opto_strength": -1.0}, {"opto_share_of_units": 1.5}])
def test_an_impossible_light_is_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SimulationConfig(**wrong)


def test_a_session_in_memory_is_what_was_simulated():
    config, session = SimulationConfig(**SIZE), simulated("additive")
    data = session_data(config, session, film(), {0: "validation"})
    assert [trial.scene.scene for trial in data.trials] == session.truth.scene.tolist()
    assert {t.scene.scene for t in data.trials if t.tier == "validation"} == {0}
    assert {t.scene.scene for t in data.trials if t.tier == "test"} == {10, 11, 12, 13}
    for trial, spikes in zip(data.trials, session.spikes_s, strict=True):
        np.testing.assert_array_equal(trial.responses.sum(1), list(map(len, spikes)))
        np.testing.assert_array_equal(trial.videos, film()[trial.scene.scene])
        shown = session.opto_epochs_s.clip(*session.shown_s[trial.trial])
        assert trial.opto.mean() * 4.993 == pytest.approx(np.diff(shown, axis=1).sum(), abs=1e-4)
    assert data_info(data).units == tuple(range(1, 13))
