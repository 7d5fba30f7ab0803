"""Models against answers that were found another way."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import poisson as scipy_poisson

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts.gaussian import GaussianReadout
from dlgn_cnn.models.recurrent.conv_gru import GATES, SWITCHES, ConvGru
from dlgn_cnn.models.regularizers import laplace_energy
from dlgn_cnn.training.losses import poisson

torch_functional = torch.nn.functional


def plain_gru(gru, features, opto):
    """The equations of ConvGru's docstring, one frame and one gate at a time."""
    channels = gru.out_channels
    state = torch.zeros(features.shape[1], channels, *features.shape[-2:])
    states = []
    for frame, light in zip(features, opto, strict=True):
        drive = {}
        for index, gate in enumerate(GATES):
            rows = slice(index * channels, (index + 1) * channels)
            x = torch_functional.conv2d(frame, gru.from_input.weight[rows], gru.from_input.bias[rows], padding="same")
            s = torch_functional.conv2d(state, gru.from_state.weight[rows], padding="same")
            lit = light[:, None, None, None]
            for path, module in (("input", gru.light_input), ("state", gru.light_state)):
                if index in module.gates:
                    row = module.gates.index(index)
                    gain, shift = (p[row][None, :, None, None] for p in (module.gain, module.shift))
                    if path == "input":
                        x = (1 + gain * lit) * x + shift * lit
                    else:
                        s = (1 + gain * lit) * s + shift * lit
            drive[gate] = (x, s)
        update = torch.sigmoid(sum(drive["update"]))
        reset = torch.sigmoid(sum(drive["reset"]))
        candidate = torch.tanh(drive["candidate"][0] + reset * drive["candidate"][1])
        state = update * state + (1 - update) * candidate
        states.append(state)
    return torch.stack(states)


def some_gru(light):
    torch.manual_seed(0)
    gru = ConvGru(3, 4, kernel_input=3, kernel_state=5, light=light)
    for module in (gru.light_input, gru.light_state):
        torch.nn.init.normal_(module.gain)
        torch.nn.init.normal_(module.shift)
    return gru


SUBSETS = [list(s) for n in (0, 1, 2, 6) for s in itertools.combinations(SWITCHES, n)]


@pytest.mark.parametrize("light", SUBSETS, ids="+".join)
def test_conv_gru_is_its_equations_in_output_and_gradient(light):
    gru = some_gru(light)
    features = torch.randn(6, 2, 3, 7, 8)
    opto = (torch.rand(6, 2) > 0.5).float()
    weights = torch.randn(6, 2, 4, 7, 8)
    gradients = []
    for output in (gru(features, opto)[0], plain_gru(gru, features, opto)):
        gru.zero_grad()
        (output * weights).sum().backward()
        gradients.append([output.detach(), *(p.grad.clone() for p in gru.parameters() if p.numel())])
    for ours, plain in zip(*gradients, strict=True):
        assert torch.allclose(ours, plain, atol=1e-5, rtol=1e-4)


def test_each_light_switch_is_another_model():
    features, opto = torch.randn(6, 2, 3, 7, 8), torch.ones(6, 2)
    outputs = [some_gru([switch])(features, opto)[0] for switch in SWITCHES]
    for one, other in itertools.combinations(outputs, 2):
        assert not torch.allclose(one, other)


def test_in_the_dark_the_light_switches_do_nothing():
    features, dark = torch.randn(6, 2, 3, 7, 8), torch.zeros(6, 2)
    assert torch.equal(some_gru(list(SWITCHES))(features, dark)[0], some_gru([])(features, dark)[0])


def test_a_state_passed_on_continues_the_clip():
    gru, features, opto = some_gru(list(SWITCHES)), torch.randn(6, 2, 3, 7, 8), torch.rand(6, 2)
    whole, last = gru(features, opto)
    first, state = gru(features[:4], opto[:4])
    rest, end = gru(features[4:], opto[4:], state)
    assert torch.allclose(torch.cat([first, rest]), whole, atol=1e-6)
    assert torch.allclose(end, last, atol=1e-6)


def test_an_unknown_light_switch_names_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean 'update\.input'"):
        ConvGru(3, 4, light=["updat.input"])


def test_gaussian_readout_equals_neuralpredictors():
    gaussian = pytest.importorskip("neuralpredictors.layers.readouts.gaussian")
    generator = torch.Generator().manual_seed(0)
    ours = GaussianReadout((5, 9, 12), 7, torch.rand(7, 2) - 0.5, torch.randn(7), generator).eval()
    theirs = gaussian.FullGaussian2d((5, 9, 12), 7, bias=True, gauss_type="full").eval()
    with torch.no_grad():
        theirs._mu.copy_(ours.mean[None, :, None])
        theirs._features.copy_(ours.features.T[None, :, None])
        theirs.bias.copy_(ours.bias)
    features = torch.randn(4, 3, 5, 9, 12)
    shifts = 0.1 * torch.randn(4, 3, 2)
    found = ours(features, shifts)
    expected = torch.stack([theirs(frame, shift=shift) for frame, shift in zip(features, shifts, strict=True)])
    assert torch.allclose(found, expected, atol=1e-6)


def test_gaussian_positions_have_the_learned_covariance():
    readout = GaussianReadout((2, 9, 12), 1, torch.zeros(1, 2), torch.zeros(1), torch.Generator().manual_seed(0))
    factor = torch.tensor([[[0.10, 0.0], [0.05, 0.08]]])
    with torch.no_grad():
        readout.mean.zero_()
        readout.covariance_factor.copy_(factor)
    drawn = readout.positions(20000)[:, 0].detach().numpy()
    assert np.allclose(np.cov(drawn.T), (factor[0] @ factor[0].T).numpy(), atol=5e-4)


def test_laplace_energy_is_zero_on_a_plane_and_grows_with_roughness():
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(9.0), indexing="ij")
    inner = torch_functional.conv2d(
        (2 * x - y)[None, None], torch.tensor([[0.25, 0.5, 0.25], [0.5, -3, 0.5], [0.25, 0.5, 0.25]])[None, None]
    )
    assert inner.abs().max() < 1e-5
    bump = torch.exp(-((x - 4) ** 2 + (y - 4) ** 2) / 8)[None, None]
    rough = torch.randn(1, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    assert laplace_energy(rough / rough.norm()) > 10 * laplace_energy(bump / bump.norm())


def test_poisson_loss_is_scipys_likelihood():
    rate = torch.rand(2, 3, 50) + 0.05
    counts = torch.poisson(rate)
    expected = -scipy_poisson.logpmf(counts.numpy(), rate.numpy()) - torch.lgamma(counts + 1).numpy()
    assert np.isclose(poisson(rate, counts).item(), expected.mean(), atol=1e-5)


@pytest.mark.parametrize("name", OUTPUTS.names())
def test_output_inverts(name):
    output, rate = OUTPUTS.get(name)(), torch.tensor([0.01, 0.1, 0.5, 2.0])
    assert torch.allclose(output(output.inverse(rate)), rate, rtol=1e-3)


def test_an_unknown_session_names_those_it_has():
    info = {"a": DataInfo((1,), (1, 9, 9), 60.0, (0.1,), 0.0, 1.0, ((0.0, 0.0),))}
    core = {"name": "stacked_2d", "channels": [2], "kernels": [3]}
    model = encoder(info, 0, core=core, readout={"name": "gaussian"})
    with pytest.raises(ModelError, match="it has a"):
        model(torch.zeros(1, 1, 3, 9, 9), torch.zeros(1, 3), "b")
