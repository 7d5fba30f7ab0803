"""Grids written out: which configs, in which order, and what is refused."""

import itertools

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.search.space import expand

CONFIG = {"core": {"name": "stacked_2d", "channels": [16], "kernels": [9, 7]}, "rate": 0.1}


def test_a_grid_is_every_combination_and_leaves_what_was_written_alone():
    grid = {"core.channels.0": [8, 16], "recurrent": [None, {"name": "conv_gru"}], "rate": [0.1, 1, "1"]}
    found = expand(CONFIG, grid)
    assert [tuple(values.values()) for values, _ in found] == list(itertools.product(*grid.values()))
    for values, config in found:
        assert config["core"] == {"name": "stacked_2d", "channels": [values["core.channels.0"]], "kernels": [9, 7]}
        assert config["recurrent"] is values["recurrent"] or config["recurrent"] == values["recurrent"]
        assert type(config["rate"]) is type(values["rate"])
    assert CONFIG == {"core": {"name": "stacked_2d", "channels": [16], "kernels": [9, 7]}, "rate": 0.1}
    found[0][1]["core"]["kernels"].append(5)
    assert found[1][1]["core"]["kernels"] == [9, 7]


def test_choices_within_a_config_are_a_grid_too():
    found = expand({"channels": {"choices": [8, 16]}, "depth": {"choices": [1, 2]}}, {"seed": [0]})
    assert [config for _, config in found] == [
        {"channels": channels, "depth": depth, "seed": 0} for channels in (8, 16) for depth in (1, 2)
    ]


def test_without_a_grid_there_is_one_config():
    assert expand(CONFIG, {}) == [({}, CONFIG)]


@pytest.mark.parametrize(
    ("config", "grid", "sentence"),
    [
        (CONFIG, {"cor.channels": [1]}, "grid.cor.channels: the config has no 'cor': .*did you mean 'core'"),
        (CONFIG, {"core.kernels.2": [1]}, "'2' is no place in a list of 2"),
        (CONFIG, {"rate.x": [1]}, "there stands 0.1"),
        (CONFIG, {"rate": 1}, "grid.rate: given 1, expected a list"),
        (CONFIG, {"rate": []}, "expected a list of values"),
        (CONFIG, {"a": list(range(101)), "b": list(range(100))}, "10100 configs, the limit is 10000"),
        ({"rate": {"low": 0.1, "high": 1.0}}, {}, "config.rate: a range .* dlgn search"),
    ],
)
def test_what_is_no_grid_is_refused_with_its_place(config, grid, sentence):
    with pytest.raises(ConfigError, match=sentence):
        expand(config, grid)
