"""MEIs of cells whose best stimulus is known without a synthesis."""

import contextlib
import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from dlgn_cnn.errors import ConfigError, DlgnError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.components.constraints import project
from dlgn_cnn.mei.components.preconditioners import GaussianBlur, blur_matrix
from dlgn_cnn.mei.synthesis.ascent import synthesize
from dlgn_cnn.mei.synthesis.checks import check
from dlgn_cnn.mei.synthesis.config import synthesis
from dlgn_cnn.mei.synthesis.methods import gradient_ascent
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.runtime.progress import silent
from tests.rounding import within_rounding

KEY, FRAMES, HEIGHT, WIDTH = "Mouse_s01_e01", 8, 7, 9
CPU = torch.device("cpu")
LINEAR = {"frames": FRAMES, "steps": 60, "objective": {"window_frames": 1}, "preconditioner": {"name": "none"}}
LINEAR |= {"precision": "float32"}  # a known optimum is reached to float32's digits, whatever the CPU is fast in


class LinearCells(torch.nn.Module):
    """Rate of the last frame = filter . clip; where the light is on, the filter is multiplied with ``opto_gain``."""

    data_keys, frames_lost = (KEY,), 0

    def __init__(self, units: int = 3, opto_gain: float = 1.0, seed: int = 0) -> None:
        super().__init__()
        # Of no seed that a random start has: the first filter would be where the ascent begins.
        generator = torch.Generator().manual_seed(seed + 70)
        filters = torch.randn(units, FRAMES, HEIGHT, WIDTH, generator=generator)
        self.filters, self.opto_gain = torch.nn.Parameter(filters), opto_gain

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        gain = 1 + (self.opto_gain - 1) * opto[:, -1]
        last = torch.einsum("bthw,uthw->bu", videos[:, 0], self.filters) * gain[:, None]
        return torch.cat([torch.zeros_like(last)[..., None].expand(-1, -1, FRAMES - 1), last[..., None]], -1)


def climb(models, targets, low=-10.0, high=10.0, progress=silent, **changed):
    config = synthesis(LINEAR | changed, (low, high))
    return synthesize(models, targets, config, (HEIGHT, WIDTH), CPU, progress)


def cosine(one, other) -> float:
    one, other = np.ravel(one).astype(float), np.ravel(other).astype(float)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_mei_of_a_linear_cell_is_its_filter():
    model = LinearCells().eval()
    for unit, found in enumerate(climb([model], [Target(KEY, unit, False) for unit in range(3)])):
        own = model.filters[unit].detach()
        assert cosine(found.stimulus, own) > 0.999
        norm = 0.15 * (FRAMES * HEIGHT * WIDTH) ** 0.5
        assert np.linalg.norm(found.stimulus) == pytest.approx(norm, rel=1e-5)
        assert found.activation == pytest.approx(float(own.norm()) * norm, rel=1e-3)


def test_mei_in_a_narrow_range_is_the_best_that_scipy_finds():
    model = LinearCells(units=1).eval()
    own, low, high, contrast = model.filters[0].detach().numpy().ravel().astype(float), -0.5, 1.2, 0.6
    (found,) = climb([model], [Target(KEY, 0, False)], low, high, constraint={"contrast": contrast})
    norm = contrast * own.size**0.5
    start = np.clip(own, low, high) * 0.5
    best = minimize(
        lambda x: -own @ x,
        start,
        jac=lambda x: -own,
        bounds=[(low, high)] * own.size,
        constraints={"type": "ineq", "fun": lambda x: norm**2 - x @ x, "jac": lambda x: -2 * x},
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-10},
    )
    assert best.success
    assert found.activation == pytest.approx(-best.fun, rel=1e-3)
    assert found.stimulus.min() >= low
    assert found.stimulus.max() <= high


def test_light_that_turns_a_filter_around_turns_its_mei_around():
    intact, suppressed = climb(
        [LinearCells(1, opto_gain=-1).eval()], [Target(KEY, 0, light) for light in (False, True)]
    )
    assert cosine(intact.stimulus, suppressed.stimulus) < -0.999
    assert intact.rates[0, -1] == pytest.approx(-intact.rates[1, -1])
    assert intact.activation == pytest.approx(intact.rates[0, -1])
    assert suppressed.activation == pytest.approx(suppressed.rates[1, -1])


