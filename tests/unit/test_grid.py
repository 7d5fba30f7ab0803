"""Entries with choices written out: which configs, in which order, and what is refused."""

import itertools

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.search.space import expand

CHANNELS, RATES, RECURRENT = [8, 16], [0.1, 1, "1"], [None, {"name": "conv_gru"}]
CORE = {"name": "stacked_2d", "kernels": [9, 7]}
CONFIG = {
    "core": CORE | {"channels": [{"choices": CHANNELS}]},
    "rate": {"choices": RATES},
    "recurrent": {"choices": RECURRENT},
}


def test_choices_are_every_combination_and_leave_what_was_written_alone():
    found = expand(CONFIG)
    assert [tuple(values.values()) for values, _ in found] == list(itertools.product(CHANNELS, RATES, RECURRENT))
    for values, config in found:
        assert config["core"] == CORE | {"channels": [values["core.channels[0]"]]}
        assert config["recurrent"] == values["recurrent"]
        assert type(config["rate"]) is type(values["rate"])
    found[0][1]["core"]["kernels"].append(5)
    assert found[1][1]["core"]["kernels"] == CONFIG["core"]["kernels"] == [9, 7]
    found[1][1]["recurrent"]["name"] = "another"
    assert found[3][1]["recurrent"] == {"name": "conv_gru"}


def test_without_choices_there_is_one_config():
    assert expand(CORE) == [({}, CORE)]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"rate": {"choices": 1}}, "rate: given 1, expected a list"),
        ({"rate": {"choices": []}}, "rate: choices .*one or more"),
        (
            {name: {"choices": list(range(101))} for name in "ab"},
            "10201 configs that choices make, of one part of an experiment, beyond the bound",
        ),
        ({"rate": {"low": 0.1, "high": 1.0}}, "config.rate: a range .* dlgn search"),
    ],
)
def test_choices_that_cannot_be_taken_are_refused_with_their_place(config, sentence):
    with pytest.raises(ConfigError, match=sentence):
        expand(config)
