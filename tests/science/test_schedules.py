"""Learning rates against torch's own schedulers, and early stopping and accumulation against what they are for."""

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.fit import Fit, FitConfig
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.schedules import SCHEDULES
from tests.science.test_fit import KEY, Gain, batches, loaders

STEPS = 60


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)


def ours(name: str, goodness: list[float] | None = None, warmup_share: float = 0.2, **options) -> np.ndarray:
    """The rate of every step; where there is ``goodness``, after each of so many equal epochs."""
    one = optimizer()
    schedule = SCHEDULES.build({"name": name, **options}, optimizer=one, steps=STEPS, warmup_share=warmup_share)
    rates = []
    for step in range(STEPS):
        rates.append(one.param_groups[0]["lr"])
        schedule.advance()
        if goodness and (step + 1) % (STEPS // len(goodness)) == 0:
            schedule.hear(goodness[(step + 1) // (STEPS // len(goodness)) - 1])
    return np.array(rates)


def torchs(build, goodness: list[float] | None = None) -> np.ndarray:
    one = optimizer()
    schedule, rates = build(one), []
    for step in range(STEPS):
        rates.append(one.param_groups[0]["lr"])
        one.step()
        if goodness is None:
            schedule.step()
        elif (step + 1) % (STEPS // len(goodness)) == 0:
            schedule.step(goodness[(step + 1) // (STEPS // len(goodness)) - 1])
    return np.array(rates)


def test_one_cycle_is_torchs():
    expected = torchs(lambda one: torch.optim.lr_scheduler.OneCycleLR(one, 0.1, STEPS, cycle_momentum=False))
    assert ours("one_cycle", warmup_share=0.3) == pytest.approx(expected, rel=1e-9)


def test_cosine_is_torchs_after_the_warm_up():
    expected = torchs(lambda one: torch.optim.lr_scheduler.CosineAnnealingLR(one, STEPS - 12))
    found = ours("cosine")
    assert found[:12] == pytest.approx(0.1 * np.arange(1, 13) / 12)
    assert found[12:] == pytest.approx(expected[: STEPS - 12], rel=1e-9)


def test_plateau_is_torchs():
    goodness = [0.1, 0.2, 0.2, 0.15, 0.1, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.4]
    expected = torchs(
        lambda one: torch.optim.lr_scheduler.ReduceLROnPlateau(
            one, "max", factor=0.5, patience=1, threshold=0, min_lr=0.02
        ),
        goodness,
    )
    assert len(set(expected)) == 4
    # torch lowers the rate after more than ``patience`` epochs, we after as many.
    found = ours("plateau", goodness, 0.0, factor=0.5, patience=2, smallest=0.2)
    assert found == pytest.approx(expected)


def test_constant_stays():
    assert ours("constant")[12:] == pytest.approx(np.full(STEPS - 12, 0.1))


@pytest.mark.parametrize("name", SCHEDULES.names())
def test_a_schedule_goes_on_where_it_was(name):
    def run(start, steps, state=None):
        one = optimizer()
        schedule = SCHEDULES.build({"name": name}, optimizer=one, steps=STEPS, warmup_share=0.2)
        if state is not None:
            schedule.load_state_dict(state)
        rates = []
        for step in range(start, start + steps):
            rates.append(one.param_groups[0]["lr"])
            schedule.advance()
            schedule.hear(-abs(step - 20.0))
        return rates, schedule.state_dict()

    whole, _ = run(0, STEPS)
    first, state = run(0, 37)
    assert first + run(37, STEPS - 37, state)[0] == whole


@pytest.mark.parametrize(
    "wrong",
    [{"name": "plateau", "factor": 1.5}, {"name": "one_cycle", "rise": 1.0}, {"name": "cosine", "rise": 2.0}],
)
def test_a_wrong_schedule_is_refused(wrong):
    with pytest.raises(ConfigError):
        Fit(Gain(), loaders(), LOSSES.get("poisson"), FitConfig(schedule=wrong))


def joined(two):
    return type(two[0])(*(torch.cat([getattr(batch, name) for batch in two]) for name in two[0].__dataclass_fields__))


def test_accumulated_batches_are_one_larger_batch():
    small = batches(6, 0)
    large = [joined(small[at : at + 2]) for at in (0, 2, 4)]
    weights = []
    for data, accumulate in ((small, 2), (large, 1)):
        model = Gain()
        config = FitConfig(2, 2, learning_rate=0.05, burn_in_frames=0, accumulate=accumulate)
        list(Fit(model, loaders(train=data), LOSSES.get("poisson"), config))
        weights.append(torch.cat([model.offset, model.gain]).detach().numpy())
    assert weights[0] == pytest.approx(weights[1], rel=1e-5)


def test_batches_that_are_left_over_make_a_step_of_their_own():
    fit = Fit(Gain(), loaders(train=batches(5, 0)), LOSSES.get("poisson"), FitConfig(1, 1, 0.1, accumulate=2))
    list(fit)
    assert fit.schedule.step == 3


def test_the_criterion_decides_which_epoch_is_the_best():
    class Scripted(Fit):
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
    fit = Fit(model, data, LOSSES.get("poisson"), FitConfig(burn_in_frames=10))
    model.gain.data.fill_(0.1)
    losses = []
    for batch in data["validation"][KEY]:
        rate = model(batch.videos, batch.opto, KEY)[..., 10:]
        losses.append((rate - batch.responses[..., 10:] * rate.log()).mean().item())
    assert fit.validate()[0] == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_window_no_longer_than_the_burn_in_is_refused():
    with pytest.raises(ConfigError, match="lengthen window_frames"):
        list(Fit(Gain(), loaders(), LOSSES.get("poisson"), FitConfig(burn_in_frames=50)))
