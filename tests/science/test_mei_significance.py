"""The null of the feedback contrast: p values against scipy's permutation test and against simulated truths."""

import numpy as np
import pytest
from scipy.stats import kstest, permutation_test

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.feedback.opto_null import false_discovery_rates
from dlgn_cnn.mei.feedback_contrast.significance import (
    VIEWS,
    UnitMEIs,
    between_and_within,
    between_members,
    findings,
    measure,
    pairwise_distances,
    pooled_null,
    starts_null,
    views,
)


def clips(count, generator):
    return generator.standard_normal((count, 5, 6, 7)).astype(np.float32)


def same(stimuli):
    """Rates in both lights to stimuli that excite alike."""
    return np.ones((len(stimuli), 2))


def test_all_pairs_are_the_distances_of_each_pair():
    shown = clips(4, np.random.default_rng(0))
    found = pairwise_distances(shown, same(shown))
    for one in range(4):
        for other in range(4):
            pair = [views(shown[index].astype(np.float64)) for index in (one, other)]
            values = [
                1 - np.vdot(*two) / np.prod([np.linalg.norm(part) for part in two]) for two in zip(*pair, strict=True)
            ]
            np.testing.assert_allclose(found[:4, one, other], np.real(values), atol=1e-7)
    with pytest.raises(ConfigError, match="mean gray"):
        pairwise_distances(shown * np.arange(4)[:, None, None, None].clip(0, 1), same(shown))


def test_extent_is_the_logarithm_of_the_ratio_of_radii():
    down, across = np.mgrid[-40:41, -40:41]
    discs = [np.exp(-(down**2 + across**2) / (2 * size**2))[None].repeat(2, 0) for size in (3.0, 6.0)]
    found = pairwise_distances(np.stack(discs), same(discs))
    assert found[VIEWS.index("extent"), 0, 1] == pytest.approx(np.log(2), abs=1e-3)


def test_the_response_view_is_the_double_dissociation():
    """Each only in its own light is 1, one stimulus as good as the other 0; a light that adds to all does nothing."""
    shown, lit = clips(2, np.random.default_rng(5)), [False, True]

    def found(intact, suppressed):
        return between_and_within(pairwise_distances(shown, np.array([intact, suppressed])), lit)[0][-1]

    assert found([8.0, 0.0], [0.0, 8.0]) == pytest.approx(1)
    assert found([8.0, 12.0], [8.0, 12.0]) == found([0.0, 0.0], [0.0, 0.0]) == 0
    assert found([8.0, 3.0], [6.0, 4.0]) == pytest.approx((8 - 6 + 4 - 3) / (8 + 3 + 6 + 4))


def test_the_starts_null_is_scipys_permutation_test():
    generator = np.random.default_rng(1)
    shown = clips(8, generator)
    shown[4:] += 0.2
    distances = pairwise_distances(shown, same(shown))
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
    shown = clips(2, np.random.default_rng(2))
    distances = pairwise_distances(shown, same(shown))
    assert np.isnan(starts_null(distances, [False, True], np.random.default_rng(0))[1]).all()
    assert np.isnan(between_and_within(distances, [False, True])[1]).all()
    with pytest.raises(ConfigError, match="of both"):
        between_and_within(distances, [True, True])


def test_p_is_uniform_under_shuffled_labels_whatever_each_units_scale():
    generator = np.random.default_rng(3)
    scale = generator.lognormal(0, 2, 400)
    shuffled = scale * generator.gamma(4, size=(8, 400))
    effect, p, mean = pooled_null(scale * generator.gamma(4, size=400), shuffled)
    assert kstest(p, "uniform").pvalue > 0.01
    np.testing.assert_allclose(mean, shuffled.mean(0))
    assert abs(effect.mean()) < 0.2


def test_a_known_third_of_the_units_is_found():
    generator = np.random.default_rng(4)
    changed = np.arange(120) % 3 == 0
    scale = generator.lognormal(0, 1, 120)
    found = scale * generator.gamma(25, size=120) * np.where(changed, 3, 1)
    _, p, _ = pooled_null(found, scale * generator.gamma(25, size=(6, 120)))
    called = false_discovery_rates(p) < 0.1
    assert called[changed].mean() > 0.9
    assert (called & ~changed).sum() <= 0.2 * called.sum()


def test_fewer_than_two_shuffled_fits_are_no_null():
    assert np.isnan(pooled_null(np.ones(3), np.ones((1, 3)))[1]).all()


def members(count, generator, units, effect=0.0):
    """Each unit's MEIs in fits that differ by nothing but their seed: two starts a light, noisy on its own scale."""
    found = []
    for _ in range(units):
        base, noise = generator.standard_normal((2, 1, 6, 7)), generator.lognormal(-1, 1)
        lit = np.array([False, False, True, True])
        fits = []
        for _ in range(count):
            own = base[0] + noise * generator.standard_normal((2, 1, 6, 7)) + effect * base[1] * [[[[0]]], [[[1]]]]
            shown = own[[0, 0, 1, 1]] + 0.1 * noise * generator.standard_normal((4, 1, 6, 7))
            fits.append(UnitMEIs(shown, generator.gamma(9, size=(4, 2)), lit))
        found.append(fits)
    return found


def nulls_of(fits, shuffled=()):
    generator = np.random.default_rng(0)
    return findings([measure(own, shuffled, others, generator) for own, *others in fits])


def test_between_members_are_all_exchanges_of_the_lights_by_hand():
    ((*fits,),) = members(3, np.random.default_rng(6), 1)
    shown = np.concatenate([one.stimuli for one in fits])
    distances = pairwise_distances(shown, np.concatenate([one.rates for one in fits]))
    lit, member = np.tile(fits[0].suppressed, 3), np.repeat([0, 1, 2], 4)
    found, null = between_members(distances, lit, member, np.random.default_rng(0))

    def mean(exchanged):
        labels = lit ^ np.isin(member, exchanged)
        pairs = [(a, b) for a in range(12) for b in range(12) if labels[a] and not labels[b] and member[a] != member[b]]
        return np.mean([distances[:, a, b] for a, b in pairs], 0)

    np.testing.assert_allclose(found, mean([]))
    np.testing.assert_allclose(null, [mean([2]), mean([1]), mean([1, 2])])


def test_p_is_uniform_between_members_that_differ_by_noise_and_finds_what_is_in_all():
    none = nulls_of(members(4, np.random.default_rng(7), 300))["members"]
    for view in ("clip", "spatial", "response"):
        assert kstest(none.p[VIEWS.index(view)], "uniform").pvalue > 0.01
    found = nulls_of(members(4, np.random.default_rng(8), 60, effect=3.0))["members"]
    assert (found.q[0] < 0.1).mean() > 0.7


def test_each_null_that_there_is_is_reported_the_strongest_first():
    generator = np.random.default_rng(9)
    fits = members(3, generator, 5)
    assert list(nulls_of(fits)) == ["members", "starts"]
    assert list(nulls_of([one[:2] for one in fits])) == ["starts"]
    shuffled = [one for (one, *_) in members(1, generator, 3)]
    assert list(nulls_of(fits, shuffled)) == ["shuffled", "members", "starts"]
    assert np.isnan(nulls_of(fits, [*shuffled, None])["shuffled"].p).all()
    found = nulls_of(fits, shuffled)["shuffled"]
    wanted = [between_and_within(one.distances(), one.suppressed)[0] for one in shuffled]
    np.testing.assert_allclose(found.null_distance, np.mean(wanted, 0)[:, None].repeat(5, 1))
    assert findings([]) == {}
