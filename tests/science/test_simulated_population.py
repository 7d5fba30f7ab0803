"""A simulated population has the figures published for mouse dLGN (Schmors et al., iScience 2025)."""

import numpy as np
import pytest
from scipy import ndimage

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.metrics import modulation_index
from dlgn_cnn.simulation.conditions import draw_behavior, draw_opto
from dlgn_cnn.simulation.config import DEG_PER_PX
from dlgn_cnn.simulation.kernels import (
    draw_fields,
    draw_time_courses,
    movie_drive,
    opto_drive,
    opto_kernels,
    opto_shares,
)
from dlgn_cnn.simulation.population import Drives, calibrate, draw_targets

UNITS = 200
TRIALS, FRAMES = 40, 300
SHOWN_S = np.arange(TRIALS)[:, None] * 5.5 + np.array([0.0, 4.993])


def test_fields_have_the_published_sizes_and_signs():
    kernels = draw_fields(2000, np.random.default_rng(0)).kernels()
    peak = np.take_along_axis(kernels.reshape(2000, -1), np.abs(kernels).reshape(2000, -1).argmax(1)[:, None], 1)[:, 0]
    area = (kernels / peak[:, None, None] > 0.5).sum((1, 2)) * DEG_PER_PX**2
    quartiles = np.percentile(2 * np.sqrt(area / np.pi), [25, 50, 75])
    np.testing.assert_allclose(quartiles, [11.6, 14.2, 18.4], rtol=0.1)
    assert (peak > 0).mean() == pytest.approx(56 / 85, abs=0.04)
    opposite = np.where(kernels * peak[:, None, None] < 0, kernels, 0).sum((1, 2))
    assert (opposite * peak < 0).all()


def test_time_courses_have_the_published_shape():
    generator = np.random.default_rng(0)
    temporal, light = draw_time_courses(500, generator).kernels(), opto_kernels(500, generator)
    assert set(np.argmax(temporal, 1)) <= {1, 2}
    assert (temporal.min(1) < 0).all()
    assert temporal.shape == (500, 15)
    peak_s = np.argmax(light, 1) / 60
    assert peak_s.min() >= 0.083 - 1 / 60
    assert peak_s.max() <= 0.333 + 1 / 60
    assert (light[:, 27:] == 0).all()
    np.testing.assert_allclose(light.sum(1), 1)


@pytest.fixture(scope="module")
def population():
    """Two hundred units over a session whose movie drive is noise with a natural movie's slow time course."""
    generator = np.random.default_rng(3)
    opto_epochs_s = draw_opto(SHOWN_S, generator)
    shares = opto_shares(opto_epochs_s, SHOWN_S, FRAMES)
    centers = (SHOWN_S[:, :1] + (np.arange(FRAMES) + 0.5) / FRAMES * 4.993).ravel()
    behavior = draw_behavior(SHOWN_S, centers, generator)
    pupil = behavior["pupil_size"]
    movie = ndimage.gaussian_filter1d(generator.standard_normal((UNITS, TRIALS * FRAMES)), 4, axis=1)
    light = opto_drive(shares, opto_kernels(UNITS, generator)).transpose(1, 0, 2).reshape(UNITS, -1)
    drives = Drives(
        movie / movie.std(1, keepdims=True),
        light,
        shares[:, 49:].ravel(),
        behavior["running"] / 10,
        (pupil - pupil.mean()) / pupil.std(),
    )
    targets = draw_targets(UNITS, 0.1, generator)
    return targets, drives, calibrate(targets, drives)


def test_mean_rates_have_the_published_quantiles(population):
    targets, drives, gains = population
    rate = gains.rate_hz(drives).mean(1)
    np.testing.assert_allclose(rate, targets.mean_hz, rtol=0.03)
    np.testing.assert_allclose(np.percentile(rate, [25, 50, 75]), [6.3, 10.8, 16.1], rtol=0.25)
    assert np.log(rate).std() == pytest.approx(0.75, abs=0.12)


