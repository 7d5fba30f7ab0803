"""Shuffled labels of the light: blocks as drawn, another order, in training and validation only."""

import dataclasses

import numpy as np
import pytest

from dlgn_cnn.data.loading.loaders import LoaderOptions, foresee, stored_sessions
from dlgn_cnn.data.sessions.opto_blocks import with_shuffled_opto
from dlgn_cnn.data.sessions.session_data import SessionData
from dlgn_cnn.data.store.session_store import ensure_session
from dlgn_cnn.errors import ConfigError
from tests.unit.test_loaders import trial

PERIOD, BLOCKS = 20, 10
NAME = "Simulated_2026_0700_s01_e01"


@pytest.fixture(scope="module")
def session() -> SessionData:
    generator = np.random.default_rng(0)
    tiers = ("train",) * 8 + ("validation",) * 3 + ("test",) * 2
    trials = []
    for number, tier in enumerate(tiers):
        opto = (generator.random(BLOCKS) < 0.5).astype(np.float32).repeat(PERIOD)
        trials.append(dataclasses.replace(trial(number, len(opto), tier), opto=opto))
    return SessionData((1, 2, 5), 60.0, tuple(trials))


def shuffled(session, seed=0):
    return with_shuffled_opto(session, {"seed": seed, "period_s": PERIOD / 60}, NAME)


def labels(session, tier):
    return np.concatenate([trial.opto for trial in session.trials if trial.tier == tier])


def test_blocks_keep_their_edges_and_as_many_are_lit(session):
    found = shuffled(session)
    for tier in ("train", "validation"):
        before, after = labels(session, tier), labels(found, tier)
        assert after.sum() == before.sum()
        assert (np.ptp(after.reshape(-1, PERIOD), axis=1) == 0).all()
    truth, drawn = (labels(one, "train")[::PERIOD] for one in (session, found))
    # 80 blocks: by chance labels agree in half of them, give or take a twentieth.
    assert 0.25 < (truth == drawn).mean() < 0.75


def test_all_else_and_the_test_tier_stay_as_recorded(session):
    for before, after in zip(session.trials, shuffled(session).trials, strict=True):
        if before.tier == "test":
            assert after.sha256() == before.sha256()
        assert dataclasses.replace(after, opto=before.opto).sha256() == before.sha256()


def test_a_seed_is_one_order_and_another_another(session):
    one, again, other = (labels(shuffled(session, seed), "train") for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_the_loaders_take_it_from_the_config(session, tmp_path):
    ensure_session(session, tmp_path / NAME)
    shuffle = {"seed": 0, "period_s": PERIOD / 60}
    found = stored_sessions(3, {NAME: tmp_path / NAME}, shuffle_opto=shuffle, sessions=[NAME], window_frames=30)
    for tier in ("train", "validation", "test"):
        light = np.concatenate([one.opto for one in found[tier][NAME].trials])
        np.testing.assert_array_equal(light, labels(shuffled(session), tier))


@pytest.mark.parametrize("wrong", [True, {}, {"seed": -1}, {"seed": 0.5}, {"seed": 0, "period_s": 0}, {"seeds": 1}])
def test_a_wrong_shuffle_is_refused_before_data_are_read(wrong):
    with pytest.raises(ConfigError, match="shuffle_opto"):
        LoaderOptions(shuffle_opto=wrong)
    with pytest.raises(ConfigError, match="shuffle_opto"):
        foresee({"sessions": [NAME], "shuffle_opto": wrong})
