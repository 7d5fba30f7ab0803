"""The null of the feedback contrast: p values against scipy's permutation test and against simulated truths."""

import numpy as np
import pytest
from scipy.stats import kstest, permutation_test

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.light_null import false_discovery_rates
from dlgn_cnn.mei.distance import distance
from dlgn_cnn.mei.significance import VIEWS, between_and_within, pairwise_distances, shuffled_null, starts_null


def clips(count, generator):
    return generator.standard_normal((count, 5, 6, 7)).astype(np.float32)


def test_all_pairs_are_the_distances_of_each_pair():
    shown = clips(4, np.random.default_rng(0))
    found = pairwise_distances(shown)
    for one in range(4):
        for other in range(4):
            wanted = distance(shown[one], shown[other])
            values = [getattr(wanted, name) for name in VIEWS[:-1]]
            np.testing.assert_allclose(found[:-1, one, other], values, atol=1e-7)
    with pytest.raises(ConfigError, match="mean grey"):
        pairwise_distances(shown * np.arange(4)[:, None, None, None].clip(0, 1))


def test_extent_is_the_logarithm_of_the_ratio_of_radii():
    down, across = np.mgrid[-40:41, -40:41]
    discs = [np.exp(-(down**2 + across**2) / (2 * size**2))[None].repeat(2, 0) for size in (3.0, 6.0)]
    assert pairwise_distances(np.stack(discs))[-1, 0, 1] == pytest.approx(np.log(2), abs=1e-3)


def test_the_starts_null_is_scipys_permutation_test():
    generator = np.random.default_rng(1)
    shown = clips(8, generator)
    shown[4:] += 0.2
    distances = pairwise_distances(shown)
    lit = np.arange(8) >= 4
    _, p, _ = starts_null(distances, lit, generator)

    def statistic(one, other):
        return distances[0][np.ix_(one.astype(int), other.astype(int))].mean()

    wanted = permutation_test(
        (np.arange(4), np.arange(4, 8)), statistic, vectorized=False, n_resamples=np.inf, alternative="greater"
    )
    assert p[0] == pytest.approx(wanted.pvalue)
    between, within = between_and_within(distances, lit)
    assert between[0] == pytest.approx(wanted.statistic)
    assert np.isfinite(within).all()


def test_one_start_a_light_has_no_null_and_one_light_no_contrast():
    distances = pairwise_distances(clips(2, np.random.default_rng(2)))
    assert np.isnan(starts_null(distances, [False, True], np.random.default_rng(0))[1]).all()
    assert np.isnan(between_and_within(distances, [False, True])[1]).all()
    with pytest.raises(ConfigError, match="of both"):
        between_and_within(distances, [True, True])


def test_p_is_uniform_under_shuffled_labels_whatever_each_units_scale():
    generator = np.random.default_rng(3)
    scale = generator.lognormal(0, 2, 400)
    shuffled = scale * generator.gamma(4, size=(8, 400))
    effect, p, mean = shuffled_null(scale * generator.gamma(4, size=400), shuffled)
    assert kstest(p, "uniform").pvalue > 0.01
    np.testing.assert_allclose(mean, shuffled.mean(0))
    assert abs(effect.mean()) < 0.2


def test_a_known_third_of_the_units_is_found():
    generator = np.random.default_rng(4)
    changed = np.arange(120) % 3 == 0
    scale = generator.lognormal(0, 1, 120)
    found = scale * generator.gamma(25, size=120) * np.where(changed, 3, 1)
    _, p, _ = shuffled_null(found, scale * generator.gamma(25, size=(6, 120)))
    called = false_discovery_rates(p) < 0.1
    assert called[changed].mean() > 0.9
    assert (called & ~changed).sum() <= 0.2 * called.sum()


def test_fewer_than_two_shuffled_fits_are_no_null():
    assert np.isnan(shuffled_null(np.ones(3), np.ones((1, 3)))[1]).all()
