"""Modulators against published light kernels, numpy's convolution and the model without them."""

import dataclasses

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.kernels import raised_cosines
from dlgn_cnn.models.modulators import MODULATORS, Signals
from tests.rounding import within_rounding

UNITS, CLIPS, TIME, FRAMES = 3, 2, 60, 45
# A drive times exp(0), plus 0; else two kernels of up to 60 taps, times and plus.
IDENTITY, PRODUCTS = 2, 2 * 60 + 2
INFO = DataInfo(
    (1, 2, 3),
    (1, 9, 9),
    60.0,
    (0.1, 0.2, 0.3),
    0.0,
    1.0,
    ((0.0, 0.0),) * 3,
    behavior_mean=(4.0, 1.2),
    behavior_std=(6.0, 0.2),
)
LIGHT_MODULATORS = [
    {"name": "opto_kernel"},
    {"name": "opto_kernel", "basis": "taps", "taps": 30},
    {"name": "opto_gain"},
    {"name": "opto_gain", "offset": False, "taps": 20, "basis": "raised_cosine"},
]


def build(config, seed=0):
    """The modulator, fitted to nothing in particular: its weights are random."""
    modulator = MODULATORS.build(config, units=UNITS, info=INFO, generator=torch.Generator())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in modulator.parameters():
            part.add_(0.3 * torch.randn(part.shape, generator=generator))
    return modulator


def drive_and_signals(seed=0):
    generator = torch.Generator().manual_seed(seed)
    behavior = torch.tensor([4.0, 1.2])[:, None] + torch.randn(CLIPS, 2, TIME, generator=generator)
    light = (torch.rand(CLIPS, TIME, generator=generator) > 0.5).float()
    return torch.randn(FRAMES, CLIPS, UNITS, generator=generator), Signals(light, behavior)


def test_a_published_kernel_acts_on_the_light_as_numpys_convolution(shared_data):
    with np.load(shared_data / "schmors2025" / "three_units_with_opto.npz") as stored:
        light = stored["opto_test"].astype(np.float64)
        # The files' last tap is lag 0.
        published = np.stack([stored[f"{unit}_filt_opto"][::-1] for unit in ("u19", "u25", "u35")])
    modulator = build({"name": "opto_kernel", "basis": "taps"}).double()
    with torch.no_grad():
        modulator.offset.weights.copy_(torch.from_numpy(published.copy())[:, None])
        found = modulator(torch.zeros(len(light), 1, 3).double(), Signals(torch.from_numpy(light)[None]))[:, 0].numpy()
    for unit, kernel in enumerate(published):
        assert np.allclose(found[:, unit], convolved(light, kernel), atol=1e-9)


def test_light_kernels_alone_predict_as_well_as_published(shared_data):
    """Held-out correlation of the opto-only GLM of Schmors et al.: .378, .253, -.009; nothing was chosen by it here."""
    with np.load(shared_data / "schmors2025" / "three_units_with_opto.npz") as stored:
        light = {tier: torch.from_numpy(stored[f"opto_{tier}"]).float()[None] for tier in ("train", "test")}
        train_hz, test_hz = (
            np.stack([stored[f"{unit}_y_{tier}"] for unit in ("u19", "u25", "u35")], 1) for tier in ("train", "test")
        )
    modulator = MODULATORS.build({"name": "opto_kernel"}, units=3, info=INFO, generator=torch.Generator())
    bias, counts = torch.nn.Parameter(torch.from_numpy(train_hz.mean(0))), torch.from_numpy(train_hz)
    optimizer = torch.optim.LBFGS([*modulator.parameters(), bias], max_iter=60, line_search_fn="strong_wolfe")

    def rate(tier, frames):
        drive = modulator(bias.expand(frames, 1, 3), Signals(light[tier]))
        return torch.nn.functional.softplus(drive)[:, 0].clamp_min(1e-6)

    def loss():
        optimizer.zero_grad()
        predicted = rate("train", len(counts))
        (value := (predicted - counts * predicted.log()).mean()).backward()
        return value

    optimizer.step(loss)
    predicted = rate("test", len(test_hz)).detach().numpy()
    found = [np.corrcoef(predicted[:, unit], test_hz[:, unit])[0, 1] for unit in range(3)]
    assert found == pytest.approx([0.378, 0.253, -0.009], abs=0.01)


