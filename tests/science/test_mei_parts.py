"""Parts of the MEI engine against optima that are known without it."""

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.mei.components.constraints import CONSTRAINTS, project
from dlgn_cnn.mei.components.preconditioners import PRECONDITIONERS, natural_amplitude
from dlgn_cnn.mei.synthesis.ascent import synthesize
from dlgn_cnn.mei.synthesis.config import synthesis
from dlgn_cnn.mei.synthesis.targets import Target

KEY, FRAMES, HEIGHT, WIDTH = "Mouse_s01_e01", 8, 7, 9
SHAPE, CPU = (FRAMES, HEIGHT, WIDTH), torch.device("cpu")
LINEAR = {"frames": FRAMES, "steps": 80, "objective": {"window_frames": 1}, "preconditioner": {"name": "none"}}
NORM = 0.15 * (FRAMES * HEIGHT * WIDTH) ** 0.5


class Cells(torch.nn.Module):
    """Rate of the last frame, ``rate(drives, light)`` of the drives (clip, filter) of random filters; one unit."""

    data_keys, frames_lost = (KEY,), 0

    def __init__(self, filters, rate):
        super().__init__()
        self.filters, self.rate = torch.nn.Parameter(filters), rate
        self.seen = []

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        self.seen.append((videos.detach()[:, 0].clone(), behavior, pupil_center))
        last = self.rate(torch.einsum("bthw,fthw->bf", videos[:, 0], self.filters), opto[:, -1])
        return torch.cat([0 * last.expand(-1, FRAMES - 1), last], 1)[:, None]


def filters(number, seed=70):
    """Orthonormal filters, so that optima can be written down; of no seed that a random start has."""
    drawn = torch.randn(FRAMES * HEIGHT * WIDTH, number, generator=torch.Generator().manual_seed(seed)).double()
    return torch.linalg.qr(drawn)[0].T.reshape(number, *SHAPE)


def first(drives, light):
    return drives[:, :1]


def climb(model, targets=None, low=-10.0, high=10.0, centers=None, **changed):
    config = synthesis(LINEAR | changed, (low, high))
    targets = targets or [Target(KEY, 0, False)]
    return synthesize([model.double().eval()], targets, config, (HEIGHT, WIDTH), CPU, centers=centers)


def cosine(one, other):
    one, other = np.ravel(one).astype(float), np.ravel(other).astype(float)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_filter_of_a_linear_cell_is_found():
    model = Cells(filters(1), first)
    (found,) = climb(model, patience=80)
    assert cosine(found.stimulus, model.filters[0].detach()) > 0.999
    assert found.activation == pytest.approx(NORM, rel=1e-3)


def test_an_energy_cells_optimum_lies_in_the_plane_of_its_two_filters():
    """Rate 2 a^2 + b^2 of unit drives a, b: at norm n it is 2 n^2, along the first filter with either sign."""
    model = Cells(filters(2), lambda drives, light: 2 * drives[:, :1] ** 2 + drives[:, 1:] ** 2)
    for found in climb(model, [Target(KEY, 0, False, seed) for seed in range(4)], patience=80):
        assert found.activation == pytest.approx(2 * NORM**2, rel=1e-4)
        assert abs(cosine(found.stimulus, model.filters[0].detach())) > 0.999


def test_the_most_inhibiting_stimulus_is_the_filter_turned_around():
    model = Cells(filters(1), first)
    (found,) = climb(model, objective={"name": "least_rate", "window_frames": 1})
    assert cosine(found.stimulus, model.filters[0].detach()) < -0.999
    assert found.activation == pytest.approx(-found.rates[0, -1], rel=1e-6)


def test_the_stimulus_of_the_difference_is_what_the_light_takes_away():
    """Intact a + b, suppressed a - b: alone each prefers a diagonal, their difference prefers b or its opposite."""
    model = Cells(filters(2), lambda drives, light: drives[:, :1] + (1 - 2 * light[:, None]) * drives[:, 1:])
    a, b = model.filters.detach()
    targets = [Target(KEY, 0, False), Target(KEY, 0, True)]
    for found, best in zip(climb(model, targets), (a + b, a - b), strict=True):
        assert cosine(found.stimulus, best) > 0.999
    both = climb(model, targets, objective={"name": "opto_difference", "window_frames": 1})
    for found, best in zip(both, (b, -b), strict=True):
        assert cosine(found.stimulus, best) > 0.999
        assert found.activation == pytest.approx(2 * NORM, rel=1e-3)
    assert both[0].rates[0, -1] - both[0].rates[1, -1] == pytest.approx(both[0].activation, rel=1e-5)


