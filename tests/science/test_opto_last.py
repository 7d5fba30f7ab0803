"""A fit in stages: at each the optimum that scipy finds, and what the light adds is not taken for a change."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from benchmarks.plain.in_memory import session_loaders
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import SessionData, TrialData, data_info
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.training.callbacks import Callback, Callbacks
from dlgn_cnn.training.checkpoints import Checkpoints
from dlgn_cnn.training.lbfgs import refine, whitened
from dlgn_cnn.training.losses import poisson
from dlgn_cnn.training.trainers import TRAINERS
from dlgn_cnn.training.trainers.opto_last import opto_last

KEY, UNITS, FRAMES, SHAPE = "one", 4, 120, (4, 5)
MODEL = {
    "lags": 3,
    "field_radius_px": None,
    "opto": "spatial",
    "history_lags": 6,
    "history_splines": 3,
    "l2_weight": 0.01,
    "laplace_weight": 0.0,
    "change_weight": 0.01,
}
FIT = {"max_epochs": 6, "patience": 6, "learning_rate": 0.05, "burn_in_frames": 5}


def session(suppressed_gain: float, added: float, trials: int = 40) -> SessionData:
    """Units of known kernels: in the light half of them are driven ``suppressed_gain`` times as much.

    The factor acts on half of their field. All fire ``added`` spikes a frame more in the light.
    """
    generator = np.random.default_rng(0)
    fields = generator.normal(0, 1, (UNITS, *SHAPE))
    lit_fields = fields.copy()
    lit_fields[::2, :, :2] *= suppressed_gain
    made = []
    for index in range(trials):
        videos = generator.integers(0, 256, (FRAMES, *SHAPE), dtype=np.uint8)
        light = np.repeat(generator.random(FRAMES // 12) > 0.5, 12).astype(np.float32)
        seen = (videos / 127.5 - 1).reshape(FRAMES, -1)
        drives = [seen @ one.reshape(UNITS, -1).T for one in (fields, lit_fields)]
        rate = 0.3 + 0.08 * np.where(light[:, None] > 0, drives[1], drives[0]) + added * light[:, None]
        counts = generator.poisson(np.clip(rate, 0, None).T).astype(np.float32)
        tier = "test" if index == trials - 1 else "validation" if index in (1, 3) else "train"
        nothing = np.full((2, FRAMES), np.nan, np.float32)
        made.append(TrialData(index, SceneKey("movie", index), tier, videos, counts, light, nothing, nothing))
    return SessionData(tuple(range(UNITS)), 60.0, tuple(made))


def built(data: SessionData, **changed) -> tuple[torch.nn.Module, dict]:
    info = data_info(data)
    loaders = {tier: {KEY: one} for tier, one in session_loaders(data, info, 0, 6, FRAMES, KEY).items()}
    return MODELS.get("ln")({KEY: info}, 0, **(MODEL | changed)), loaders


def change(model: torch.nn.Module) -> np.ndarray:
    """How far the lit field is from the dark one, in its norm, (unit,)."""
    return model.head(KEY).stimulus.opto_change.detach().flatten(1).norm(dim=1).numpy()


def test_what_the_light_adds_is_not_taken_for_another_field():
    """Truth: no field changes, every unit fires .3 spikes a frame more in the light, or none does."""
    found = []
    for added in (0.3, 0.0):
        model, loaders = built(session(suppressed_gain=1.0, added=added))
        opto_last(model, loaders, 0, fit=FIT)
        head = model.head(KEY)
        lit = model.output(head.bias + head.bias_step * head.opto.added[:, 0]) - model.output(head.bias)
        np.testing.assert_allclose(lit.detach(), added, atol=0.05)
        found.append(change(model).mean())
    assert found[0] < 1.5 * found[1]


def test_units_whose_field_the_light_changes_are_told_from_the_others():
    data = session(suppressed_gain=-1.0, added=0.1)
    model, loaders = built(data)
    score, output, state = opto_last(model, loaders, 0, fit=FIT)
    found = change(model)
    assert found[::2].min() > 2 * found[1::2].max()
    stages = output["stages"]
    assert [one["stage"] for one in stages] == ["without", "adds", "changes"]
    assert stages[2]["validation_correlation"] == score > stages[0]["validation_correlation"] + 0.02
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in state.items())
    assert all(weights.requires_grad for weights in model.parameters())


def test_a_stage_ends_where_scipy_does():
    """A field under a softplus: log-concave, so that there is one optimum."""
    model, loaders = built(session(1.0, 0.0), opto="additive")
    batches, kernel = list(loaders["train"][KEY]), model.head(KEY).stimulus
    free = [model.head(KEY).bias, kernel.spatial]
    start = torch.nn.utils.parameters_to_vector(free).detach().numpy().astype(float)

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        torch.nn.utils.vector_to_parameters(torch.tensor(vector, dtype=torch.float32), free)
        total = model.regularizer(KEY)
        for batch in batches:
            rate = model(batch.videos, batch.opto, KEY)
            total = total + len(batch.videos) / windows * poisson(rate[..., 5:], batch.responses[..., 5:])
        return total.item(), torch.cat([one.flatten() for one in torch.autograd.grad(total, free)]).numpy().astype(
            float
        )

    windows = sum(len(batch.videos) for batch in batches)
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).fun
    begun = loss(start)[0]
    with whitened(kernel, batches, model.head(KEY).mean_counts):
        refine(model, KEY, batches, free, 40, burn_in_frames=5)
    ended = loss(torch.nn.utils.parameters_to_vector(free).detach().numpy())[0]
    assert begun - best > 0.003
    assert ended == pytest.approx(best, abs=1e-5)


def test_whitening_is_left_with_the_weights_that_it_was_entered_with():
    model, loaders = built(session(1.0, 0.0))
    kernel, before = model.head(KEY).stimulus, {k: v.clone() for k, v in model.state_dict().items()}
    with whitened(kernel, list(loaders["train"][KEY]), model.head(KEY).mean_counts):
        assert torch.allclose(kernel.spatial, before["heads.one.stimulus.spatial"], atol=1e-6)
    assert model.state_dict().keys() == before.keys()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name], atol=1e-6, rtol=1e-4)


def test_a_fit_that_was_stopped_ends_as_one_that_ran_through(tmp_path):
    data = session(0.0, 0.1, trials=8)
    model, loaders = built(data)
    _, _, through = opto_last(model, loaders, 0, fit=FIT)

    class Stopped(Exception):
        pass

    class Stopping(Callback):
        def on_epoch(self, epoch, info):
            epochs.append(epoch)
            if stopping and epoch == 3:
                raise Stopped

    def followed():
        return Callbacks([Stopping(), Checkpoints(tmp_path / "fit", every_s=0)])

    stopping, epochs = True, []

    model, loaders = built(data)
    with pytest.raises(Stopped):
        opto_last(model, loaders, 0, cb=followed(), fit=FIT)
    model, loaders = built(data)
    stopping, epochs = False, []
    _, _, resumed = opto_last(model, loaders, 0, cb=followed(), fit=FIT)
    assert epochs[0] >= 3
    assert all(torch.equal(resumed[name], value) for name, value in through.items())


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"opto": "additive"}, "opto is spatial or temporal"), ({"opto": "none"}, "choose such a model")],
)
def test_a_model_in_which_the_light_changes_no_kernel_is_refused(changed, message):
    model, loaders = built(session(1.0, 0.0, trials=6), **changed)
    with pytest.raises(ConfigError, match=message):
        opto_last(model, loaders, 0, fit=FIT)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"iterations": 0}, "iterations is 0: expected"),
        ({"fit": {"max_epoch": 3}}, "did you mean 'max_epochs'"),
        ({"fit": {"learning_rate": -1.0}}, "learning_rate"),
    ],
)
def test_a_wrong_value_is_refused_before_a_fit(config, message):
    with pytest.raises(ConfigError, match=message):
        TRAINERS.check_values(TRAINERS.get("opto_last"), config)
