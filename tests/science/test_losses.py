"""Losses against scipy's probabilities, and their fitted noise against the noise that counts were drawn with."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch
from dlgn_cnn.training.fit import TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import LOSSES, ObservationModel, loss_of
from dlgn_cnn.training.trainers.standard import standard
from tests.science.test_fit import KEY, Gain, batches, loaders

RATES = np.array([[0.01, 0.3, 2.0], [0.5, 7.0, 40.0]])


def poisson(counts, rates):
    return scipy.stats.poisson.logpmf(counts, rates)


def negative_binomial(counts, rates, dispersion):
    return scipy.stats.nbinom.logpmf(counts, 1 / dispersion, 1 / (1 + dispersion * rates))


def squared_error(counts, rates):
    """Without the terms that no rate changes; what is added below for the counts' own is taken out."""
    constant = scipy.stats.norm.logpdf(0.0) + scipy.special.gammaln(counts + 1)
    return scipy.stats.norm.logpdf(counts, rates) - constant


CASES = [
    ("poisson", poisson, {}),
    ("squared_error", squared_error, {}),
    *(("negative_binomial", negative_binomial, {"dispersion": value}) for value in (1e-5, 0.1, 3.0)),
]


@pytest.mark.parametrize(("name", "log_probability", "noise"), CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_loss_is_the_negative_log_probability_up_to_what_counts_decide(name, log_probability, noise, dtype):
    def loss(counts):
        rates = torch.tensor(RATES, dtype=dtype)[None]
        return LOSSES.get(name)(rates, torch.full_like(rates, counts), **noise).item()

    for counts in (0.0, 1.0, 2.0, 9.0):
        of_counts = scipy.special.gammaln(counts + 1)
        expected = -(log_probability(counts, RATES, *noise.values()) + of_counts).mean()
        assert loss(counts) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(("name", "log_probability", "noise"), CASES[2:])
def test_a_parameter_a_unit_is_its_own_units(name, log_probability, noise):
    ((parameter, value),) = noise.items()
    rates, counts = torch.rand(2, 3, 5) + 0.1, torch.poisson(torch.rand(2, 3, 5))
    values = torch.tensor([value, 0.3, 0.7])
    found = LOSSES.get(name)(rates, counts, **{parameter: values})
    apart = [LOSSES.get(name)(rates[:, [u]], counts[:, [u]], **{parameter: values[u].item()}) for u in range(3)]
    assert found.item() == pytest.approx(torch.stack(apart).mean().item(), rel=1e-5)


def drawn(seed: int) -> list[Batch]:
    """Batches whose counts have negative binomial noise around the rate of ``Gain``'s truth."""
    generator, found = np.random.default_rng(seed), []
    for batch in batches(40, seed):
        gray = batch.videos[:, 0, :, 0, 0][:, None].numpy()
        rate = np.exp(np.array([0.6, 0.3])[:, None] + np.array([0.4, -0.4])[:, None] * gray)
        spread = np.array([0.2, 1.0])[:, None]
        counts = generator.poisson(rate * generator.gamma(1 / spread, spread, rate.shape))
        responses = torch.from_numpy(counts.astype(np.float32))
        found.append(Batch(batch.videos, responses, batch.opto, batch.behavior, batch.pupil_center))
    return found


def test_the_noise_that_counts_were_drawn_with_is_found():
    data = loaders(train=drawn(3), validation=drawn(4))
    fit = {"max_epochs": 12, "patience": 12, "learning_rate": 0.05, "burn_in_frames": 0, "criterion": "loss"}
    _, output, state = standard(Gain(), data, 0, loss="negative_binomial", fit=fit)
    assert output["observation"]["dispersion"][KEY] == pytest.approx([0.2, 1.0], abs=0.06)
    # The rate is the expected count whatever the noise.
    assert state["gain"].numpy() == pytest.approx([0.4, -0.4], abs=0.05)
    assert state["offset"].numpy() == pytest.approx([0.6, 0.3], abs=0.05)


def like_calcium(part: float, data: list[Batch]) -> list[Batch]:
    """Batches of which one response is by ``part`` more."""
    found = [replace(batch, responses=batch.responses.clone()) for batch in data]
    found[7].responses[1, 1, 20] += part
    return found


@pytest.mark.parametrize("loss", ["poisson", "negative_binomial", {"name": "negative_binomial", "dispersion": 0.3}])
def test_a_loss_of_counts_refuses_what_is_no_count_unless_it_is_told_to(loss):
    fit = {"max_epochs": 1, "burn_in_frames": 0}
    data = loaders(train=like_calcium(0.25, batches(10, 0)))
    with pytest.raises(ConfigError, match=rf"session {KEY} has responses that are not whole .*\.25, .*squared_error"):
        standard(Gain(), data, 0, loss=loss, fit=fit)
    standard(Gain(), data, 0, loss="squared_error", fit=fit)
    standard(Gain(), data, 0, loss=loss, fit=fit | {"non_integer_responses": True})
    standard(Gain(), loaders(train=like_calcium(1e-4, batches(10, 0))), 0, loss=loss, fit=fit)  # rounded edges of bins


def test_given_noise_is_not_fitted():
    given = {"name": "negative_binomial", "dispersion": {KEY: [0.5, 1.5]}}
    model = ObservationModel(*loss_of(given), {KEY: 2})
    assert list(model.parameters()) == []
    assert model.values() == {}
    _, output, _ = standard(Gain(), loaders(), 0, loss=given, fit={"max_epochs": 1, "burn_in_frames": 0})
    assert "observation" not in output


def test_the_noise_of_a_fit_knows_no_decay():
    noise = ObservationModel(*loss_of("negative_binomial"), {KEY: 2})
    fit = TrainingLoop(Gain(), loaders(), noise, FitConfig(weight_decay=0.5))
    decays = {id(p): group["weight_decay"] for group in fit.optimizer.param_groups for p in group["params"]}
    assert [decays[id(p)] for p in noise.parameters()] == [0.0]
    assert [decays[id(p)] for p in fit.model.parameters()] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("gaussian", "negative_binomial"),
        ({"name": "poisson", "dispersion": 1.0}, "takes no 'dispersion'"),
        ({"name": "negative_binomial", "dispersion": 0.0}, "0..inf"),
        ({"name": "negative_binomial", "dispersion": {KEY: [1.0]}}, "one a unit"),
        ({"name": "negative_binomial", "dispersion": "many"}, "'learned'"),
    ],
)
def test_a_wrong_loss_is_refused(config, words):
    with pytest.raises(ConfigError, match=words):
        ObservationModel(*loss_of(config), {KEY: 2})