def test_mei_of_several_models_is_that_of_their_mean():
    models = [LinearCells(1, seed=seed).eval() for seed in (1, 2)]
    (found,) = climb(models, [Target(KEY, 0, False)])
    assert cosine(found.stimulus, sum(model.filters[0].detach() for model in models)) > 0.999


def test_a_mei_does_not_depend_on_its_neighbors():
    # At its peak the activation is flat: in float32 its rounding, 6e-8, leaves the stimulus free by the square root.
    model = LinearCells().double().eval()
    targets = [Target(KEY, unit, light, seed) for unit in range(3) for light in (False, True) for seed in (0, 1)]
    together, apart = climb([model], targets), climb([model], targets, batch_size=1)
    for one, other in zip(together, apart, strict=True):
        assert one.stimulus.dtype == np.float64
        assert one.activation == pytest.approx(other.activation, rel=1e-13)
        np.testing.assert_allclose(one.stimulus, other.stimulus, atol=1e-7)


def test_the_models_weights_and_gradients_are_left_alone():
    model = LinearCells().eval()
    before = model.filters.detach().clone()
    climb([model], [Target(KEY, 0, False)])
    assert torch.equal(model.filters, before)
    assert model.filters.requires_grad
    assert model.filters.grad is None


def test_a_saved_history_never_ends_above_the_activation_that_is_returned():
    (found,) = climb([LinearCells().eval()], [Target(KEY, 0, False)])
    assert found.activation == pytest.approx(found.history.max(), rel=1e-5)
    assert 1 <= found.steps <= LINEAR["steps"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"step": 3}, "takes no 'step'.*steps"),
        ({"steps": 0}, "steps"),
        ({"frames": 2.5}, "frames"),
        ({"constraint": {"contrast": 1e4}}, "at most"),
        ({"constraint": {"contrats": 1}}, "contrats"),
        ({"objective": {"name": "mean_rat"}}, "mean_rate"),
        ({"objective": {"window_frames": 60}}, "window"),
        ({"optimizer": {"learning_rate": -1}}, "learning_rate"),
        ({"precision": "float16"}, "bfloat16"),
    ],
)
def test_a_wrong_config_is_refused_before_the_first_step(change, sentence):
    steps = []
    with pytest.raises(DlgnError, match=sentence):
        synthesize(
            [LinearCells().eval()],
            [Target(KEY, 0, False)],
            synthesis(LINEAR | change, (-2, 2)),
            (HEIGHT, WIDTH),
            CPU,
            lambda done, total: steps.append(done),
        )
    assert not steps


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        ([Target("Other_s01_e01", 0, False)], "no session"),
        ([Target(KEY, 3, False)], "units 0 to 2"),
        ([], "0 targets"),
        ([Target(KEY, 0, False), Target("Other_s01_e01", 0, False)], "one session at a time"),
    ],
)
def test_a_target_that_the_model_lacks_is_refused(targets, sentence):
    with pytest.raises(ModelError, match=sentence):
        climb([LinearCells().eval()], targets)


def test_a_model_in_training_mode_is_refused():
    with pytest.raises(ModelError, match="eval"):
        climb([LinearCells().train()], [Target(KEY, 0, False)])


def test_a_model_on_another_device_is_refused_before_the_first_step():
    steps, config, targets = [], synthesis(LINEAR, (-2, 2)), [Target(KEY, 0, False)]
    for model, device in ((LinearCells().to("meta"), CPU), (LinearCells(), torch.device("meta"))):
        with pytest.raises(ModelError, match=r"on (meta|cpu), the synthesis on (cpu|meta): move the model"):
            synthesize([model.eval()], targets, config, (HEIGHT, WIDTH), device, lambda done, total: steps.append(done))
    half = LinearCells().eval()
    half.register_buffer("grid", torch.zeros(1, device="meta"))
    with pytest.raises(ModelError, match="on cpu, meta"):
        synthesize([half], targets, config, (HEIGHT, WIDTH), CPU)
    assert not steps


