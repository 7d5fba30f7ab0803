"""Cores against answers that were found another way: by hand, by scipy, by torch's plain contiguous operations."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.cores.geometry import Layer
from dlgn_cnn.models.cores.hermite import turned_basis
from dlgn_cnn.models.cores.layers import TemporalConvolution, spatial_convolution, to_features, to_frames
from dlgn_cnn.models.regularizers import (
    LAPLACIAN,
    group_sparsity,
    laplace_energy,
    laplace_time_energy,
)
from tests.rounding import within_rounding

functional = torch.nn.functional
LAYERS = {"channels": [3, 4], "kernels": [5, 3]}
TIME = {"kernels_time": [3, 2]}


def seeded(function):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return function()


def core_of(name, size=(13, 17), incoming=1, **config):
    """A core in evaluation mode whose batch normalizations are not the identity."""
    core = seeded(lambda: CORES.build({"name": name, **config}, in_shape=(incoming, *size))).eval()
    generator = torch.Generator().manual_seed(1)
    for module in core.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            for values in (module.weight, module.bias, module.running_mean):
                values.data.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return core


def movie(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("size", "config"),
    [
        (14, {}),
        (15, {}),
        (15, {"dilations": [1, 2]}),
        (15, {"padding": "valid", "rotations": 4}),
        (15, {"strides": [2, 1]}),
    ],
)
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_rotation_equivariant_core_commutes_with_quarter_turns(size, config, quarters):
    core = core_of("rotation_equivariant_2d", (size, size), **LAYERS, **config).double()
    videos = movie(2, 1, 3, size, size).double()
    turned = core(torch.rot90(videos, quarters, (-2, -1)))
    rotations = config.get("rotations", 8)
    maps = torch.rot90(core(videos), quarters, (-2, -1)).unflatten(2, (rotations, -1))
    expected = maps.roll(quarters * rotations // 4, 2).flatten(2, 3)
    assert torch.allclose(turned, expected, atol=1e-12)
    assert not torch.allclose(turned, maps.flatten(2, 3), atol=0.1)


def test_hermite_filters_turn_as_neuralpredictors_turns_them(monkeypatch):
    hermite = pytest.importorskip("neuralpredictors.layers.hermite")
    # Its factorials are of floats, which Python no longer takes.
    monkeypatch.setattr(hermite, "math", SimpleNamespace(factorial=lambda number: math.factorial(int(number))))
    kernel, rotations = 7, 8
    ours = turned_basis(kernel, rotations)
    count = ours.shape[1]
    reference = hermite.RotateHermite(kernel, 2, rotations, first_layer=True)
    theirs = hermite.downsample_weights(reference(torch.eye(count)[:, None]), 2)[:, :, 0]
    theirs = theirs.permute(2, 0, 1).unflatten(0, (rotations, count))
    # Signs and norms are a convention.
    signs = functional.cosine_similarity(ours[0].flatten(1), theirs[0].flatten(1))
    assert torch.allclose(signs.abs(), torch.ones(count), atol=1e-5)
    for rotation in range(rotations):
        pair = ours[rotation].flatten(1), theirs[rotation].flatten(1)
        assert torch.allclose(functional.cosine_similarity(*pair), signs.sign(), atol=1e-5)


def test_an_eighth_turn_of_a_smooth_filter_is_that_of_an_interpolating_rotation():
    basis = turned_basis(21, 8).double()
    weights = torch.zeros(basis.shape[1]).double()
    weights[:6] = torch.tensor([0.3, 1.0, -0.5, 0.2, 0.4, 0.7])
    filters = torch.einsum("f,rfyx->ryx", weights, basis)
    turned = ndimage.rotate(filters[0].numpy(), 45, reshape=False, order=3)
    assert np.corrcoef(turned.ravel(), filters[1].numpy().ravel())[0, 1] > 0.999


LAYER = Layer(2, 4, kernel=3, stride=2, dilation=2, padding=2, kernel_time=3, dilation_time=2)


def test_factorized_layer_is_a_full_3d_convolution_with_a_product_kernel():
    spatial, temporal = seeded(lambda: (spatial_convolution(LAYER).double(), TemporalConvolution(4, 5, 3, 2).double()))
    videos = movie(2, 2, 9, 11, 14).double()
    found = to_features(temporal(spatial(to_frames(videos)), batch=2), batch=2)
    kernel = torch.einsum("omt,mcyx->octyx", temporal.weight[..., 0], spatial.weight)
    full = functional.conv3d(videos, kernel, stride=(1, 2, 2), padding=(0, 2, 2), dilation=(2, 2, 2))
    assert torch.allclose(found, full.permute(2, 0, 1, 3, 4), atol=1e-12)


def contiguous(module, maps):
    """A convolution or normalization of 2D or 3D as torch's 3D one, on contiguous maps."""
    if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
        statistics = [values.clone() for values in (module.running_mean, module.running_var)]
        return functional.batch_norm(maps, *statistics, module.weight, module.bias, module.training)
    if isinstance(module, TemporalConvolution):
        return functional.conv3d(maps, module.weight[..., None], None, 1, 0, (module.spacing, 1, 1), module.groups)
    if isinstance(module, nn.Conv2d):
        stride, padding, dilation = (1, *module.stride), (0, *module.padding), (1, *module.dilation)
        return functional.conv3d(maps, module.weight[:, :, None], module.bias, stride, padding, dilation, module.groups)
    if isinstance(module, nn.Conv3d):
        stride, padding, dilation = module.stride, module.padding, module.dilation
        return functional.conv3d(maps, module.weight, module.bias, stride, padding, dilation, module.groups)
    if isinstance(module, nn.Sequential):
        for part in module:
            maps = contiguous(part, maps)
        return maps
    return module(maps)


