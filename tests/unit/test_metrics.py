"""Scores and modulation indices against other libraries and cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr

from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import correlation, modulation_index, opto_modulation

RATES = st.floats(0, 1e3)


def test_correlation_equals_scipys_on_each_row():
    generator = np.random.default_rng(0)
    predicted = generator.gamma(1, 1, (5, 400)).astype(np.float32)
    observed = generator.poisson(predicted).astype(np.float32)
    expected = [pearsonr(one, other).statistic for one, other in zip(predicted, observed, strict=True)]
    assert correlation(predicted, observed) == pytest.approx(expected, abs=1e-6)
    assert correlation(predicted.T, observed.T, axis=0) == pytest.approx(expected, abs=1e-6)


def test_correlation_does_not_lose_digits_on_a_large_offset():
    signal = np.sin(np.arange(200)).astype(np.float32)
    assert correlation(signal + 4096, signal) == pytest.approx(1, abs=1e-5)


def test_correlation_of_a_silent_unit_is_undefined():
    found = correlation(np.ones((2, 5), np.float32), np.array([[0] * 5, [1, 0, 2, 0, 1]], np.float32))
    assert np.isnan(found).all()


def test_correlation_of_unequal_shapes_is_refused():
    with pytest.raises(ModelError, match="equal shapes"):
        correlation(np.zeros((2, 5)), np.zeros((1, 5)))


@given(arrays(float, 6, elements=RATES), arrays(float, 6, elements=RATES))
def test_modulation_index_is_bounded_and_antisymmetric(one, other):
    found, turned = modulation_index(one, other), modulation_index(other, one)
    known = np.isfinite(found)
    assert (known == (one + other > 0)).all()
    assert (np.abs(found[known]) <= 1).all()
    assert found[known] == pytest.approx(-turned[known])


def test_light_modulation_of_a_case_by_hand():
    counts = np.array([[4, 2, 1, 0], [0, 0, 0, 0]], np.float32)
    found = opto_modulation(counts, np.array([0, 0.49, 0.5, 1], np.float32))
    assert found.intact[0] == 3
    assert found.suppressed[0] == 0.5
    assert found.omi[0] == pytest.approx((0.5 - 3) / 3.5)
    assert np.isnan(found.omi[1])


def test_light_modulation_without_light_is_undefined():
    assert np.isnan(opto_modulation(np.ones((1, 3), np.float32), np.zeros(3, np.float32)).omi).all()


def test_light_of_another_length_is_refused():
    with pytest.raises(ModelError, match="expected \\(unit, time\\)"):
        opto_modulation(np.ones((1, 3), np.float32), np.zeros(4, np.float32))
