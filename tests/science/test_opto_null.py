"""The null of no light effect: exact where there is none, and it finds one that is there."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import lfilter

from dlgn_cnn.data.sessions.opto_blocks import redraw_blocks
from dlgn_cnn.errors import ModelError
from dlgn_cnn.evaluation.metrics import opto_modulation
from dlgn_cnn.feedback.opto_null import false_discovery_rates, opto_p_values

PERIOD, FRAMES, GAP = 60.12, 285, 45


def redrawn_light(trials: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Light of trials on end, drawn on one clock by which the trials do not go; and which draw each frame is of."""
    at = (np.arange(trials)[:, None] * (FRAMES + GAP) + np.arange(FRAMES)).ravel() + generator.integers(60)
    draw = (at // PERIOD).astype(int)
    return (generator.random(draw[-1] + 1) < 0.5)[draw].astype(np.float32), draw


def wandering(units: int, frames: int, time_constant: float, generator: np.random.Generator) -> np.ndarray:
    walk = lfilter([1], [1, -np.exp(-1 / time_constant)], generator.normal(size=(units, frames)))
    return walk / walk.std(1, keepdims=True)


def unlit_session(units: int, trials: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Poisson units that movies and slow states drive, as strongly as they do in dLGN, and the light not at all."""
    opto, _ = redrawn_light(trials, generator)
    drive = sum(share * wandering(units, len(opto), frames, generator) for share, frames in ((0.7, 10), (0.8, 240)))
    rate = np.exp(generator.normal(-2, 0.7, (units, 1)) + drive)
    return generator.poisson(rate).astype(np.float32), opto


def test_without_light_effect_one_unit_in_twenty_is_called():
    """Units of one session share its light, so the share called varies from session to session: many are needed."""
    generator, called = np.random.default_rng(0), []
    for _ in range(150):
        counts, opto = unlit_session(20, 16, generator)
        p = opto_p_values(counts, opto, [FRAMES] * 16, PERIOD, 399, generator)
        called.append([(p < level).mean() for level in (0.05, 0.5)])
    at_05, at_50 = np.mean(called, axis=0)
    assert at_05 <= 0.06
    assert at_05 > 0.03
    assert at_50 == pytest.approx(0.5, abs=0.05)


def test_an_effect_that_is_there_is_found():
    generator = np.random.default_rng(1)
    counts, opto = unlit_session(60, 70, generator)
    counts[:30] = generator.binomial(counts[:30].astype(int), np.where(opto > 0.5, 0.6, 1.0))
    p = opto_p_values(counts, opto, [FRAMES] * 70, PERIOD, 4999, generator)
    called = false_discovery_rates(p) < 0.05
    assert called[:30].mean() > 0.9
    assert called[30:].mean() <= 0.1


def test_the_p_value_is_a_rank_among_permuted_draws():
    """Four periods, two of them lit: six arrangements, of which those two that are most extreme are as far from 0."""
    counts = np.repeat(np.array([[9, 8, 2, 1]], np.float32), 10, axis=1)
    opto = np.repeat(np.array([1, 1, 0, 0], np.float32), 10)
    p = opto_p_values(counts, opto, [40], 10, 20000, np.random.default_rng(2))
    assert p[0] == pytest.approx(1 / 3, abs=0.015)
    assert opto_modulation(counts, opto).omi[0] == pytest.approx(14 / 20)


def test_blocks_are_the_draws():
    generator = np.random.default_rng(3)
    opto, draw = redrawn_light(40, generator)
    off = []
    for trial in range(40):
        own, light = (values[trial * FRAMES : (trial + 1) * FRAMES] for values in (draw, opto))
        if (light == light[0]).all():
            continue
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        found = np.array(redraw_blocks(light, PERIOD))
        off += [np.abs(found - start).min() for start in starts]
        assert abs(len(found) - len(starts)) <= 1
    assert max(off) <= 2


@pytest.mark.parametrize(
    ("light", "blocks"),
    [
        ("0000000000", [0, 4, 8]),
        ("0000001111", [0, 2, 6]),
        ("1100001111", [0, 2, 6]),
        ("0001111111", [0, 3, 7]),
        ("00000", [0]),
    ],
)
def test_blocks_by_hand(light, blocks):
    assert redraw_blocks(np.array([*light], np.float32), 4) == blocks


def test_what_has_no_null_is_undefined():
    counts = np.ones((2, 40), np.float32) * np.array([[0], [1]], np.float32)
    opto = np.repeat(np.array([1, 0, 0, 1], np.float32), 10)
    p = opto_p_values(counts, opto, [40], 10, 9, np.random.default_rng(4))
    assert np.isnan(p[0])
    assert p[1] == 1
    assert np.isnan(opto_p_values(counts, np.ones(40, np.float32), [40], 10, 9, np.random.default_rng(4))).all()
    assert np.isnan(false_discovery_rates(np.full(3, np.nan))).all()


def test_false_discovery_rates_follow_benjamini_and_hochberg():
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.2])
    assert false_discovery_rates(p) == pytest.approx([0.04, np.nan, 0.16 / 3, 0.16 / 3, 0.2], nan_ok=True)


def test_trials_that_are_not_all_of_it_are_refused():
    with pytest.raises(ModelError, match="39 frames in all"):
        opto_p_values(np.ones((1, 40), np.float32), np.ones(40, np.float32), [39], 10, 9, np.random.default_rng(0))
    with pytest.raises(ModelError, match="above 0"):
        redraw_blocks(np.ones(4, np.float32), 0)


def test_blocks_of_a_trial_follow_one_another():
    light = (np.random.default_rng(5).random(30) < 0.5).astype(np.float32)
    assert all(one < other for one, other in pairwise(redraw_blocks(light, 3.5)))