@pytest.mark.parametrize(("place", "refused"), [("cuda:1", True), ("cuda:0", False), ("cuda", False), ("cpu", True)])
def test_another_gpu_is_another_device(place, refused):
    class Elsewhere(LinearCells):
        def parameters(self, recurse=True):
            return iter([types.SimpleNamespace(device=torch.device(place))])

    with pytest.raises(ModelError, match=r"move the model") if refused else contextlib.nullcontext():
        check([Elsewhere().eval()], [Target(KEY, 0, False)], torch.device("cuda:0"))


def test_an_ascent_stops_on_its_plateau_and_progress_ends_at_the_total():
    told, targets = [], [Target(KEY, unit, False) for unit in (0, 1, 2)]
    options = {"patience": 5, "tolerance": 1e-3, "batch_size": 2}
    found = climb([LinearCells().eval()], targets, progress=lambda *done: told.append(done), **options)
    for one in found:
        best = np.maximum.accumulate(one.history)
        grown = 1 + np.flatnonzero(one.history[1:] - best[:-1] > 1e-3 * np.abs(best[:-1]))
        assert one.steps == len(one.history) == grown[-1] + 1 + 5 < LINEAR["steps"]
    done = [done for done, _ in told]
    assert {total for _, total in told} == {2 * LINEAR["steps"]}
    assert done == sorted(done)
    assert done[-1] == 2 * LINEAR["steps"]
    slow = {"optimizer": {"name": "momentum", "learning_rate": 0.02, "decay": 1.0}}
    assert {one.steps for one in climb([LinearCells().eval()], targets, **options, **slow)} == {LINEAR["steps"]}


def test_the_method_keeps_within_what_a_screen_shows():
    info = DataInfo((0, 1, 2), (1, HEIGHT, WIDTH), 60.0, (0.1,) * 3, 100.0, 50.0, ((0.0, 0.0),) * 3)
    fit = LINEAR | {"constraint": {"contrast": 2.2}}
    (found,) = gradient_ascent([LinearCells().eval()], [Target(KEY, 0, False)], info, CPU, fit=fit)
    gray = found.stimulus * 50 + 100
    assert gray.min() >= -1e-3
    assert gray.max() <= 255 + 1e-3
    with pytest.raises(ConfigError, match=r"at most 3\.1"):
        gradient_ascent([LinearCells().eval()], [Target(KEY, 0, False)], info, CPU, fit={"constraint": {"contrast": 4}})


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.floats(0.05, 0.98), st.floats(0.2, 3), st.floats(0.2, 3))
def test_projection_is_in_the_set_and_nothing_in_it_is_nearer(seed, share, down, up):
    generator = torch.Generator().manual_seed(seed)
    proposals = torch.randn(2, 30, generator=generator, dtype=torch.float64) * 2
    norm = share * max(down, up) * 30**0.5
    found = project(proposals, norm, -down, up)
    assert torch.allclose(found.norm(dim=1), torch.tensor(norm, dtype=torch.float64), rtol=1e-5)
    assert found.min() >= -down
    assert found.max() <= up
    assert torch.allclose(project(found, norm, -down, up), found, atol=1e-5)
    for _ in range(20):
        other = project(torch.randn(2, 30, generator=generator, dtype=torch.float64), norm, -down, up)
        assert ((proposals * found).sum(1) >= (proposals * other).sum(1) - 1e-6).all()


def test_blur_is_a_positive_map_that_keeps_a_step_uphill():
    for size, sigma in ((9, 1.0), (40, 2.5)):
        matrix = blur_matrix(size, sigma)
        # Each entry is an exponential over a product of roots: two rounded steps on either side.
        assert within_rounding(matrix, matrix.T, 4)
        assert torch.linalg.eigvalsh(matrix).min() > -1e-8
    gradient = torch.randn(4, FRAMES, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    assert ((GaussianBlur(1.0, 1.0)(gradient) * gradient).sum((1, 2, 3)) > 0).all()
