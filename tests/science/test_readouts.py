"""Readouts and shifters against neuralpredictors, each other and answers found by hand."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts import READOUTS, places
from dlgn_cnn.models.readouts.factorized import FactorizedReadout
from dlgn_cnn.models.readouts.gaussian import GaussianReadout
from dlgn_cnn.models.readouts.places import reflected, shifted
from dlgn_cnn.models.shifters.mlp import AffineShifter, MlpShifter

SHAPE, UNITS = (5, 9, 12), 7
# Of a drive: a mask over all features.
PRODUCTS = 5 * 9 * 12
INFO = DataInfo((1,), (1, 9, 9), 60.0, (0.1,), 0.0, 1.0, ((0.0, 0.0),), pupil_mean=(40.0, -3.0), pupil_std=(5.0, 0.5))
CORE = {"name": "stacked_2d", "channels": [3], "kernels": [3]}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def given(generator):
    centers, bias = torch.rand(UNITS, 2, generator=generator) - 0.5, torch.randn(UNITS, generator=generator)
    return {"in_shape": SHAPE, "units": UNITS, "centers": centers, "bias": bias, "generator": generator}


def maps(generator, time=4, clips=3):
    return torch.randn(time, clips, *SHAPE, generator=generator)


def frame_by_frame(theirs, features, shifts=None):
    shifts = [None] * len(features) if shifts is None else shifts
    return torch.stack([theirs(frame, shift=shift) for frame, shift in zip(features, shifts, strict=True)])


@pytest.mark.parametrize("gauss_type", ["full", "uncorrelated", "isotropic"])
def test_gaussian_positions_spread_as_neuralpredictors_say(generator, gauss_type):
    gaussian = pytest.importorskip("neuralpredictors.layers.readouts.gaussian")
    ours = GaussianReadout(**given(generator), gauss_type=gauss_type)
    theirs = gaussian.FullGaussian2d(SHAPE, UNITS, bias=False, gauss_type=gauss_type)
    with torch.no_grad():
        ours.covariance_factor.mul_(torch.rand(ours.covariance_factor.shape, generator=generator))
        theirs._mu.copy_(ours.mean[None, :, None])
        theirs.sigma.copy_(ours.covariance_factor.reshape(theirs.sigma.shape))
        torch.manual_seed(0)
        found, expected = ours.positions(20000).numpy(), theirs.sample_grid(20000).squeeze(2).numpy()
    for unit in range(UNITS):
        assert np.allclose(np.cov(found[:, unit].T), np.cov(expected[:, unit].T), atol=5e-4)


def test_predicted_means_equal_neuralpredictors(generator):
    gaussian = pytest.importorskip("neuralpredictors.layers.readouts.gaussian")
    arguments = given(generator)
    ours = GaussianReadout(**arguments, init_mean="center", retinotopy_layers=2, retinotopy_hidden=6).eval()
    predictor = {"hidden_layers": 1, "hidden_features": 6}
    centers = arguments["centers"].numpy()
    theirs = gaussian.FullGaussian2d(SHAPE, UNITS, bias=True, grid_mean_predictor=predictor, source_grid=centers).eval()
    with torch.no_grad():
        for part in ours.mean_of.map.parameters():
            part.add_(0.2 * torch.randn(part.shape, generator=generator))
        theirs.mu_transform.load_state_dict(ours.mean_of.map.state_dict())
        ours.mean_of.centers.copy_(theirs.source_grid)
        theirs._features.copy_(ours.features.T[None, :, None])
        theirs.bias.copy_(ours.bias)
    features = maps(generator)
    assert torch.allclose(ours(features), frame_by_frame(theirs, features), atol=1e-6)


def test_predicted_means_start_near_the_linear_fields(generator):
    arguments = given(generator)
    places = GaussianReadout(**arguments, retinotopy_layers=2).eval().positions(1)[0]
    assert torch.allclose(places, arguments["centers"], atol=0.05)


def test_places_beyond_an_edge_are_mirrored_as_numpy_pads():
    pixels = 5
    mirrored = np.pad(np.linspace(-1, 1, pixels), 2 * pixels, mode="reflect")
    beyond = torch.arange(-2 * pixels, 3 * pixels) / (pixels - 1) * 2 - 1
    assert np.allclose(reflected(beyond).numpy(), mirrored, atol=1e-6)


@pytest.mark.parametrize("away", [1.2, -1.2])
def test_a_unit_that_left_the_picture_finds_back(generator, away):
    """What it should read lies inside; clamped to the edge, its mean would have no gradient."""
    ramp = torch.linspace(-1, 1, 12).expand(1, 1, 1, 9, 12)
    readout = GaussianReadout((1, 9, 12), 1, torch.tensor([[away, 0.0]]), torch.zeros(1), generator, init_sigma=0.0)
    with torch.no_grad():
        readout.features.fill_(1.0)
    optimizer = torch.optim.SGD([readout.mean], lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        (readout(ramp) - 0.3).square().sum().backward()
        optimizer.step()
    assert readout.positions(1)[0, 0, 0].item() == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("constrain_pos", [True, False])
def test_factorized_readout_equals_neuralpredictors(generator, normalize, constrain_pos):
    factorized = pytest.importorskip("neuralpredictors.layers.readouts.factorized")
    ours = FactorizedReadout(**given(generator), normalize=normalize, constrain_pos=constrain_pos)
    theirs = factorized.SpatialXFeatureLinear(SHAPE, UNITS, bias=True, normalize=normalize, constrain_pos=constrain_pos)
    with torch.no_grad():
        ours.mask.copy_(torch.randn(ours.mask.shape, generator=generator))
        ours.features.copy_(torch.randn(ours.features.shape, generator=generator))
        theirs.spatial.copy_(ours.mask)
        theirs._features.copy_(ours.features)
        theirs.bias.copy_(ours.bias)
    features = maps(generator)
    expected = frame_by_frame(theirs, features)
    assert torch.allclose(ours(features), expected, rtol=1e-6, atol=1e-6 * expected.abs().max().item())
    weights = torch.randn(expected.shape, generator=generator)
    (ours(features) * weights).sum().backward()
    (expected * weights).sum().backward()
    assert torch.allclose(ours.mask.grad, theirs.spatial.grad, atol=1e-4)
    assert torch.allclose(ours.features.grad, theirs._features.grad, atol=1e-4)


def test_factorized_penalty_is_the_l1_norms_of_what_acts(generator):
    readout = FactorizedReadout(**given(generator), init_mask="noise", mask_weight=0.5, feature_weight=2.0)
    mask = readout.mask.detach().numpy()
    mask = mask / np.linalg.norm(mask, axis=(1, 2), keepdims=True)
    expected = 0.5 * np.abs(mask).sum() + 2 * np.abs(readout.features.detach().numpy()).sum()
    assert readout.regularizer().item() == pytest.approx(expected, rel=2e-4)


def test_masks_start_where_the_linear_fields_peak(generator):
    centers = torch.tensor([[-1.0, -1.0], [1.0, -0.5], [0.0, 0.0]])
    readout = FactorizedReadout((2, 9, 13), 3, centers, torch.zeros(3), generator)
    peaks = [np.unravel_index(mask.argmax(), mask.shape) for mask in readout.mask.detach().numpy()]
    assert [(int(row), int(column)) for row, column in peaks] == [(0, 0), (2, 12), (4, 6)]


def test_a_mask_of_one_pixel_is_a_gaussian_readout_there_with_and_without_shift(generator):
    """So a shift means the same to both readouts, in sign, axis and unit."""
    arguments = given(generator) | {"centers": torch.tensor([[-1 + 2 * 4 / 11, -1 + 2 * 6 / 8]] * UNITS)}
    masked, pointed = FactorizedReadout(**arguments), GaussianReadout(**arguments).eval()
    with torch.no_grad():
        masked.mask.zero_()
        masked.mask[:, 6, 4] = 1.0
        masked.features.copy_(pointed.features)
    features, shifts = maps(generator), 0.6 * torch.randn(4, 3, 2, generator=generator)
    for shift in (None, shifts):
        assert torch.allclose(masked(features, shift), pointed(features, shift), atol=1e-5)


def test_shifted_maps_are_scipys(generator):
    features, shifts = maps(generator), 0.3 * torch.randn(4, 3, 2, generator=generator)
    found = shifted(features, shifts)
    rows, columns = np.meshgrid(np.arange(9.0), np.arange(12.0), indexing="ij")
    x, y = shifts[2, 1].tolist()
    at = np.stack([rows + y * 8 / 2, columns + x * 11 / 2])
    expected = map_coordinates(features[2, 1, 3].numpy(), at, order=1, mode="grid-constant")
    assert np.allclose(found[2, 1, 3].numpy(), expected, atol=1e-5)


def looking(generator):
    pupil = (
        torch.randn(2, 2, 11, generator=generator) * torch.tensor([5.0, 0.5])[:, None]
        + torch.tensor([40.0, -3])[:, None]
    )
    return pupil, ((pupil - torch.tensor([40.0, -3])[:, None]) / torch.tensor([5.0, 0.5])[:, None]).permute(2, 0, 1)


@pytest.mark.parametrize("layers", [1, 3])
def test_mlp_shifter_equals_neuralpredictors(generator, layers):
    shifters = pytest.importorskip("neuralpredictors.layers.shifters")
    ours = MlpShifter(INFO, generator, layers=layers, hidden=4)
    theirs = shifters.MLPShifter(["a"], hidden_channels_shifter=4, shift_layers=layers)
    with torch.no_grad():
        for part in ours.mlp.parameters():
            part.add_(torch.randn(part.shape, generator=generator))
    theirs["a"].mlp.load_state_dict(ours.mlp.state_dict())
    pupil, standardized = looking(generator)
    expected = torch.stack([theirs["a"](frame) for frame in standardized])
    assert expected.abs().max() > 0.1
    assert torch.allclose(ours(pupil), expected, atol=1e-6)


def test_affine_shifter_equals_neuralpredictors(generator):
    shifters = pytest.importorskip("neuralpredictors.layers.shifters")
    ours = AffineShifter(INFO, generator, l2_weight=0.3)
    theirs = shifters.StaticAffine2dShifter(["a"], gamma_shifter=0.3)
    with torch.no_grad():
        for part, other in zip(ours.mlp.parameters(), theirs["a"].parameters(), strict=True):
            part.add_(torch.randn(part.shape, generator=generator))
            other.copy_(part)
    pupil, standardized = looking(generator)
    expected = torch.stack([theirs["a"](frame) for frame in standardized])
    assert torch.allclose(ours(pupil), expected, atol=1e-6)
    assert ours.regularizer().item() == pytest.approx(theirs.regularizer("a").item())


@pytest.mark.parametrize("kind", [AffineShifter, MlpShifter])
def test_shifts_start_near_zero_and_are_zero_where_the_pupil_is_missing(generator, kind):
    shifter = kind(INFO, generator)
    pupil, _ = looking(generator)
    assert shifter(pupil).abs().max() < 0.05
    with torch.no_grad():
        for part in shifter.parameters():
            part.add_(1.0)
    pupil[0, 0, 3], pupil[1, 1, 5] = float("nan"), float("nan")
    missing = torch.zeros(11, 2, dtype=torch.bool)
    missing[3, 0], missing[5, 1] = True, True
    shift = shifter(pupil)
    assert torch.equal(shift[missing], torch.zeros(2, 2))
    assert (shift[~missing] != 0).all()
    shift.sum().backward()
    assert all(part.grad.isfinite().all() for part in shifter.parameters())


def test_a_batch_of_one_session_moves_the_shared_core_and_no_other_session():
    infos = {name: INFO for name in ("a", "b")}
    parts = {"readout": {"name": "factorized"}, "shifter": {"name": "mlp"}, "modulators": [{"name": "behavior"}]}
    model = encoder(infos, 0, core=CORE, **parts)
    pupil = looking(torch.Generator().manual_seed(0))[0]
    drawn = torch.Generator().manual_seed(1)
    videos, behavior = torch.randn(2, 1, 11, 9, 9, generator=drawn), torch.randn(2, 2, 11, generator=drawn)
    model(videos, torch.rand(2, 11, generator=drawn), "a", behavior, pupil).sum().backward()
    reached = {key: {p.grad is not None and bool(p.grad.any()) for p in model.head(key).parameters()} for key in infos}
    assert reached == {"a": {True}, "b": {False}}
    assert all(p.grad.any() for p in model.core.parameters())
    apart = {id(p) for p in model.head("a").parameters()} & {id(p) for p in model.head("b").parameters()}
    assert not apart


def test_outputs_neither_overflow_nor_vanish():
    drive = torch.tensor([-30.0, -10.0, 0.0, 3.0, 90.0, 1e4], requires_grad=True)
    for name in ("exponential", "elu_plus_one"):
        rate = OUTPUTS.get(name)()(drive)
        assert torch.allclose(rate[:2], torch.tensor([-30.0, -10.0]).double().exp().float(), rtol=1e-5)
        (slope,) = torch.autograd.grad(rate.sum(), drive)
        assert rate.isfinite().all()
        assert slope.isfinite().all()
        assert (slope > 0).all()
    rate = OUTPUTS.get("exponential")()(drive)
    assert torch.allclose(rate[:4], drive[:4].exp(), rtol=1e-6)
    assert torch.allclose(OUTPUTS.get("elu_plus_one")()(drive[2:]), torch.nn.functional.elu(drive[2:]) + 1)


@pytest.mark.parametrize("kind", ["gaussian", "factorized"])
def test_a_shifter_finds_how_the_picture_moved_with_the_eye(generator, kind):
    """The truth: a rotated, scaled image of the pupil's position, seen through a fixed readout of smooth maps."""
    features = torch.nn.functional.avg_pool2d(torch.randn(1, 40, *SHAPE, generator=generator)[0], 3, 1, 1)[None]
    readout = READOUTS.build({"name": kind}, **given(generator)).eval().requires_grad_(False)
    pupil, turn = torch.randn(40, 2, 1, generator=generator), torch.tensor([[0.15, -0.1], [0.1, 0.15]])
    true = torch.tanh(pupil.permute(2, 0, 1) @ turn)
    target = readout(features, true)
    shifter = AffineShifter(dataclasses.replace(INFO, pupil_mean=(0.0, 0.0), pupil_std=(1.0, 1.0)), generator)
    optimizer = torch.optim.Adam(shifter.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        (readout(features, shifter(pupil)) - target).square().mean().backward()
        optimizer.step()
    assert (shifter(pupil) - true).abs().max() < 0.02


@pytest.mark.parametrize("beyond", [False, True])
def test_reading_that_repeats_is_bilinear_sampling(monkeypatch, beyond):
    """What stands in for cuDNN's sampling where bits must repeat: values and gradients are those of grid_sample."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(3, 2, 5, 7, generator=generator, dtype=torch.float64, requires_grad=True)
    points = (torch.rand(3, 4, 2, generator=generator, dtype=torch.float64) * 2 - 1) * (1.3 if beyond else 1.0)
    points.requires_grad_(True)
    shift = 0.2 * torch.randn(1, 3, 2, generator=generator, dtype=torch.float64)
    found = []
    for repeats in (False, True):
        monkeypatch.setattr(places, "repeatable", lambda maps, repeats=repeats: repeats)
        read, moved = places.read_points(maps, points), places.shifted(maps[None], shift)
        found.append((read, moved, *torch.autograd.grad(read.square().sum() + moved.square().sum(), (maps, points))))
    for sampled, product in zip(*found, strict=True):
        torch.testing.assert_close(product, sampled)