def test_modulation_indices_have_the_published_spread(population):
    _, drives, gains = population
    rate = gains.rate_hz(drives)
    suppressed, running, wide = drives.groups()
    published = {"omi": (suppressed, -0.034, 0.106), "running": (running, 0.110, 0.134), "pupil": (wide, 0.102, 0.170)}
    for name, (group, mean, spread) in published.items():
        index = modulation_index(rate[:, group].mean(1), rate[:, ~group].mean(1))
        assert index.mean() == pytest.approx(mean, abs=0.03), name
        assert index.std() == pytest.approx(spread, rel=0.25), name
    ratio = rate[:, suppressed].mean(1) / rate[:, ~suppressed].mean(1)
    np.testing.assert_allclose(np.percentile(ratio, [5, 25, 50, 75, 95]), [0.68, 0.86, 0.98, 1.05, 1.17], atol=0.06)


def test_light_is_additive_in_hz_inside_the_softplus(population):
    """Published: the sum of a unit's light kernel predicts fr_opto - fr_ctrl with r = .92 and slope 1.06."""
    _, drives, gains = population
    suppressed = drives.groups()[0]
    rate = gains.rate_hz(drives)
    difference = rate[:, suppressed].mean(1) - rate[:, ~suppressed].mean(1)
    assert np.corrcoef(gains.feature_hz[:, 1], difference)[0, 1] > 0.85


def test_the_movie_drives_nine_units_in_ten_and_strongly(population):
    targets, drives, gains = population
    assert targets.driven.mean() == pytest.approx(0.9)
    quiet = Drives(drives.movie, 0 * drives.opto, 0 * drives.switch, 0 * drives.running, 0 * drives.pupil)
    rate = gains.rate_hz(quiet)
    depth = rate.std(1) / rate.mean(1)
    assert 0.6 < np.median(depth[targets.driven]) < 1.0
    assert depth[~targets.driven].max() < 1e-6


def test_light_runs_have_the_published_lengths():
    """On-runs of 1, 2, 3, ... s, published 188, 80, 49, 26, 7, 7: each half as many as the one before."""
    shown = np.array([[0.0, 4000.0]])
    epochs = draw_opto(shown, np.random.default_rng(0))
    lengths = np.round(np.diff(epochs, axis=1).ravel() / 1.002).astype(int)
    np.testing.assert_allclose(np.diff(epochs, axis=1).ravel() / 1.002, lengths, atol=1e-6)
    counts = np.bincount(lengths, minlength=5)[1:5] / len(lengths)
    np.testing.assert_allclose(counts, [1 / 2, 1 / 4, 1 / 8, 1 / 16], atol=0.04)


def test_an_undersized_session_is_told_to_grow():
    with pytest.raises(ConfigError, match="show more scenes"):
        draw_opto(np.array([[0.0, 0.5]]), np.random.default_rng(0))


def test_a_linear_response_is_causal():
    generator = np.random.default_rng(0)
    spatial, temporal = draw_fields(3, generator).kernels(), draw_time_courses(3, generator).kernels()
    movies = generator.integers(0, 256, (2, 40, 33, 53), dtype=np.uint8)
    later = movies.copy()
    later[0, 20:] = later[0, 20:][::-1]  # the same frames in another order: mean and mean square stay
    before, after = movie_drive(movies, spatial, temporal), movie_drive(later, spatial, temporal)
    scale = [np.polyfit(before[1, unit], after[1, unit], 1) for unit in range(3)]
    for unit, (slope, offset) in enumerate(scale):
        np.testing.assert_allclose(after[0, unit, :20], slope * before[0, unit, :20] + offset, atol=1e-4)
    assert not np.allclose(after[0, :, 21:], before[0, :, 21:], atol=0.1)


def test_light_before_the_scene_is_remembered_for_450_ms():
    shown = np.array([[10.0, 15.0]])
    kernels = opto_kernels(4, np.random.default_rng(0))
    for off_s, remembered in ((9.9, True), (9.5, False)):
        drive = opto_drive(opto_shares(np.array([[8.0, off_s]]), shown, 300), kernels)
        assert (drive[0].max() > 0.01) == remembered
