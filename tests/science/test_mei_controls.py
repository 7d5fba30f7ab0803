"""Controls, distances and diverse sets against answers that are known without a model."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.components.constraints import CONSTRAINTS
from dlgn_cnn.mei.controls.control_set import CONTROLS, Materials, best_of, contrast_response, control_set
from dlgn_cnn.mei.controls.controls import (
    GRATINGS,
    Grating,
    allowed_batches,
    another_unit,
    linear_field,
    moved,
    natural_clips,
    phase_scrambled,
)
from dlgn_cnn.mei.feedback_contrast.significance import extent_px, pairwise_distances
from dlgn_cnn.mei.synthesis.ascent import synthesize
from dlgn_cnn.mei.synthesis.config import synthesis
from dlgn_cnn.mei.synthesis.diverse import diverse_set, nearest
from dlgn_cnn.mei.synthesis.methods import METHODS, departures, gradient_ascent
from dlgn_cnn.mei.synthesis.targets import Target
from tests.rounding import rounding

KEY, FRAMES, HEIGHT, WIDTH = "Mouse_s01_e01", 8, 11, 13
SHAPE, CPU = (FRAMES, HEIGHT, WIDTH), torch.device("cpu")
CONTRAST = {"name": "rms_contrast", "contrast": 5.0 / (FRAMES * HEIGHT * WIDTH) ** 0.5}
L2 = CONSTRAINTS.build(CONTRAST | {"low": -2.0, "high": 3.0})
LAST = synthesis({"frames": FRAMES, "objective": {"window_frames": 1}}, (-2.0, 3.0))


class Cells(torch.nn.Module):
    """Rate of the last frame: ``rate`` of each unit's drive by its own filter, doubled where the light is on."""

    data_keys, frames_lost = (KEY,), 0

    def __init__(self, filters, rate=lambda drive: drive):
        super().__init__()
        self.filters, self.rate = torch.nn.Parameter(filters.double()), rate

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        drive = torch.einsum("bthw,uthw->bu", videos[:, 0], self.filters.to(videos)) * (1 + opto[:, -1:])
        last = self.rate(drive)[..., None]
        return torch.cat([0 * last.expand(-1, -1, videos.shape[2] - 1), last], -1)


def draw(*shape, seed=70):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def distance(one, other):
    """Distances of two clips: of the clips, in space, in time and in frequency."""
    return pairwise_distances(np.stack([one, other]), np.ones((2, 2)))[:4, 0, 1]


def test_a_clip_is_nowhere_from_itself_and_opposite_to_its_negative():
    clip = draw(*SHAPE).numpy()
    np.testing.assert_allclose(distance(clip, 3 * clip), 0, atol=1e-12)
    np.testing.assert_allclose(distance(clip, -clip), [2, 0, 0, 0], atol=1e-12)


