"""What light, behavior and each input do, on sessions whose units follow one input each, without noise."""

import dataclasses

import numpy as np
import pytest
import torch

from dlgn_cnn.data.loading.trial_loader import TrialLoader
from dlgn_cnn.data.loading.windows import EpochOrder, plan_windows
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import TrialData
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.evaluation.input_gains import INPUTS, input_gains, permuted_trials
from dlgn_cnn.evaluation.metrics import pupil_modulation, running_modulation
from dlgn_cnn.evaluation.score import score_conditions
from dlgn_cnn.feedback.effects import opto_effects
from dlgn_cnn.interface import DataInfo
from tests.scoring import score_units

KEYS, UNITS = ("Mouse_s01_e01", "Mouse_s01_e02"), (1, 2, 3, 4, 5)
INFO = DataInfo(UNITS, (1, 2, 2), 60.0, (1.0, 1.0, 1.0, 1.0, 1.0), 0.0, 1.0, ((0.0, 0.0),) * 5)


class OneInputEach(torch.nn.Module):
    """Units 1 to 5 follow movie, light, running, pupil's x, and nothing: unit 5 never fires."""

    data_keys, frames_lost = KEYS, 0

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        rows = (videos.mean((1, 3, 4)), 1 - 0.5 * opto, behavior[:, 0], pupil_center[:, 0], 0 * opto)
        return self.scale * torch.stack(rows, 1)


