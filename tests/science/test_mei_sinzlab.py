"""Components of other packages in the engine: sinzlab's conventions, torch's optimizers, neuro-mei's own loop."""

import sys
import types

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.mei.components.constraints import project
from dlgn_cnn.mei.synthesis.ascent import synthesize
from dlgn_cnn.mei.synthesis.config import synthesis
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.registry import allowing

KEY, SHAPE, CPU = "Mouse_s01_e01", (6, 7, 9), torch.device("cpu")
OPTIONS = {"frames": SHAPE[0], "steps": 60, "patience": 60, "objective": {"window_frames": 1}}
OPTIONS |= {"precision": "float32"}  # the filter is reached to float32's digits, whatever the CPU is fast in
PLAIN = OPTIONS | {"preconditioner": {"name": "none"}}


class Halved:
    """A precondition as a lab writes it for sinzlab's mei."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, tensor, i_iteration):
        assert tensor.shape[1:] == (1, *SHAPE)
        return tensor * self.factor


class ChangeNorm:
    def __init__(self, norm):
        self.norm = norm

    def __call__(self, tensor, i_iteration):
        return tensor * self.norm / tensor.norm()


@pytest.fixture(autouse=True)
def lab(monkeypatch):
    module = types.ModuleType("mylab")
    for part in (Halved, ChangeNorm):
        monkeypatch.setattr(part, "__module__", "mylab")
        setattr(module, part.__name__, part)
    module.Flat = lambda: lambda tensor, i_iteration: tensor.sum(1)
    module.Flat.__module__ = "mylab"
    monkeypatch.setitem(sys.modules, "mylab", module)
    with allowing({"mylab", "torch"}):
        yield


class LinearCells(torch.nn.Module):
    data_keys, frames_lost = (KEY,), 0

    def __init__(self, units=2):
        super().__init__()
        self.filters = torch.nn.Parameter(torch.randn(units, *SHAPE, generator=torch.Generator().manual_seed(70)))

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        # The light turns the second half of the picture's columns around.
        sign = 1 - 2 * opto[:, -1:, None, None] * (torch.arange(SHAPE[2]) > 4)
        last = torch.einsum("bthw,uthw->bu", videos[:, 0] * sign, self.filters)[..., None]
        return torch.cat([0 * last.expand(-1, -1, SHAPE[0] - 1), last], -1)


def climb(model, units=(0, 1), suppressed=False, **changed):
    config = synthesis(PLAIN | changed, (-10.0, 10.0))
    return synthesize([model.eval()], [Target(KEY, unit, suppressed) for unit in units], config, SHAPE[1:], CPU)


def cosine(one, other):
    one, other = np.ravel(one).astype(float), np.ravel(other).astype(float)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize(
    "changed",
    [
        {"preconditioner": {"path": "mylab.Halved", "kwargs": {"factor": 0.5}}},
        {"constraint": {"path": "mylab.ChangeNorm", "kwargs": {"norm": 4.0}}},
        {"optimizer": {"path": "torch.optim.Adam", "kwargs": {"lr": 0.05}}, "steps": 300, "patience": 300},
        {"optimizer": {"path": "torch.optim.SGD", "kwargs": {"lr": 0.5, "momentum": 0.5}}},
    ],
)
def test_a_component_of_sinzlabs_convention_leads_to_the_filter_too(changed):
    model = LinearCells()
    for unit, found in enumerate(climb(model, **changed)):
        assert cosine(found.stimulus, model.filters[unit].detach()) > 0.999
        if "constraint" in changed:
            assert np.linalg.norm(found.stimulus) == pytest.approx(4, rel=1e-5)
        assert found.violation < 1e-5


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"preconditioner": {"path": "other.Thing"}}, "not allowed"),
        ({"preconditioner": {"path": "mylab.Halved"}}, "needs 'factor'"),
        ({"preconditioner": {"path": "mylab.Halved", "kwargs": {"factor": 1}, "x": 1}}, "'kwargs' only"),
        ({"objective": {"path": "mylab.Halved"}}, "does not fit here"),
        ({"optimizer": {"path": "torch.optim.Adam", "kwargs": {"rate": 1}}}, "takes no 'rate'"),
        ({"free_frames": [3, 2]}, "free_frames"),
        ({"local": 1}, "expected bool"),
        ({"pupil_center": [1]}, "pupil_center"),
    ],
)
def test_a_component_that_does_not_fit_is_refused_by_name(changed, sentence):
    with pytest.raises(ConfigError, match=sentence):
        climb(LinearCells(), **changed)


def test_a_component_of_another_shape_is_refused():
    with pytest.raises(ModelError, match=r"returned shape .* expected"):
        climb(LinearCells(), preconditioner={"path": "mylab.Flat"})


def test_neuro_meis_own_loop_finds_the_same_stimulus():
    optimization = pytest.importorskip("mei.optimization")
    from mei.stoppers import NumIterations
    from mei.tracking import Tracker

    model = LinearCells().eval()
    (ours,) = climb(model, units=(0,), constraint={"contrast": 4.0 / np.prod(SHAPE) ** 0.5})
    start = torch.randn(1, 1, *SHAPE, generator=torch.Generator().manual_seed(3))
    mei = optimization.MEI(
        lambda clip: model(clip, torch.zeros(1, SHAPE[0]), KEY)[0, 0, -1],
        start,
        torch.optim.SGD([start.requires_grad_(True)], lr=1.0),
        False,
        False,
        postprocessing=lambda clip, step: project(clip, 4.0, -10.0, 10.0),
    )
    activation, theirs = optimization.optimize(mei, NumIterations(60), Tracker())
    assert ours.activation == pytest.approx(activation, rel=1e-4)
    assert cosine(ours.stimulus, theirs) > 0.999


def test_objectives_separate_what_the_light_turns_around():
    model = LinearCells().eval()
    own = model.filters[1].detach().numpy()
    kept, turned = own * (np.arange(SHAPE[2]) <= 4), own * (np.arange(SHAPE[2]) > 4)
    wanted = {
        ("mean_rate", False): kept + turned,
        ("mean_rate", True): kept - turned,
        ("opto_difference", False): turned,
        ("opto_difference", True): -turned,
    }
    for (objective, suppressed), stimulus in wanted.items():
        (found,) = climb(model, units=(1,), suppressed=suppressed, objective={"name": objective, "window_frames": 1})
        assert cosine(found.stimulus, stimulus) > 0.99, objective
        if (objective, suppressed) == ("opto_difference", False):
            assert found.activation == pytest.approx(found.rates[0, -1] - found.rates[1, -1], rel=1e-5)
