import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.config import canonical_json, config_hash, leaves
from dlgn_cnn.errors import ConfigError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
CONFIGS = st.dictionaries(
    st.text(),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8),
)


@given(CONFIGS)
def test_hash_is_blind_to_key_order(config):
    turned = dict(reversed(config.items()))
    assert config_hash("f", config) == config_hash("f", turned)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (True, "True"),
        (None, "None"),
        ([], {}),
        ([], ""),
        ({}, ""),
        (1, True),
        (0, False),
        (1, 1.0),
        (0.0, -0.0),
    ],
)
def test_hash_tells_types_apart(one, other):
    assert config_hash("f", {"x": one}) != config_hash("f", {"x": other})


def test_hash_covers_the_function():
    assert config_hash("f", {}) != config_hash("g", {})


def test_hash_is_the_published_one():
    # sha256 of the text, computed with coreutils: stays the same between versions and machines.
    assert canonical_json({"function": "f", "config": {"b": [1, 2.5], "a": None}}) == (
        '{"config":{"a":null,"b":[1,2.5]},"function":"f"}'
    )
    assert config_hash("f", {"b": [1, 2.5], "a": None}) == "81c1cd9fa971ac453f81ad10ba748c59"


@pytest.mark.parametrize("value", [(1, 2), {1, 2}, float("nan"), float("inf"), object(), b"x"])
def test_what_json_cannot_carry_is_refused_with_its_path(value):
    with pytest.raises(ConfigError, match=r"core\.kernels\[1\]"):
        config_hash("f", {"core": {"kernels": [3, value]}})


def test_a_key_that_is_no_string_is_refused():
    with pytest.raises(ConfigError, match="not a string"):
        canonical_json({"a": {1: 2}})


def test_leaves_name_every_value():
    found = {
        leaf.path: (leaf.kind, leaf.number) for leaf in leaves({"core": {"kernels": [7, 3.0]}, "light": [], "on": True})
    }
    assert found == {
        "core.kernels[0]": ("int", 7.0),
        "core.kernels[1]": ("float", 3.0),
        "light": ("list", None),
        "on": ("bool", 1.0),
    }