def make_trials(seed: int, lengths: tuple[int, ...] = (300, 300, 240, 300, 200, 300), **changed) -> list[TrialData]:
    generator = np.random.default_rng(seed)
    trials = []
    for index, time in enumerate(lengths):
        videos = generator.integers(0, 256, (time, 2, 2), dtype=np.uint8)
        opto = np.repeat(generator.random(time // 60 + 1) < 0.5, 60)[:time].astype(np.float32)
        behavior = generator.gamma(1, 2, (2, time)).astype(np.float32)
        pupil = generator.random((2, time), np.float32)
        traces = [videos.mean((1, 2)), 1 - 0.5 * opto, behavior[0], pupil[0], np.zeros(time)]
        responses = np.array(traces, np.float32)
        scene = SceneKey("film", index)
        trial = TrialData(index, scene, "test", videos, responses, opto, behavior, pupil)
        trials.append(dataclasses.replace(trial, **changed))
    return trials


def loader(trials: list[TrialData]) -> TrialLoader:
    return TrialLoader(trials, INFO, 4, transforms=())


@pytest.fixture(scope="module")
def loaders() -> dict:
    tiers = enumerate(("train", "validation", "test"))
    return {tier: {key: loader(make_trials(10 * n + k)) for k, key in enumerate(KEYS)} for n, tier in tiers}


def test_each_input_gains_the_unit_that_follows_it_and_no_other(loaders):
    found = input_gains(OneInputEach(), loaders, np.random.default_rng(0))
    for key in KEYS:
        for row, name in enumerate(INPUTS):
            gains = found[key][name]
            assert gains[row] == pytest.approx(1, abs=0.15), name
            others = [unit for unit in range(4) if unit != row]
            assert gains[others] == pytest.approx(0, abs=1e-9), name
            assert np.isnan(gains[4])


@pytest.mark.parametrize("name", INPUTS)
def test_a_permuted_input_is_anothers_and_all_else_stays(name):
    trials = make_trials(0)
    changed = permuted_trials(trials, name, np.random.default_rng(0))
    own = {"movie": ["videos"], "opto": ["opto"], "running": ["behavior"], "pupil": ["behavior", "pupil_center"]}
    for before, after in zip(trials, changed, strict=True):
        for field in ("videos", "opto", "behavior", "pupil_center", "responses"):
            one, other = getattr(before, field), getattr(after, field)
            assert one.shape == other.shape
            assert one.dtype == other.dtype
            assert np.array_equal(one, other) == (field not in own[name]), field
    untouched = {"running": 1, "pupil": 0}.get(name)
    if untouched is not None:
        for before, after in zip(trials, changed, strict=True):
            assert np.array_equal(before.behavior[untouched], after.behavior[untouched])


def test_a_permuted_movie_is_another_scenes_whatever_repeats():
    trials = [dataclasses.replace(trial, scene=SceneKey("film", 0)) for trial in make_trials(0, (50, 50, 50))]
    assert permuted_trials(trials, "movie", np.random.default_rng(0)) is None
    trials += make_trials(1, (50,))[:1]
    trials[-1] = dataclasses.replace(trials[-1], scene=SceneKey("film", 1))
    changed = permuted_trials(trials, "movie", np.random.default_rng(0))
    assert all(np.array_equal(one.videos, trials[-1].videos) for one in changed[:3])


def test_an_input_that_was_not_recorded_or_never_varies_has_no_gain():
    nothing = np.full((2, 60), np.nan, np.float32)
    trials = make_trials(0, (60, 60), behavior=nothing, pupil_center=nothing, opto=np.zeros(60, np.float32))
    for name in ("opto", "running", "pupil"):
        assert permuted_trials(trials, name, np.random.default_rng(0)) is None
    with pytest.raises(ModelError, match="'movie'"):
        permuted_trials(trials, "movi", np.random.default_rng(0))


def test_a_loader_of_windows_shows_its_own_trials_only():
    trials = make_trials(0, (120, 120))
    plan = plan_windows([trial.opto for trial in trials], 30)
    windows = TrialLoader(trials, INFO, 4, plan, EpochOrder(0, KEYS[0], "train"), ())
    with pytest.raises(ConfigError, match="windows"):
        windows.presenting(trials)


def test_effects_in_data_and_model_agree_where_the_model_is_the_truth(loaders):
    found = opto_effects(OneInputEach(), loaders, np.random.default_rng(0), period_s=1.0, permutations=199)
    rates = np.concatenate([found[key].data_omi_p for key in KEYS])
    for key in KEYS:
        effect = found[key]
        assert effect.data_omi[1] == pytest.approx(-1 / 3)
        assert effect.model_omi == pytest.approx([0, -1 / 3, 0, 0, np.nan], nan_ok=True)
        assert effect.data_omi_p[1] == pytest.approx(1 / 200)
        assert (effect.data_omi_p[[0, 2, 3]] > 0.01).all()
        assert effect.data_omi_q[1] == pytest.approx(np.isfinite(rates).sum() / 2 / 200)
        for name in ("rmi", "emi"):
            data, model = (getattr(effect, f"{where}_{name}") for where in ("data", "model"))
            assert data == pytest.approx(model, abs=1e-6, nan_ok=True)
        assert effect.data_rmi[2] > 0.5
        assert np.isnan([effect.data_rmi[4], effect.data_omi_p[4], effect.data_omi_q[4]]).all()


def test_running_and_pupil_indices_of_a_case_by_hand():
    counts = np.array([[1, 2, 3, 4, 9]], np.float32)
    running = np.array([0, 1, 1.5, 8, np.nan], np.float32)
    assert running_modulation(counts, running)[0] == pytest.approx((3.5 - 1.5) / 5)
    assert pupil_modulation(counts, np.array([5, 4, 3, 2, np.nan], np.float32))[0] == pytest.approx((1.5 - 3.5) / 5)
    for missing in (np.full(5, np.nan, np.float32), np.zeros(5, np.float32)):
        assert np.isnan(running_modulation(counts, missing)[0])
        assert np.isnan(pupil_modulation(counts, missing)[0])


def test_scores_by_tier_and_light_and_the_short_score_agree(loaders):
    found = score_conditions(OneInputEach(), loaders, np.random.default_rng(0))
    short = score_units(OneInputEach(), loaders, "test")
    for key in KEYS:
        by_name = {(score.tier, score.opto_condition): score for score in found[key]}
        assert set(by_name) == {(t, s) for t in ("validation", "test") for s in ("all", "intact", "suppressed")}
        assert by_name["test", "all"].values["correlation"] == pytest.approx(short[key], nan_ok=True)
        parts = [by_name["test", light].frames for light in ("intact", "suppressed")]
        assert (sum(parts) == by_name["test", "all"].frames).all()
        assert set(sum(parts)) == {sum((300, 300, 240, 300, 200, 300)) - 6 * 15}
        assert np.isnan(by_name["test", "all"].values["normalized_correlation"]).all()


def test_loaders_without_trials_have_scores_but_no_scenes(loaders):
    class Plain:
        """Batches and what is known of them: all that the contract asks of a lab's own loader."""

        def __init__(self, inner: TrialLoader) -> None:
            self.batches, self.data_info = list(inner), inner.data_info

        def __iter__(self):
            return iter(self.batches)

    plain = {tier: {key: Plain(one) for key, one in keys.items()} for tier, keys in loaders.items()}
    own, other = (
        score_conditions(OneInputEach(), each, np.random.default_rng(0))[KEYS[0]] for each in (loaders, plain)
    )
    for one, same in zip(own, other, strict=True):
        assert one.values["correlation"] == pytest.approx(same.values["correlation"], nan_ok=True)
    gains = input_gains(OneInputEach(), plain, np.random.default_rng(0))[KEYS[0]]
    assert all(np.isnan(gain).all() for gain in gains.values())
    effect = opto_effects(OneInputEach(), plain, np.random.default_rng(0), period_s=1.0, permutations=9)[KEYS[0]]
    assert np.isnan(effect.data_rmi).all()
    assert effect.model_omi[1] == pytest.approx(-1 / 3)
