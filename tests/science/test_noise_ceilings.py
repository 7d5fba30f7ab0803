"""Scores and ceilings against simulated truth, formulas written another way, and other libraries."""

import numpy as np
import pytest
from scipy.stats import pearsonr, poisson

from dlgn_cnn.evaluation.conditions import ScoredTrial, condition_sums, settled_frames
from dlgn_cnn.evaluation.intervals import intervals
from dlgn_cnn.evaluation.measures.repeats import signal_variance
from dlgn_cnn.evaluation.moments import added, frame_sums, repeat_sums, summed
from tests.scoring import measured

UNITS, SCENES, REPEATS, TIME, SETTLE = 12, 24, 16, 300, 20


def true_rates(generator: np.random.Generator) -> np.ndarray:
    """Spikes a frame (unit, scene, time), slow and skewed as under a movie."""
    drive = np.cumsum(generator.normal(0, 0.15, (UNITS, SCENES, TIME)), -1)
    drive -= drive.mean(-1, keepdims=True)
    return np.exp(generator.normal(-1.0, 0.3, (UNITS, 1, 1)) + 0.8 * drive)


def redrawn_light(generator: np.random.Generator) -> np.ndarray:
    """On or off (time,), redrawn every 60 frames of a clock that is independent of the trial."""
    states = (generator.random(TIME // 60 + 2) < 0.5).astype(np.float32)
    first = generator.integers(60)
    return np.repeat(states, 60)[first : first + TIME]


def shown(rate: np.ndarray, predicted: np.ndarray, generator: np.random.Generator, suppression: float = 1.0) -> list:
    """Poisson trials whose rate the light multiplies, by a wrong factor while it has not settled."""
    opto = [redrawn_light(generator) for _ in range(SCENES * REPEATS)]
    trials = []
    for index, (light, settled) in enumerate(zip(opto, settled_frames(opto, SETTLE), strict=True)):
        scene = index % SCENES
        factor = np.where(light > 0.5, suppression, 1.0) * np.where(settled, 1.0, 1.4)
        counts = generator.poisson(rate[:, scene] * factor).astype(np.float32)
        trials.append(ScoredTrial(scene, (predicted[:, scene] * factor).astype(np.float32), counts, light, settled))
    return trials


@pytest.fixture(scope="module")
def simulated() -> tuple[np.ndarray, np.ndarray, list]:
    generator = np.random.default_rng(0)
    rate = true_rates(generator)
    predicted = 1.1 * rate * np.exp(generator.normal(0, 0.3, rate.shape))
    return rate, predicted, shown(rate, predicted, generator, suppression=0.5)


def truth(rate: np.ndarray, predicted: np.ndarray, trials: list, lit: bool) -> dict[str, np.ndarray]:
    """The true value, from rates alone: each cell is weighted by its number of repeats."""
    n = np.zeros((SCENES, TIME))
    for trial in trials:
        n[trial.scene] += ((trial.opto > 0.5) == lit) & trial.settled
    weights = np.where(n >= 2, n, 0).ravel() / n[n >= 2].sum()
    factor = 0.5 if lit else 1.0
    y, p = (factor * values.reshape(UNITS, -1) for values in (rate, predicted))

    def moment(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return (one * other) @ weights - (one @ weights) * (other @ weights)

    averaged = moment(y, y) + (y / np.maximum(n.ravel(), 1)) @ weights
    return {
        "ceiling": np.sqrt(moment(y, y) / averaged),
        "explainable": moment(y, y) / (moment(y, y) + y @ weights),
        "normalized_correlation": moment(p, y) / np.sqrt(moment(p, p) * moment(y, y)),
        "explained": 1 - ((p - y) ** 2 @ weights) / moment(y, y),
    }


@pytest.mark.parametrize("light", ["intact", "suppressed"])
def test_ceilings_under_light_that_differs_between_repeats_are_the_true_ones(simulated, light):
    rate, predicted, trials = simulated
    found = measured(summed(condition_sums(trials, rate.mean((1, 2)))[light]))
    expected = truth(rate, predicted, trials, light == "suppressed")
    for name in ("ceiling", "normalized_correlation", "explainable"):
        assert found[name] == pytest.approx(expected[name], abs=0.03), name
    assert found["explained"] == pytest.approx(expected["explained"], abs=0.1)
    assert np.median(found["explained"]) == pytest.approx(np.median(expected["explained"]), abs=0.03)


def test_signal_power_is_that_of_sahani_and_linden():
    """One scene whose repeats have slow noise and unequal gains: variance of the sum less the sum of variances."""
    generator = np.random.default_rng(1)
    walk = np.cumsum(generator.normal(0, 0.3, (6, 3, 200)), -1)
    y = 5 * np.sin(np.arange(200) / 9) * generator.random((6, 3, 1)) + walk
    power = (y.sum(0).var(-1) - y.var(-1).sum(0)) / (6 * 5)
    noise = y.var(0, ddof=1).mean(-1)
    found = measured(repeat_sums(y, np.ones((6, 200), bool), y.mean((0, 2))))
    assert found["explainable"] == pytest.approx(power / (power + noise))
    assert found["ceiling"] == pytest.approx(np.sqrt(power / y.mean(0).var(-1)))


def test_noise_that_is_slow_within_a_trial_does_not_bias_the_signal():
    generator = np.random.default_rng(2)
    signal = np.sin(np.arange(100) / 7)
    y = signal + 2 * generator.normal(size=(4, 4000, 1)) + generator.normal(size=(4, 4000, 100))
    found = signal_variance(repeat_sums(y, np.ones((4, 100), bool), np.zeros(4000)))
    assert found.mean() == pytest.approx(signal.var(), rel=0.01)


def test_oracle_and_split_half_where_repeats_are_missing():
    generator = np.random.default_rng(3)
    y, alike = generator.poisson(3, (5, 2, 80)).astype(float), generator.random((5, 80)) < 0.7
    found = measured(repeat_sums(y, alike, y.mean((0, 2))))
    for unit in range(2):
        own, others, halves = [], [], []
        for t in range(80):
            kept = np.flatnonzero(alike[:, t])
            if len(kept) < 2:
                continue
            for repeat in kept:
                own.append(y[repeat, unit, t])
                others.append(y[kept[kept != repeat], unit, t].mean())
            sides = [kept[kept % 2 == side] for side in (0, 1)]
            if all(map(len, sides)):
                halves.append([y[side, unit, t].mean() for side in sides])
        split = pearsonr(*np.array(halves).T).statistic
        assert found["oracle"][unit] == pytest.approx(pearsonr(own, others).statistic)
        assert found["split_half"][unit] == pytest.approx(split)
        assert found["reliability"][unit] == pytest.approx(2 * split / (1 + split))


def test_single_trials_score_as_scipy_says():
    generator = np.random.default_rng(4)
    rate, mean = generator.gamma(1, 0.3, (3, 500)).astype(np.float32), np.array([0.2, 0.3, 0.4])
    counts = generator.poisson(rate).astype(np.float32)
    found = measured(frame_sums(rate, counts, mean))
    gain = (poisson.logpmf(counts, rate) - poisson.logpmf(counts, mean[:, None])).sum(1)
    assert found["bits_per_spike"] == pytest.approx(gain / counts.sum(1) / np.log(2), rel=1e-5)
    expected = [pearsonr(one, other).statistic for one, other in zip(rate, counts, strict=True)]
    assert found["correlation"] == pytest.approx(expected, abs=1e-6)
    scaled = measured(frame_sums(7 * rate, 7 * counts, 7 * mean))
    assert scaled["bits_per_spike"] == pytest.approx(found["bits_per_spike"], rel=1e-5)


def trial(scene: object, counts: np.ndarray, predicted: np.ndarray | None = None) -> ScoredTrial:
    """An unlit trial of counts (unit, time)."""
    counts, time = counts.astype(np.float32), counts.shape[1]
    guess = counts + 1 if predicted is None else predicted.astype(np.float32)
    return ScoredTrial(scene, guess, counts, np.zeros(time, np.float32), np.ones(time, bool))


def test_without_repeats_there_is_no_ceiling():
    counts = np.random.default_rng(5).poisson(2, (2, 4, 50))
    jagged = [trial("a", counts[0]), trial("a", counts[1][:, :40]), trial("b", counts[1])]
    found = measured(summed(condition_sums(jagged, np.full(4, 2.0))["all"]))
    assert np.isfinite(found["correlation"]).all()
    assert np.isfinite(found["bits_per_spike"]).all()
    for name in found.keys() - {"correlation", "bits_per_spike"}:
        assert np.isnan(found[name]).all(), name


def test_a_silent_unit_and_a_constant_prediction_have_no_score():
    generator = np.random.default_rng(6)
    counts = generator.poisson(2, (3, 2, 60)) * np.array([0, 1])[:, None]
    trials = [trial("a", counts[repeat], np.full((2, 60), 0.7)) for repeat in range(3)]
    found = measured(summed(condition_sums(trials, np.array([0.1, 2.0]))["all"]))
    for name in found.keys() - {"repeats"}:
        assert np.isnan(found[name][0]), name
    for name in ("correlation", "average_correlation", "normalized_correlation"):
        assert np.isnan(found[name][1]), name
    assert np.isfinite(found["bits_per_spike"][1])
    assert np.isfinite(found["oracle"][1])


def test_repeats_that_agree_by_chance_only_have_no_ceiling():
    counts = np.random.default_rng(7).poisson(2, (8, 40, 100))
    trials = [trial("a", one) for one in counts]
    found = measured(summed(condition_sums(trials, np.full(40, 2.0))["all"]))
    undefined = np.isnan(found["ceiling"])
    assert 0.3 < undefined.mean() < 0.8
    assert (np.isnan(found["normalized_correlation"]) == undefined).all()


def test_all_frames_are_those_of_both_conditions(simulated):
    rate, _, trials = simulated
    sums = {light: summed(one) for light, one in condition_sums(trials, rate.mean((1, 2))).items()}
    assert sums["all"]["frames"][0] == SCENES * REPEATS * TIME
    lit = sum((one.opto >= 0.5).sum() for one in trials)
    assert sums["suppressed"]["frames"][0] == lit
    every = [np.concatenate([getattr(one, name) for one in trials], -1) for name in ("predicted", "observed")]
    expected = [pearsonr(p, y).statistic for p, y in zip(*every, strict=True)]
    assert measured(sums["all"])["correlation"] == pytest.approx(expected, abs=1e-6)


def test_light_is_settled_when_it_has_long_been_the_same():
    light = np.array([0, 0, 0, 0, 0.4, 1, 1, 1, 1, 0, 0], np.float32)
    (found,) = settled_frames([light], 2)
    assert found.astype(int).tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0]
    assert all(mask.all() for mask in settled_frames([np.zeros(4, np.float32), np.zeros(3, np.float32)], 2))
    assert not settled_frames([np.zeros(2, np.float32), np.ones(2, np.float32)], 2)[0].any()


def test_intervals_are_those_of_scenes_drawn_one_by_one(simulated):
    rate, _, trials = simulated
    sums = condition_sums(trials, rate.mean((1, 2)))["all"]
    low, high = intervals(sums, measured, np.random.default_rng(8), 200)["correlation"]
    generator, found = np.random.default_rng(8), []
    for counts in generator.multinomial(SCENES, np.full(SCENES, 1 / SCENES), size=200):
        drawn = [one for one in trials for _ in range(counts[one.scene])]
        p, y = (np.concatenate([getattr(one, name)[0] for one in drawn]) for name in ("predicted", "observed"))
        found.append(np.corrcoef(p, y)[0, 1])
    assert [low[0], high[0]] == pytest.approx(np.quantile(found, [0.025, 0.975]).tolist(), abs=1e-6)


def test_one_scene_has_no_interval():
    counts = np.random.default_rng(9).poisson(2, (3, 2, 60))
    sums = condition_sums([trial("a", one) for one in counts], np.full(2, 2.0))["all"]
    assert all(np.isnan(pair).all() for pair in intervals(sums, measured, np.random.default_rng(0), 50).values())


def test_sums_add_up_over_frames():
    generator = np.random.default_rng(10)
    p, y, mean = generator.random((2, 90)), generator.poisson(1, (2, 90)).astype(float), np.ones(2)
    parts = added([frame_sums(p[:, at], y[:, at], mean) for at in (slice(0, 30), slice(30, 90))])
    for name, whole in frame_sums(p, y, mean).items():
        assert parts[name] == pytest.approx(whole), name