def plain_sequence(core, videos):
    return contiguous(core.layers, videos)


def plain_factorized(core, videos):
    for layer in core.layers:
        for part in (layer.spatial, layer.temporal, layer.norm, layer.nonlinearity):
            videos = contiguous(part, videos)
    return videos


@pytest.mark.parametrize(("frames", "spacing"), [(9, 1), (9, 2), (9, 3), (10, 3), (11, 3), (7, 3)])
def test_temporal_convolution_is_torchs_dilated_one_in_bfloat16_too(frames, spacing):
    temporal = seeded(lambda: TemporalConvolution(5, 5, 3, spacing))
    videos, found = movie(2, 5, frames, 4, 6), []
    for low in (False, True):
        temporal.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            features = to_features(temporal(to_frames(videos), batch=2), batch=2).float()
        (features * movie(*features.shape, seed=2)).sum().backward()
        found.append((features.detach(), temporal.weight.grad))
    temporal.zero_grad()
    exact = functional.conv3d(videos, temporal.weight[..., None], None, 1, 0, (spacing, 1, 1))
    exact = exact.permute(2, 0, 1, 3, 4)
    (exact * movie(*exact.shape, seed=2)).sum().backward()
    for ours, rough, expected in zip(*found, (exact, temporal.weight.grad), strict=True):
        assert torch.allclose(ours, expected, atol=1e-4)
        assert torch.allclose(rough, expected, atol=0.02 * expected.abs().max().item())


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("name", "plain", "config"),
    [
        ("stacked_2d", plain_sequence, {"strides": [2, 1], "dilations": [1, 2]}),
        ("stacked_2d", plain_sequence, {"padding": "valid"}),
        ("conv_3d", plain_sequence, TIME | {"dilations_time": [2, 1]}),
        ("factorized_3d", plain_factorized, TIME | {"dilations_time": [2, 1], "padding": "valid"}),
    ],
)
@pytest.mark.parametrize("incoming", [1, 2])
def test_core_is_its_plainly_written_self_in_output_and_gradient(name, plain, config, incoming, training):
    # In float64, where rounding is far below what a wrong term would be.
    core = core_of(name, incoming=incoming, **LAYERS, **config).train(training).double()
    found = []
    for forward in (lambda videos: core(videos), lambda videos: plain(core, videos).permute(2, 0, 1, 3, 4)):
        core.zero_grad()
        videos = movie(2, incoming, 9, 13, 17).double().requires_grad_()
        features = forward(videos)
        (features * movie(*features.shape, seed=2)).mean().backward()
        found.append([features.detach(), videos.grad, *(weight.grad for weight in core.parameters())])
    # A weight's gradient is a sum over all places of the movie, and so are a training batch's statistics in each layer.
    for ours, expected in zip(*found, strict=True):
        assert within_rounding(ours, expected, 4 * 2 * 9 * 13 * 17)


@pytest.mark.parametrize("name", CORES.names())
@pytest.mark.parametrize("incoming", [1, 2])
def test_a_pixels_channels_stay_together_in_memory(name, incoming):
    core = core_of(name, incoming=incoming, **LAYERS, **(TIME if name.endswith("3d") else {}))
    assert core(movie(2, incoming, 9, 13, 17)).stride(2) == 1


def test_laplace_energy_is_scipys_and_its_stencil_ignores_planes():
    filters = movie(2, 3, 5, 5).numpy()
    curvature = [ndimage.correlate(one, np.array(LAPLACIAN), mode="constant") for one in filters.reshape(-1, 5, 5)]
    assert np.isclose(laplace_energy(torch.tensor(filters)).item(), np.square(curvature).mean(), rtol=1e-5)
    y, x = np.mgrid[:9, :9]
    plane = ndimage.correlate((2.0 * x - y), np.array(LAPLACIAN), mode="constant")
    assert np.allclose(plane[1:-1, 1:-1], 0)
    assert not np.allclose(plane[0], 0)


def test_laplace_time_energy_is_zero_on_ramps_and_counts_the_second_difference():
    ramp = torch.linspace(-1, 2, 7)[None, None, :, None, None].expand(2, 3, 7, 5, 5)
    assert laplace_time_energy(ramp) < 1e-12
    impulse = torch.zeros(1, 1, 5, 1)
    impulse[0, 0, 2] = 3.0
    # Differences 1, -2, 1 times 3 about the impulse.
    assert torch.isclose(laplace_time_energy(impulse), torch.tensor((9 + 36 + 9) / 3))
    assert laplace_time_energy(torch.ones(2, 3, 2, 1)) == 0


@pytest.mark.parametrize("name", ["stacked_2d", "conv_3d", "factorized_3d"])
def test_group_sparsity_of_a_core_is_the_mean_norm_of_later_kernels(name):
    config = {} if name == "stacked_2d" else {"kernels_time": [2, 2, 2]}
    core = core_of(name, channels=[3, 4, 2], kernels=[3, 3, 5], group_sparsity_weight=0.5, **config)
    convolutions = [layer.spatial for layer in core.layers] if name == "factorized_3d" else list(core.layers)[::3]
    means = []
    for convolution in convolutions[1:]:
        kernels = convolution.weight.detach().numpy()
        means.append(np.mean([np.sqrt(np.square(kernel).sum()) for row in kernels for kernel in row]))
    assert np.isclose(core.regularizer().item(), 0.5 * np.mean(means), rtol=1e-5)
    assert group_sparsity([torch.full((2, 2, 1), 3.0), torch.full((4, 4, 1), 1.0)]) == 2.0