def test_raised_cosines_span_the_published_light_kernel_and_sum_to_a_constant(shared_data):
    with np.load(shared_data / "schmors2025" / "kernels_population.npz") as stored:
        kernels = stored["filt_opto"][:, ::-1]
    strongest = kernels[np.argsort(-np.abs(kernels.sum(1)))[:30]].mean(0)
    basis = raised_cosines(10, 50).numpy().T
    weights, *_ = np.linalg.lstsq(basis, strongest, rcond=None)
    assert np.square(strongest - basis @ weights).sum() < 0.02 * np.square(strongest).sum()
    inner = slice(basis[:, 1].argmax() + 1, basis[:, -2].argmax())
    assert np.allclose(basis.sum(1)[inner], 2.0, atol=1e-5)


def test_smoothness_penalty_is_numpys_second_difference():
    modulator = build({"name": "opto_kernel", "basis": "taps", "laplace_weight": 0.5, "l2_weight": 2.0})
    kernels = modulator.offset.kernels().detach().numpy()[:, 0]
    bends = np.diff(np.pad(kernels, ((0, 0), (0, 2))), n=2, axis=1)
    expected = 0.5 * np.mean(bends**2) + 2 * np.mean(kernels**2)
    assert modulator.regularizer().item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("config", [*LIGHT_MODULATORS, {"name": "behavior"}, {"name": "behavior", "taps": 50}], ids=str)
def test_modulators_start_at_identity(config):
    drive, signals = drive_and_signals()
    modulator = MODULATORS.build(config, units=UNITS, info=INFO, generator=torch.Generator())
    assert within_rounding(modulator(drive, signals), drive, IDENTITY)
    assert modulator.regularizer() == 0


@pytest.mark.parametrize("config", LIGHT_MODULATORS, ids=str)
def test_light_modulators_do_nothing_in_the_dark_and_something_in_light(config):
    drive, signals = drive_and_signals()
    modulator = build(config)
    dark = dataclasses.replace(signals, opto=torch.zeros(CLIPS, TIME))
    assert within_rounding(modulator(drive, dark), drive, IDENTITY)
    assert (modulator(drive, signals) - drive).abs().mean() > 0.01


@pytest.mark.parametrize("config", LIGHT_MODULATORS, ids=str)
def test_light_at_zero_is_the_model_without_light(config):
    parts = {"core": {"name": "stacked_2d", "channels": [4], "kernels": [3]}, "readout": {"name": "gaussian"}}
    lit = encoder({"a": INFO}, 0, **parts, modulators=[config])
    plain = encoder({"a": INFO}, 0, **parts)
    with torch.no_grad():
        for name, part in lit.named_parameters():
            if "modulators" in name:
                part.add_(torch.randn(part.shape, generator=torch.Generator().manual_seed(1)))
    videos = torch.randn(2, 1, 20, 9, 9, generator=torch.Generator().manual_seed(2))
    # Training mode: the positions' noise is the same too.
    before = plain(videos, torch.zeros(2, 20), "a")
    assert torch.allclose(lit(videos, torch.zeros(2, 20), "a"), before, rtol=1e-6, atol=1e-7)
    assert not torch.allclose(lit(videos, torch.ones(2, 20), "a"), before, atol=1e-3)


@pytest.mark.parametrize("config", LIGHT_MODULATORS, ids=str)
def test_light_in_frames_that_a_core_lost_still_acts_and_none_acts_backwards(config):
    drive, signals = drive_and_signals()
    modulator, lost = build(config), TIME - FRAMES
    before = modulator(drive, signals)
    signals.opto[:, lost - 1] = 1 - signals.opto[:, lost - 1]
    after = modulator(drive, signals)
    remembers = config["name"] == "opto_kernel" or "taps" in config
    assert within_rounding(before[0], after[0], PRODUCTS) != remembers
    signals.opto[:, lost + 20 :] = 1 - signals.opto[:, lost + 20 :]
    later = modulator(drive, signals)
    assert within_rounding(after[:20], later[:20], PRODUCTS)
    assert not torch.allclose(after[20], later[20], atol=1e-4)


