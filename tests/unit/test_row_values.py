"""Rows as values: equal digests before and after a database, and how far two rows are apart."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.provenance.environment import deterministic_algorithms
from dlgn_cnn.provenance.row_values import deviations, row_digest

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=8)


@given(VALUES)
def test_a_digest_outlives_json_and_numpy_and_columns_that_are_null(value):
    row = {"found": value, "score": 0.25, "count": 3}
    stored = {"found": json.loads(json.dumps(value)), "score": np.float64(0.25), "count": 3.0, "more": None}
    assert row_digest(row) == row_digest(stored)


def test_every_change_has_another_digest():
    clip = np.zeros((2, 3), np.float32)
    changed = clip.copy()
    changed[1, 2] = np.nextafter(np.float32(0), np.float32(1))
    rows = [{"a": 1}, {"a": "1"}, {"a": [1]}, {"a": 1.5}, {"b": 1}, {"a": clip}, {"a": changed}, {"a": clip.T}]
    rows += [{"a": clip.astype(np.float64)}, {"a": {"x": None}}, {"a": {}}, {}]
    assert len({row_digest(row) for row in rows}) == len(rows)


def sizes(found, expected, *ignored):
    return {one.place: one.size for one in deviations(found, expected, ignored)}


def test_deviations_are_relative_to_what_is_large_and_absolute_to_what_is_small():
    assert sizes({"a": 0.3, "b": 110.0}, {"a": 0.2, "b": 100.0}) == pytest.approx({"a": 0.1, "b": 0.1})
    assert sizes({"a": 1, "b": "x"}, {"a": 1.0, "b": "x"}) == {}
    assert sizes({"a": "x"}, {"a": "y"}) == {"a": math.inf}
    assert sizes({"a": None}, {"a": 1}) == {"a": math.inf}


def test_arrays_deviate_by_their_norm_and_json_by_its_leaves():
    one, other = np.array([3.0, 4.0]), np.array([3.0, 4.5])
    assert sizes({"a": other}, {"a": one}) == pytest.approx({"a": 0.1})
    assert sizes({"a": np.array([np.nan, 1.0])}, {"a": np.array([np.nan, 1.0])}) == {}
    assert sizes({"a": one.astype(np.float32)}, {"a": one}) == {"a": math.inf}
    found, expected = ({"epochs": [{"loss": loss, "seconds": seconds}]} for loss, seconds in ((1.5, 9), (1.0, 1)))
    assert sizes({"output": found}, {"output": expected}, "seconds") == {"output.epochs.0.loss": 0.5}


def test_deterministic_algorithms_end_with_the_block():
    import torch

    for wanted in (True, False):
        with deterministic_algorithms(wanted):
            assert torch.are_deterministic_algorithms_enabled() is wanted
        assert not torch.are_deterministic_algorithms_enabled()
