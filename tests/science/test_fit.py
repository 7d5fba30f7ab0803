"""The training loop on a model whose optimum is known, and what it promises whatever the model."""

import math

import numpy as np
import pytest
import torch

from dlgn_cnn.data.loading.trial_loader import interleaved
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import Batch
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.trainers.standard import standard

KEY, UNITS, TIME = "Mouse_s01_e01", 2, 50


class Gain(torch.nn.Module):
    """rate = exp(offset + gain * gray level): a Poisson GLM, whose optimum scipy and mathematics know."""

    data_keys, frames_lost = (KEY,), 0

    def __init__(self) -> None:
        super().__init__()
        self.offset, self.gain = torch.nn.Parameter(torch.zeros(UNITS)), torch.nn.Parameter(torch.zeros(UNITS))

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        gray = videos[:, 0, :, 0, 0][:, None]
        return torch.exp(self.offset[:, None] + self.gain[:, None] * gray)

    def regularizer(self, data_key):
        return torch.zeros(())


def batches(count: int, seed: int, gains=(0.8, -0.5), offsets=(-0.5, 0.3)) -> list[Batch]:
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        gray = torch.randn(4, 1, TIME, 1, 1, generator=generator)
        rate = torch.exp(torch.tensor(offsets)[:, None] + torch.tensor(gains)[:, None] * gray[:, 0, :, 0, 0][:, None])
        nothing = torch.full((4, 2, TIME), math.nan)
        counts = torch.poisson(rate, generator=generator)
        found.append(Batch(gray, counts, torch.zeros(4, TIME), nothing, nothing))
    return found


def loaders(**changed) -> dict:
    tiers = {"train": batches(40, 0), "validation": batches(10, 1), "test": batches(10, 2)}
    return {tier: {KEY: data} for tier, data in (tiers | changed).items()}


def test_a_poisson_glm_comes_out_at_its_maximum_likelihood():
    data, model = loaders(), Gain()
    fit = TrainingLoop(model, data, LOSSES.get("poisson"), FitConfig(30, 30, learning_rate=0.05, burn_in_frames=0))
    # The best epoch is chosen by correlation, which is blind to the offset; the maximum is that of the last one.
    last = [{name: value.clone() for name, value in model.state_dict().items()} for _ in fit][-1]
    model.load_state_dict(last)
    gray = torch.cat([b.videos[:, 0, :, 0, 0] for b in data["train"][KEY]]).ravel().double()
    counts = torch.cat([b.responses for b in data["train"][KEY]]).transpose(0, 1).flatten(1).double()
    rate = torch.exp(model.offset.double()[:, None] + model.gain.double()[:, None] * gray)
    # At the maximum the likelihood's gradient is zero: counts and rates agree in sum and in product with the stimulus.
    assert (rate - counts).mean(1).abs().max() < 0.02
    assert ((rate - counts) * gray).mean(1).abs().max() < 0.02
    assert model.gain.detach().numpy() == pytest.approx([0.8, -0.5], abs=0.05)


def test_the_best_epoch_is_kept_and_a_fit_without_progress_stops():
    class Scripted(TrainingLoop):
        scores = iter([0.1, 0.5, 0.4, 0.3, 0.9])

        def validate(self) -> tuple[float, float]:
            return 0.0, next(self.scores)

    model = Gain()
    fit = Scripted(model, loaders(), LOSSES.get("poisson"), FitConfig(max_epochs=5, patience=2, burn_in_frames=0))
    states = [{k: v.clone() for k, v in model.state_dict().items()} for _ in fit]
    assert len(states) == 4
    assert (fit.best_score, fit.best_epoch) == (0.5, 1)
    for name, value in model.state_dict().items():
        assert torch.equal(value, states[1][name])


def test_equal_seeds_give_equal_weights():
    states = []
    for _ in range(2):
        _, _, state = standard(Gain(), loaders(), seed=0, fit={"max_epochs": 2, "burn_in_frames": 0})
        states.append(state)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_burn_in_frames_do_not_count():
    spoilt = loaders()
    for data in (spoilt["train"][KEY], spoilt["validation"][KEY]):
        for batch in data:
            batch.responses[..., :10] = 1000
    clean = standard(Gain(), loaders(), seed=0, fit={"max_epochs": 2, "burn_in_frames": 10})
    other = standard(Gain(), spoilt, seed=0, fit={"max_epochs": 2, "burn_in_frames": 10})
    assert clean[0] == other[0]
    assert all(torch.equal(clean[2][name], other[2][name]) for name in clean[2])


def test_the_callback_hears_of_every_epoch():
    heard = []
    _, output, _ = standard(
        Gain(), loaders(), 0, "uid", lambda uid, epoch, model, info: heard.append((uid, epoch, info["loss"])),
        fit={"max_epochs": 3, "burn_in_frames": 0},
    )  # fmt: skip
    assert [(uid, epoch) for uid, epoch, _ in heard] == [("uid", 0), ("uid", 1), ("uid", 2)]
    assert [loss for *_, loss in heard] == [record["loss"] for record in output["epochs"]]


def test_sessions_take_turns_until_all_are_through():
    assert [key for key, _ in interleaved({"a": [1, 2, 3], "b": [1]})] == ["a", "b", "a", "a"]


def test_the_learning_rate_warms_up_and_falls_to_zero():
    fit = TrainingLoop(
        Gain(), loaders(), LOSSES.get("poisson"), FitConfig(max_epochs=10, burn_in_frames=0, learning_rate=0.1)
    )
    rates = np.array([record.learning_rate for record in fit])
    assert rates.argmax() == 1
    assert (np.diff(rates[1:]) < 0).all()
    assert fit.optimizer.param_groups[0]["lr"] < 1e-3 * 0.1


def test_a_loss_that_is_not_finite_stops_the_fit():
    data = loaders()
    data["train"][KEY][0].responses[...] = math.nan
    with pytest.raises(ModelError, match="lower learning_rate"):
        standard(Gain(), data, 0, fit={"burn_in_frames": 0})


def test_a_validation_tier_without_spikes_is_named():
    silent = batches(2, 1)
    for batch in silent:
        batch.responses[...] = 0
    with pytest.raises(ModelError, match="validation"):
        standard(Gain(), loaders(validation=silent), 0, fit={"max_epochs": 1, "burn_in_frames": 0})


@pytest.mark.parametrize("wrong", [{"max_epochs": 0}, {"learning_rate": 0.0}, {"precision": "half"}, {"patience": 0}])
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(ConfigError):
        FitConfig(**wrong)
