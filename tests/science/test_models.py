"""Models against answers that were found another way."""

import numpy as np
import pytest
import torch
from scipy.stats import poisson as scipy_poisson

from dlgn_cnn.errors import ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts.gaussian import GaussianReadout
from dlgn_cnn.models.regularizers import laplace_energy
from dlgn_cnn.training.losses import poisson

torch_functional = torch.nn.functional


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
