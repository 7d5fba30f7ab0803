"""Learning rates against torch's own schedulers, and early stopping and accumulation against what they are for."""

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.schedules import SCHEDULES
from tests.science.test_fit import KEY, Gain, batches, loaders

STEPS = 60


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)


def rates_of(build, steps: int = STEPS) -> np.ndarray:
    """The rate of every step."""
    one = optimizer()
    schedule, rates = build(one), []
    for _ in range(steps):
        rates.append(one.param_groups[0]["lr"])
        one.step()
        schedule.step()
    return np.array(rates)


def ours(name: str) -> np.ndarray:
    return rates_of(lambda one: SCHEDULES.build({"name": name}, optimizer=one, steps=STEPS, warmup_share=0.2))


def test_cosine_is_torchs_after_the_warm_up():
    expected = rates_of(lambda one: CosineAnnealingLR(one, STEPS - 12), STEPS - 12)
    found = ours("cosine")
    assert found[:12] == pytest.approx(0.1 * np.arange(1, 13) / 12)
    assert found[12:] == pytest.approx(expected, rel=1e-9)


def test_constant_stays():
    assert ours("constant")[12:] == pytest.approx(np.full(STEPS - 12, 0.1))


def test_a_wrong_schedule_is_refused():
    for wrong, sentence in (({"name": "cosine", "rise": 2.0}, "takes no 'rise'"), ("cosin", "did you mean 'cosine'")):
        with pytest.raises(ConfigError, match=sentence):
            TrainingLoop(Gain(), loaders(), LOSSES.get("poisson"), FitConfig(schedule=wrong))


def joined(two):
    return type(two[0])(*(torch.cat([getattr(batch, name) for batch in two]) for name in two[0].__dataclass_fields__))


def test_accumulated_batches_are_one_larger_batch():
    small = batches(6, 0)
    large = [joined(small[at : at + 2]) for at in (0, 2, 4)]
    weights = []
    for data, accumulate in ((small, 2), (large, 1)):
        model = Gain()
        config = FitConfig(2, 2, learning_rate=0.05, burn_in_frames=0, accumulate=accumulate)
        list(TrainingLoop(model, loaders(train=data), LOSSES.get("poisson"), config))
        weights.append(torch.cat([model.offset, model.gain]).detach().numpy())
    assert weights[0] == pytest.approx(weights[1], rel=1e-5)


def test_batches_that_are_left_over_make_a_step_of_their_own():
    fit = TrainingLoop(Gain(), loaders(train=batches(5, 0)), LOSSES.get("poisson"), FitConfig(1, 1, 0.1, accumulate=2))
    list(fit)
    assert fit.step == 3


def test_the_criterion_decides_which_epoch_is_the_best():
    class Scripted(TrainingLoop):
        script = ((0.5, 0.2), (0.3, 0.1), (0.4, 0.3))

        def validate(self) -> tuple[float, float]:
            return self.script[self.epoch]

    for criterion, best, score in (("correlation", 2, 0.3), ("loss", 1, 0.1)):
        config = FitConfig(3, 3, burn_in_frames=0, criterion=criterion)
        fit = Scripted(Gain(), loaders(), LOSSES.get("poisson"), config)
        list(fit)
        assert (fit.best_epoch, fit.best_score) == (best, score)


def test_the_validation_loss_is_the_loss_of_the_validation_tier():
    model, data = Gain(), loaders()
    model.offset.data.fill_(-0.5)
    fit = TrainingLoop(model, data, LOSSES.get("poisson"), FitConfig(burn_in_frames=10))
    model.gain.data.fill_(0.1)
    losses = []
    for batch in data["validation"][KEY]:
        rate = model(batch.videos, batch.opto, KEY)[..., 10:]
        losses.append((rate - batch.responses[..., 10:] * rate.log()).mean().item())
    assert fit.validate()[0] == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_window_no_longer_than_the_burn_in_is_refused():
    with pytest.raises(ConfigError, match="lengthen window_frames"):
        list(TrainingLoop(Gain(), loaders(), LOSSES.get("poisson"), FitConfig(burn_in_frames=50)))
