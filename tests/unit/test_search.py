"""Search spaces, and what is tried next: against optima that are known and against Optuna's own samplers."""

import math

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.search.sampler import SearchTrial, State, Strategy, hopeless, propose
from dlgn_cnn.search.space import Choices, Range, corners, dimensions, filled, size

optuna = pytest.importorskip("optuna")
CONFIG = {
    "core": {"channels": [{"choices": [4, 8]}, 3], "kernels": [3]},
    "rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "recurrent": {"choices": [None, {"name": "conv_gru", "channels": 4}]},
    "constraint": {"name": "rms_contrast", "low": -1, "high": 1},
}
LINE = {"x": Range(-5.0, 5.0), "n": Range(1, 6)}


def test_dimensions_are_found_at_any_leaf_and_filled_in_place():
    space = dict(dimensions(CONFIG, "model"))
    assert list(space) == ["model.core.channels[0]", "model.rate", "model.recurrent"]
    values = {"model.core.channels[0]": 8, "model.rate": 0.01, "model.recurrent": None}
    assert filled(CONFIG, values, "model") == CONFIG | {
        "core": {"channels": [8, 3], "kernels": [3]}, "rate": 0.01, "recurrent": None
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"no value for rate"):
        filled({"rate": CONFIG["rate"]}, {"rat": 1})


@pytest.mark.parametrize(
    "wrong",
    [{"low": 2, "high": 1}, {"low": 0, "high": 1, "log": True}, {"low": "1", "high": 2}, {"choices": []},
     {"choices": [1, 1]}, {"choices": 3}, {"low": 1, "high": 2, "log": 1}],
)  # fmt: skip
def test_a_dimension_that_makes_no_sense_is_refused_with_its_path(wrong):
    with pytest.raises(ConfigError, match=r"^core\.kernels: "):
        list(dimensions({"core": {"kernels": wrong}}))


def test_size_and_corners():
    space = dict(dimensions(CONFIG))
    assert size(space) == math.inf
    assert size({"a": Range(1, 6), "b": Choices((1, 2))}) == 12
    checked = corners(space)
    assert {one["rate"] for one in checked} == {1e-4, 1e-1}
    assert {str(one["recurrent"]) for one in checked} == {str(value) for value in space["recurrent"].values}


def searched(strategy, trials=30):
    done = []
    for number in range(trials):
        values = propose(LINE, done, strategy)
        done.append(SearchTrial(number, values, State.DONE, -((values["x"] - 2) ** 2) - (values["n"] - 4) ** 2))
    return done


def test_tpe_finds_a_known_optimum_and_beats_chance():
    best = {
        sampler: [max(one.score for one in searched(Strategy(sampler, seed=seed))) for seed in range(2)]
        for sampler in ("tpe", "random")
    }
    assert min(best["tpe"]) > -0.25
    assert sum(best["tpe"]) > sum(best["random"])


def test_what_is_tried_next_follows_from_the_trials_alone():
    done = searched(Strategy(seed=1), 12)
    assert propose(LINE, done, Strategy(seed=1)) == propose(LINE, list(reversed(done)), Strategy(seed=1))
    assert propose(LINE, done, Strategy(seed=1)) != propose(LINE, done, Strategy(seed=2))


def test_values_keep_to_their_range_and_type():
    for trial in searched(Strategy("random"), 30):
        assert -5 <= trial.values["x"] <= 5
        assert type(trial.values["n"]) is int
        assert 1 <= trial.values["n"] <= 6


def test_nothing_is_tried_twice_until_nothing_is_left():
    space = {"a": Choices(("x", None, {"b": [1]})), "n": Range(1, 2)}
    trials = []
    while (values := propose(space, trials, Strategy(startup_trials=2))) is not None:
        trials.append(SearchTrial(len(trials), values, State.DONE, float(len(trials))))
    assert len({str(one.values) for one in trials}) == len(trials) == 6


def test_a_trial_is_given_up_where_optuna_s_own_median_pruner_would():
    others = [SearchTrial(n, {"x": float(n), "n": 1}, State.DONE, n / 10, [n / 20, n / 15, n / 10]) for n in range(5)]
    strategy = Strategy(startup_trials=3, warmup_epochs=1)
    study = optuna.create_study(direction="maximize", pruner=optuna.pruners.MedianPruner(3, 1))
    space = {"x": optuna.distributions.FloatDistribution(-5, 5), "n": optuna.distributions.IntDistribution(1, 6)}
    for one in others:
        study.add_trial(
            optuna.trial.create_trial(
                value=one.score, params=dict(one.values), distributions=space,
                intermediate_values=dict(enumerate(one.epoch_scores)),
            )
        )  # fmt: skip
    for scores in ([0.0], [0.0, 0.1], [0.0, 0.2], [0.3, 0.0], [0.0, 0.1, 0.19], [0.0, 0.1, 0.21]):
        asked = study.ask(space)
        for epoch, score in enumerate(scores):
            asked.report(score, epoch)
        assert (
            hopeless(LINE, SearchTrial(9, {"x": 1.0, "n": 1}, epoch_scores=scores), others, strategy)
            == asked.should_prune()
        )


def test_few_others_no_epochs_or_no_pruner_give_nothing_up():
    others = [SearchTrial(n, {"x": float(n), "n": 1}, State.DONE, 1.0, [1.0, 1.0]) for n in range(2)]
    poor = SearchTrial(9, {"x": 1.0, "n": 1}, epoch_scores=[0.0, 0.0])
    assert hopeless(LINE, poor, others, Strategy(startup_trials=2, warmup_epochs=0))
    assert not hopeless(LINE, poor, others, Strategy(startup_trials=3, warmup_epochs=0))
    assert not hopeless(LINE, poor, others, Strategy(startup_trials=2, warmup_epochs=0, pruner="none"))
    assert not hopeless(LINE, SearchTrial(9, poor.values), others, Strategy(startup_trials=2, warmup_epochs=0))