def test_light_gain_scales_a_drive_around_a_level_of_its_own():
    modulator = build({"name": "opto_gain"})
    with torch.no_grad():
        gain = modulator.gain.weights[:, 0, 0].copy_(torch.tensor([0.5, -0.5, 0.0]).log1p()).exp()
        level = torch.tensor([1.0, -2.0, 3.0])
        modulator.offset.weights[:, 0, 0] = (1 - gain) * level
    drive, signals = drive_and_signals()
    light = signals.opto.T[-FRAMES:, :, None]
    expected = level + (1 + light * torch.tensor([0.5, -0.5, 0.0])) * (drive - level)
    assert torch.allclose(modulator(drive, signals), expected, atol=1e-5)


def convolved(trace, kernel):
    """A trace (time,) through a kernel (tap,); before its first frame it was as it is there."""
    return np.convolve(np.pad(trace, (len(kernel) - 1, 0), "edge"), kernel, "valid")


def through(traces, kernels):
    """Traces (trace, time) through kernels (trace, tap), summed: the drive's frames (time,)."""
    return sum(convolved(*pair) for pair in zip(traces, kernels, strict=True))[-FRAMES:]


@pytest.mark.parametrize("taps", [1, 8])
def test_behavior_is_its_equation(taps):
    modulator = build({"name": "behavior", "taps": taps})
    drive, signals = drive_and_signals()
    traces = (signals.behavior.numpy() - [[4.0], [1.2]]) / [[6.0], [0.2]]
    gain, offset = (
        np.array([[through(clip, kernels) for kernels in part.kernels().detach().numpy()] for clip in traces])
        for part in (modulator.gain, modulator.offset)
    )
    expected = np.exp(gain).transpose(2, 0, 1) * drive.numpy() + offset.transpose(2, 0, 1)
    assert np.allclose(modulator(drive, signals).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("taps", [1, 8])
def test_missing_behavior_leaves_the_drive_as_it_is(taps):
    modulator = build({"name": "behavior", "taps": taps})
    drive, signals = drive_and_signals()
    for absent in (None, torch.full((CLIPS, 2, TIME), float("nan"))):
        assert within_rounding(modulator(drive, dataclasses.replace(signals, behavior=absent)), drive, IDENTITY)
    signals.behavior[0, :, 30:45] = float("nan")
    changed = modulator(drive, signals)
    assert changed.isfinite().all()
    # The drive begins at frame 15 of the window: its frames 22 to 29 remember 30 to 44 at most, all missing.
    assert within_rounding(changed[22:30, 0], drive[22:30, 0], IDENTITY)
    changed.sum().backward()
    assert all(part.grad.isfinite().all() for part in modulator.parameters())


def test_behavior_of_one_signal_ignores_the_other():
    modulator = build({"name": "behavior", "signals": ["pupil_size"]})
    drive, signals = drive_and_signals()
    before = modulator(drive, signals)
    signals.behavior[:, 0] += 3
    assert within_rounding(modulator(drive, signals), before, PRODUCTS)
    signals.behavior[:, 1] += 3
    assert not within_rounding(modulator(drive, signals), before, PRODUCTS)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"name": "behavior", "signals": ["pupil"]}, "did you mean 'pupil_size'"),
        ({"name": "behavior", "signals": []}, "name one or more"),
        ({"name": "behavior", "gain": False, "offset": False}, "does nothing"),
        ({"name": "opto_kernel", "basis": "raised_cosin"}, "did you mean 'raised_cosine'"),
        ({"name": "opto_kernel", "taps": 5}, "10 raised cosines over 5 taps"),
        ({"name": "opto_gain", "taps": 0}, "taps of a kernel is 0"),
    ],
)
def test_a_wrong_config_says_what_is_wrong(config, message):
    with pytest.raises(ConfigError, match=message):
        build(config)


@pytest.mark.parametrize("config", LIGHT_MODULATORS, ids=str)
def test_under_constant_light_a_drive_is_the_one_that_lasts(config):
    drive, _ = drive_and_signals()
    changed = build(config)(torch.ones_like(drive), Signals(torch.ones(CLIPS, TIME)))
    assert torch.allclose(changed, changed[-1:].expand_as(changed), atol=1e-5)
    assert not torch.allclose(changed, torch.ones_like(changed), atol=1e-2)