def test_every_stimulus_that_the_model_sees_meets_the_constraint():
    model, low, high = Cells(filters(1), first), -0.7, 1.1
    changed = {"aperture": {"name": "disc", "radius_px": 3}, "free_frames": [2, 7], "batch_size": 2}
    targets = [Target(KEY, 0, False, seed) for seed in range(3)]
    centers = [(0.25, -1 / 3)]
    found = climb(model, targets, low, high, **changed, constraint={"contrast": 0.4}, centers=centers)
    norm = 0.4 * (FRAMES * HEIGHT * WIDTH) ** 0.5
    shown = torch.cat([videos for videos, _, _ in model.seen[1:]]).numpy()
    assert len(shown) > 40
    np.testing.assert_allclose(np.linalg.norm(shown.reshape(len(shown), -1), axis=1), norm, rtol=1e-5)
    assert (shown.min(), shown.max()) >= (low, 0)
    assert shown.max() <= high
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    outside = (down - 2) ** 2 + (across - 5) ** 2 > 9
    assert not shown[:, :, outside].any()
    assert not shown[:, [0, 1, 7]].any()
    assert shown[:, 2:7, ~outside].any(0).all()
    assert all(one.violation < 1e-5 for one in found)


def test_violation_is_seen_where_there_is_one():
    mask = torch.ones(1, *SHAPE, dtype=torch.bool)
    mask[:, 0] = False
    constraint = CONSTRAINTS.build({"name": "rms_contrast", "contrast": 0.22, "low": -1.0, "high": 2.0})
    allowed = constraint.project(torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0)), mask)
    assert (constraint.violation(allowed, mask) < 1e-6).all()
    for spoil in (allowed * 1.01, allowed - 3 * (allowed == allowed.amin()), allowed + 0.1 * (~mask)):
        assert constraint.violation(spoil, mask).max() > 5e-3


def test_a_mask_too_small_for_the_norm_is_refused_before_the_first_step():
    model = Cells(filters(1), first)
    with pytest.raises(ConfigError, match=r"reach at most .* aperture or frames"):
        climb(model, high=1.0, low=-1.0, free_frames=[0, 1], constraint={"contrast": 0.9})
    with pytest.raises(ConfigError, match="center_px"):
        climb(model, aperture={"name": "disc", "radius_px": 3})
    assert not model.seen


def test_running_and_pupil_are_held_at_what_the_config_says():
    model = Cells(filters(1), first)
    climb(model, running=3.5, pupil_center=[0.2, -1], steps=2)
    _, behavior, pupil = model.seen[1]
    assert behavior.shape == pupil.shape == (1, 2, FRAMES)
    assert (behavior[0, 0] == 3.5).all()
    assert behavior[0, 1].isnan().all()
    assert torch.equal(pupil[0, :, 0], torch.tensor([0.2, -1], dtype=torch.float64))
    assert (pupil == pupil[..., :1]).all()


@pytest.mark.parametrize("name", ["natural_spectrum", "gaussian_blur"])
def test_preconditioners_are_positive_maps(name):
    basis = torch.eye(FRAMES * 12, dtype=torch.float64).view(-1, FRAMES, 3, 4)
    matrix = PRECONDITIONERS.build({"name": name})(basis, 0).flatten(1)
    torch.testing.assert_close(matrix, matrix.T, atol=1e-12, rtol=0)
    assert torch.linalg.eigvalsh(matrix).min() > -1e-8


def test_natural_amplitude_falls_with_frequency_as_photographs_do():
    amplitude = natural_amplitude((16, 32, 32), 1.0, 1.0)
    assert float(amplitude[0, 0, 4] / amplitude[0, 0, 8]) == pytest.approx(2)
    assert float(amplitude[2, 0, 0] / amplitude[4, 0, 0]) == pytest.approx(2)
    assert float(amplitude[0, 3, 4]) == pytest.approx(float(amplitude[0, 0, 5]))


class Detached(Cells):
    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        return super().forward(videos.detach(), opto, data_key)


@pytest.mark.parametrize(
    ("kind", "rate", "sentence"),
    [
        (Detached, first, "no gradient comes back"),
        (Cells, lambda drives, light: (drives[:, :1] * 0).sqrt(), "not finite"),
        (Cells, lambda drives, light: drives[:, :1] / 0, "not finite"),
        (Cells, lambda drives, light: drives[:, :1] * 0, "do not change with the stimulus"),
    ],
)
def test_a_broken_gradient_is_refused_before_the_first_step(kind, rate, sentence):
    model = kind(filters(1), rate)
    with pytest.raises(ModelError, match=sentence):
        climb(model)
    assert len(model.seen) == 1


def test_a_patch_too_small_for_the_norm_ends_on_its_bounds_and_the_rest_is_filled():
    """Of one bright and one dark pixel on gray, at a norm beyond both: no other point is nearer, and none is NaN."""
    patch = torch.zeros(1, 1, 2, 3)
    patch[0, 0, 0, 0], patch[0, 0, 0, 1] = 1.0, -0.5
    found = project(patch, 3.0, -1.0, 2.0)
    assert found.norm().item() == pytest.approx(3.0)
    assert (found[0, 0, 0, 0].item(), found[0, 0, 0, 1].item()) == (2.0, -1.0)
    assert found.flatten()[2:].square().sum().item() == pytest.approx(9 - 4 - 1)
    assert project(patch, 2.0, -1.0, 2.0).flatten()[2:].tolist() == [0.0] * 4
