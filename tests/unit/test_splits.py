import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.dataset import split_scenes
from dlgn_cnn.errors import ConfigError


def scenes(train, test):
    keys = [SceneKey("hm", index) for index in range(train + test)]
    tiers = {key: "train" if index < train else "test" for index, key in enumerate(keys)}
    opto_share = dict(zip(keys, np.random.default_rng(0).random(len(keys)), strict=True))
    return tiers, opto_share


@given(st.integers(4, 80), st.integers(1, 20), st.floats(0.2, 0.6), st.integers(0, 5))
def test_tiers_are_disjoint_whole_and_stable(train, test, share, seed):
    designated, opto_share = scenes(train, test)
    tiers = split_scenes(designated, opto_share, share, seed)
    assert set(tiers) == set(designated)
    assert all((tiers[key] == "test") == (designated[key] == "test") for key in designated)
    assert sum(tier == "validation" for tier in tiers.values()) == round(train * share)
    shuffled = dict(reversed(designated.items()))
    assert split_scenes(shuffled, opto_share, share, seed) == tiers


def test_another_seed_draws_another_split():
    designated, opto_share = scenes(60, 10)
    assert split_scenes(designated, opto_share, 0.2, 0) != split_scenes(designated, opto_share, 0.2, 1)


def test_validation_sees_the_light_as_training_does():
    designated, opto_share = scenes(200, 10)
    tiers = split_scenes(designated, opto_share, 0.2, 0)
    mean = {t: np.mean([opto_share[k] for k in tiers if tiers[k] == t]) for t in ("train", "validation")}
    assert abs(mean["train"] - mean["validation"]) < 0.02


@pytest.mark.parametrize(("train", "test", "share"), [(10, 0, 0.2), (3, 2, 0.01), (2, 2, 0.9)])
def test_an_empty_tier_is_refused(train, test, share):
    designated, opto_share = scenes(train, test)
    with pytest.raises(ConfigError, match="every tier needs a scene"):
        split_scenes(designated, opto_share, share, 0)