def test_each_distance_sees_its_own_kind_of_change_alone():
    clip = np.zeros(SHAPE)
    clip[1:3, 2:4, 2:4] = draw(2, 2, 2).numpy()
    elsewhere, later = np.roll(clip, (5, 6), (1, 2)), np.roll(clip, 4, 0)
    np.testing.assert_allclose(distance(clip, elsewhere)[1:], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(distance(clip, later)[1:], [0, 1, 0], atol=1e-12)
    time, across = np.arange(16)[:, None, None], np.arange(16)
    slow, fast = (np.sin(2 * np.pi * (across / 8 - time / period)) * np.ones((16, 16, 16)) for period in (16, 4))
    np.testing.assert_allclose(distance(slow, fast)[[1, 3]], [0, 1], atol=1e-12)


def test_the_distance_of_a_gray_clip_is_refused():
    clip = draw(*SHAPE).numpy()
    with pytest.raises(ConfigError, match="mean gray"):
        distance(clip, 0 * clip)


def test_extent_of_a_gaussian_is_its_standard_deviation():
    """Energy exp(-r^2 / s^2) has a mean square radius of s^2."""
    down, across = np.mgrid[-20:21, -20:21]
    assert extent_px(np.exp(-(down**2 + across**2) / (2 * 4.0**2))[None]) == pytest.approx(4, rel=1e-6)


def test_every_control_meets_the_constraint():
    mask = torch.zeros(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    mask[..., 2:9, 3:10] = True
    grating = next(allowed_batches((one.clip(SHAPE, (6, 5)) for one in GRATINGS), L2, mask, 8))
    clips = next(allowed_batches(natural_clips([draw(20, HEIGHT, WIDTH)], FRAMES, 3, mask[0]), L2, mask))
    scrambled = next(allowed_batches(phase_scrambled(draw(3, *SHAPE), torch.Generator().manual_seed(1)), L2, mask))
    for found, number in ((grating, 8), (clips, 5), (scrambled, 3)):
        assert len(found) == number
        np.testing.assert_allclose(found.flatten(1).norm(dim=1), 5, rtol=1e-5)
        assert found.min() >= -2
        assert found.max() <= 3
        assert not found[..., ~mask[0, 0]].any()
    with pytest.raises(ConfigError, match="mean gray"):
        next(allowed_batches(torch.zeros(1, *SHAPE), L2))


def test_linear_field_over_a_window_is_the_best_of_a_linear_unit():
    field, window = draw(5, HEIGHT, WIDTH), 3
    found = linear_field(field, FRAMES, window)
    clip = torch.zeros(SHAPE, dtype=torch.float64, requires_grad=True)
    rates = [
        sum((field[lag] * clip[t - lag]).sum() for lag in range(5) if t >= lag) for t in range(FRAMES - window, FRAMES)
    ]
    (gradient,) = torch.autograd.grad(torch.stack(rates).mean(), clip)
    torch.testing.assert_close(found, gradient)


def test_scrambling_keeps_amplitudes_and_nothing_else():
    clips = draw(2, *SHAPE)
    scrambled = phase_scrambled(clips, torch.Generator().manual_seed(1))
    assert np.abs(np.fft.fftn(scrambled[0])) == pytest.approx(np.abs(np.fft.fftn(clips[0])), abs=1e-8)
    found = distance(clips[0], scrambled[0])
    assert found[3] == pytest.approx(0, abs=1e-9)
    assert 0.8 < found[0] < 1.2


def test_a_moved_stimulus_leaves_gray_behind():
    clip = draw(*SHAPE)
    found = moved(clip, (2.0, 3.0), (6.0, 1.0))
    assert torch.equal(found[:, : HEIGHT - 2, 4:], clip[:, 2:, : WIDTH - 4])
    assert not found[:, HEIGHT - 2 :].any()
    assert not found[..., :4].any()
    assert not moved(clip, (0, 0), (WIDTH, 0)).any()


def test_nobody_stands_in_for_itself_and_everybody_once():
    for seed in range(20):
        found = another_unit(5, torch.Generator().manual_seed(seed))
        assert sorted(found) == list(range(5))
        assert all(one != unit for unit, one in enumerate(found))


def test_a_grating_drifts_at_its_own_frequency_in_its_own_direction():
    clip = Grating(0, 1 / 8, 1 / 16, 100).clip((32, 16, 16), (0, 0))
    torch.testing.assert_close(clip[2, :, 1:], clip[0, :, :-1])
    spectrum = np.abs(np.fft.fftn(clip))
    assert set(zip(*np.nonzero(spectrum > 1e-6 * spectrum.max()), strict=True)) == {(30, 0, 2), (2, 0, 14)}
    down = Grating(90, 1 / 8, 0, 100, 90).clip((1, 16, 16), (0, 0))
    assert down[0, :, 3] == pytest.approx(np.cos(2 * np.pi * np.arange(16) / 8))
    assert not Grating(0, 0.1, 0.1, 2).clip(SHAPE, (6, 5))[:, 5, 9:].any()


def test_the_best_grating_of_a_grating_cell_is_its_own():
    gratings = [replace(one, radius_px=4.0, phase_deg=one.phase_deg / 2) for one in GRATINGS if one.radius_px == 6]
    clips = [one.clip(SHAPE, (6, 5)).float() for one in gratings]
    wanted = [7, 100]
    filters = torch.stack([clips[index] for index in wanted])
    batches = allowed_batches(clips, L2, size=10)
    found = best_of([Cells(filters).float().eval()], [Target(KEY, 0, False), Target(KEY, 1, False)], batches, LAST)
    assert [best.index for best in found] == wanted


def test_the_best_natural_clip_is_the_one_that_is_the_filter():
    videos = [draw(30, HEIGHT, WIDTH, seed=seed) for seed in range(3)]
    filters = torch.stack([videos[1][4 : 4 + FRAMES], -videos[2][22:30]])
    constraint = CONSTRAINTS.build(CONTRAST | {"low": -9.0, "high": 9.0})
    model, everywhere = Cells(filters).eval(), torch.tensor(True)
    batches = allowed_batches(natural_clips(videos, FRAMES, 2, everywhere), constraint, size=7)
    (best, other) = best_of([model], [Target(KEY, 0, True), Target(KEY, 1, True)], batches, LAST)
    own = filters[0] / filters[0].norm() * 5
    np.testing.assert_allclose(best.stimulus, own, atol=1e-6)
    assert best.rate == pytest.approx(2 * float((own * filters[0]).sum()), rel=1e-5)
    assert best.index == 12 + 2
    assert cosine(other.stimulus, filters[1]) > 0
    with pytest.raises(ConfigError, match="no clip"):
        best_of([model], [Target(KEY, 0, False)], natural_clips(videos, 31, 1, everywhere), LAST)


def cosine(one, other):
    one, other = np.ravel(one), np.ravel(other)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_held_out_models_answer_with_their_mean_in_both_lights_at_each_contrast():
    held_out_models = [Cells(draw(2, *SHAPE, seed=seed), torch.relu).eval() for seed in (0, 1)]
    targets, stimuli = [Target(KEY, 1, False), Target(KEY, 0, True)], draw(2, *SHAPE, seed=5)
    curve = contrast_response(held_out_models, targets, stimuli, (0.0, 0.5, 1.0), LAST)
    assert curve.shape == (2, 3, 2)
    for row, unit in enumerate((1, 0)):
        drives = [float((one.filters[unit].detach() * stimuli[row]).sum()) for one in held_out_models]
        intact = sum(max(drive, 0) for drive in drives) / 2
        assert curve[row, 2] == pytest.approx([intact, 2 * intact], rel=1e-6)
    np.testing.assert_allclose(curve[:, 1], curve[:, 2] / 2, rtol=1e-6)
    with pytest.raises(ModelError, match="eval"):
        contrast_response([held_out_models[0].train()], targets, stimuli, (1.0,), LAST)


def test_a_phase_invariant_units_diverse_set_spreads_and_a_linear_units_stays():
    """Energy of two orthonormal filters: every mixture is as good, so a set spreads over a circle of the plane.

    Off the plane by an angle t the energy falls as cos^2 t, and a linear response as cos t: 85 % bounds t.
    """
    basis = torch.linalg.qr(draw(math.prod(SHAPE), 2))[0].T.reshape(2, *SHAPE)

    class Energy(Cells):
        def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
            rates = super().forward(videos, 0 * opto, data_key)
            return rates.square().sum(1, keepdim=True)

    options = {"frames": FRAMES, "steps": 100, "objective": {"window_frames": 1}, "preconditioner": {"name": "none"}}
    config = synthesis(options, (-9.0, 9.0))
    spreads = []
    for model in (Energy(basis).eval(), Cells(basis[:1]).eval()):
        targets = [Target(KEY, 0, False, seed) for seed in range(4)]
        seeds = synthesize([model], targets, config, SHAPE[1:], CPU)
        meis, best = np.stack([one.stimulus for one in seeds]), max(one.activation for one in seeds)
        found = diverse_set([model], targets, meis, config, torch.ones(4, *SHAPE, dtype=torch.bool), 0.85)
        assert all(one.activation >= 0.85 * best * (1 - 1e-6) for one in found)
        assert all(one.violation < 1e-5 for one in found)
        spreads.append(float(nearest(torch.as_tensor(np.stack([one.stimulus for one in found]))).mean()))
    # Four on a circle stand a right angle apart, the square root of 2.
    assert spreads[0] > 1.25
    # Around one filter they are at most sin t = 0.53 off it, the corners of a tetrahedron sqrt(8 / 3) of that apart.
    assert 0.6 < spreads[1] <= 0.5268 * math.sqrt(8 / 3) + 1e-3


class Soft(Cells):
    """The same with a softplus behind the drive."""

    def __init__(self, filters):
        super().__init__(filters, torch.nn.functional.softplus)


def ladder_of(contrasts, high):
    """The control set of two softplus units' filters as their MEIs, held_out by cells of three times the drive."""
    filters = draw(2, *SHAPE) / 20
    info = DataInfo((4, 9), (1, HEIGHT, WIDTH), 60.0, (0.1,) * 2, 100.0, 50.0, ((0.0, 0.0), (0.1, 0.2)))
    options = {"frames": FRAMES, "objective": {"window_frames": 1}, "constraint": {"contrast": 0.5}}
    config = synthesis(options, (-high, high))
    stimuli = config.constraint.project(filters).numpy()
    gratings, fields = [Grating(0.0, 0.1, 0.1, 4.0, 0.0)], {0: draw(4, HEIGHT, WIDTH).numpy()}
    materials = Materials(
        [Soft(filters).eval()],
        config,
        info,
        lambda: [draw(20, HEIGHT, WIDTH, seed=5).float()],
        fields,
        CPU,
        gratings,
        contrasts,
    )
    meis = [(Target(KEY, unit, light), stimuli[unit]) for unit in (0, 1) for light in (False, True)]
    found = control_set(meis, materials, [Soft(3 * filters).eval()], torch.Generator().manual_seed(0))
    return filters, found


def test_the_contrast_response_of_a_linear_nonlinear_unit_is_its_nonlinearity():
    """Rate of a share c of the contrast = softplus(c drive), at the drive's double where the light is on."""
    contrasts = (0.0, 0.3, 1.0, 1.5)
    filters, found = ladder_of(contrasts, 9.0)
    assert {one.name for one in found} == set(CONTROLS)
    for one in found:
        terms = filters[one.target.unit_index] * torch.as_tensor(one.stimulus)
        drive = float(terms.sum())
        # Far below threshold a rate is exp(drive): its relative error is the drive's own. Stimuli are shown in float32,
        # three times as far to the held-out model, up to 1.5 times the contrast, and twice as far in the light.
        far = rounding(1, 2 * 1.5 * float(terms.abs().sum()))
        wanted = [[np.log1p(np.exp(light * contrast * drive)) for light in (1, 2)] for contrast in contrasts]
        np.testing.assert_allclose(one.ladder, wanted, rtol=far)
        wanted = [[np.log1p(np.exp(3 * light * contrast * drive)) for light in (1, 2)] for contrast in contrasts]
        np.testing.assert_allclose(one.held_out_ladder, wanted, rtol=3 * far)
        np.testing.assert_allclose([one.rates, one.held_out], [one.ladder[2], one.held_out_ladder[2]], rtol=1e-6)
        assert one.violation < 1e-6


def test_a_contrast_beyond_the_range_is_not_answered_and_those_within_are():
    _, found = ladder_of((1.0, 1.5, 1.2), 1.8)
    answered = np.array([np.isfinite(one.ladder).all(1) for one in found])
    room = np.array([1.8 / np.abs(one.stimulus).max() for one in found])
    assert answered[:, 0].all()
    assert (answered[:, 1] == (room >= 1.5)).all()
    assert 0 < answered[:, 1].sum() < len(found)
    assert (answered[:, 2] == (room >= 1.2)).all()
    assert all(
        np.isfinite(one.held_out_ladder).all(1).tolist() == row.tolist()
        for one, row in zip(found, answered, strict=True)
    )


@pytest.mark.parametrize(
    ("spoil", "least"),
    [
        (lambda clip: clip * 1.0001, 9e-5),
        (lambda clip: np.where(clip == clip.max(), 4.0, clip), 0.1),
        (lambda clip: np.roll(clip, 6, 2), 0.1),
        (lambda clip: np.roll(clip, 1, 0), 0.1),
    ],
)
def test_departures_of_what_would_be_stored_are_seen(spoil, least):
    info = DataInfo((4,), (1, HEIGHT, WIDTH), 60.0, (0.1,), 100.0, 50.0, ((0.2, -0.1),))
    options = {"frames": FRAMES, "steps": 3, "objective": {"window_frames": 1}, "free_frames": [2, 7]}
    options |= {"aperture": {"name": "disc", "radius_px": 4}, "constraint": {"contrast": 0.5}}
    model, target = Cells(draw(1, *SHAPE)).float().eval(), Target(KEY, 0, False)
    (found,) = gradient_ascent([model], [target], info, CPU, fit=options)
    (honest,) = departures([target], [found.stimulus], options, info)
    assert honest < 1e-6
    (spoilt,) = departures([target], [spoil(found.stimulus)], options, info)
    assert spoilt > least


def test_as_a_method_the_seeds_of_a_unit_and_light_are_one_diverse_set_within_its_aperture():
    """Of linear cells the response falls as the cosine with the best, which bounds how far two members are apart."""
    model, told = Cells(draw(2, *SHAPE)).float().eval(), []
    info = DataInfo((4, 9), (1, HEIGHT, WIDTH), 60.0, (0.1,) * 2, 100.0, 50.0, ((0.2, -0.1), (-0.3, 0.1)))
    options = {"frames": FRAMES, "steps": 30, "objective": {"window_frames": 1}, "preconditioner": {"name": "none"}}
    options |= {"aperture": {"name": "disc", "radius_px": 4}}
    targets = [Target(KEY, unit, False, seed) for seed in (0, 1, 2) for unit in (0, 1)]
    found = METHODS.get("diverse")([model], targets, info, CPU, lambda *d: told.append(d), share=0.9, fit=options)
    best = gradient_ascent([model], targets[:2], info, CPU, fit=options)
    for row, (target, one) in enumerate(zip(targets, found, strict=True)):
        assert one.activation >= 0.9 * best[target.unit_index].activation * (1 - 1e-3)
        assert one.rates[0, -1] == pytest.approx(one.activation, rel=1e-4)
        assert departures([target], [one.stimulus], options, info)[0] < 1e-5
        others = [other.stimulus for index, other in enumerate(found) if index % 2 == row % 2 and index != row]
        # At 90 % two members are at most twice the arc cosine of 0.9 apart.
        assert all(2 * 0.9**2 - 1 - 1e-3 <= cosine(one.stimulus, other) < 0.95 for other in others)
    assert told[-1] == (4, 4)
    with pytest.raises(ConfigError, match="two 'seeds' or more"):
        METHODS.get("diverse")([model], targets[:2], info, CPU, fit=options)
    with pytest.raises(ConfigError, match="share"):
        METHODS.check_values(METHODS.get("diverse"), {"share": 1.2, "fit": options})
