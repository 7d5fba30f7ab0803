"""Every registered part of a model, tested alike: a new part needs no new test."""

import io

import pytest
import torch

from dlgn_cnn.errors import ModelError
from dlgn_cnn.interface import DataInfo, EncodingModel
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.modulators import MODULATORS, Signals
from dlgn_cnn.models.outputs import OUTPUTS
from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.recurrent import RECURRENTS
from dlgn_cnn.models.shifters import SHIFTERS
from dlgn_cnn.training.losses import LOSSES
from tests.rounding import within_rounding

EXAMPLES = {
    "stacked_2d": {"channels": [4, 5], "kernels": [5, 3], "strides": [2, 1], "laplace_weight": 0.1},
    "rotation_equivariant_2d": {"channels": [2, 3], "kernels": [5, 3], "strides": [2, 1], "laplace_weight": 0.1},
    "conv_3d": {"channels": [4, 5], "kernels": [5, 3], "kernels_time": [3, 2], "laplace_time_weight": 0.1},
    "factorized_3d": {
        "channels": [4, 5],
        "kernels": [5, 3],
        "kernels_time": [3, 2],
        "dilations_time": [1, 2],
        "group_sparsity_weight": 0.1,
    },
    "conv_gru": {"channels": 6},
    "gaussian": {"feature_weight": 0.01},
    "factorized": {"mask_weight": 0.01, "feature_weight": 0.01},
    "mlp": {"layers": 2, "l2_weight": 0.1},
    "opto_gain": {"taps": 4},
    "behavior": {"taps": 3, "laplace_weight": 0.1, "l2_weight": 0.1},
}
INFO = {
    "Mouse.1_s01_e01": DataInfo(
        (1, 2, 7), (1, 13, 17), 60.0, (0.1, 0.2, 0.3), 90.0, 40.0, ((0.0, 0.1), (-0.5, 0.3), (1.0, -1.0))
    ),
    "Mouse_2_s01_e01": DataInfo((4, 9), (1, 13, 17), 60.0, (0.05, 0.5), 90.0, 40.0, ((0.2, 0.2), (0.0, -0.4))),
}
COMPONENTS = [
    *(("core", name) for name in CORES.names()),
    *(("recurrent", name) for name in RECURRENTS.names()),
    *(("readout", name) for name in READOUTS.names()),
    *(("shifter", name) for name in SHIFTERS.names()),
    *(("modulator", name) for name in MODULATORS.names()),
    *(("output", name) for name in OUTPUTS.names()),
]
# On the longest path to one rate: two layers of a core (5 x 5 x 3 and 3 x 3 x 5 x 2), 11 frames of a recurrent unit
# (3 x 3 x (5 + 6) each), a mask (13 x 17) of 6 features; rounded up.
PRODUCTS = 3000
# Tensors of "meta" have a shape and no values: one from elsewhere among them is an error, as on a GPU.
DEVICES = ["meta", *(["cuda"] if torch.cuda.is_available() else [])]


def build(part, name, seed=0):
    config = {"core": "stacked_2d", "recurrent": "conv_gru", "readout": "gaussian", "output": "softplus"} | {part: name}
    parts = {part: {"name": name, **EXAMPLES.get(name, {})} for part, name in config.items()}
    modulator = parts.pop("modulator", None)
    return encoder(INFO, seed, **parts, modulators=[modulator] if modulator else [])


def batch(data_key, seed=0, size=3, time=11):
    generator = torch.Generator().manual_seed(seed)
    videos = torch.randn(size, 1, time, 13, 17, generator=generator)
    opto = (torch.rand(size, time, generator=generator) > 0.5).float()
    behavior, pupil = torch.randn(2, size, 2, time, generator=generator)
    behavior[0, 0, 2:4], pupil[1, 1, 3:9] = float("nan"), float("nan")
    return videos, opto, data_key, behavior, pupil


def precise(given):
    """A batch in float64, where rounding is far below what a wrong frame or signal does."""
    return tuple(one.double() if isinstance(one, torch.Tensor) else one for one in given)


def shaken(model):
    """The model with weights such as a fit would leave: what starts at zero acts."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


@pytest.mark.parametrize(("part", "name"), COMPONENTS)
class TestPart:
    def test_rate_has_the_declared_shape_and_is_positive(self, part, name):
        model = build(part, name)
        assert isinstance(model, EncodingModel)
        for key, info in INFO.items():
            rate = model(*batch(key))
            assert rate.shape == (3, len(info.units), 11 - model.frames_lost)
            assert (rate >= 0).all()

    def test_gradient_reaches_every_parameter(self, part, name):
        model = build(part, name)
        rates = [model(*batch(key)) for key in INFO]
        weights = torch.Generator().manual_seed(1)
        sum((rate * torch.randn(rate.shape, generator=weights)).sum() for rate in rates).backward()
        dead = [n for n, p in model.named_parameters() if p.numel() and (p.grad is None or not p.grad.abs().sum() > 0)]
        assert dead == []

    def test_evaluation_repeats_itself_and_training_mode_comes_back(self, part, name):
        model = build(part, name).eval()
        key = next(iter(INFO))
        assert within_rounding(model(*batch(key)), model(*batch(key)), PRODUCTS)

    def test_state_survives_saving(self, part, name):
        model, other = build(part, name, seed=0).eval(), build(part, name, seed=1).eval()
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True))
        key = next(iter(INFO))
        assert within_rounding(model(*batch(key)), other(*batch(key)), PRODUCTS)

    def test_seed_decides_the_weights(self, part, name):
        one, same, other = (build(part, name, seed).state_dict() for seed in (0, 0, 1))
        assert all(torch.equal(one[key], same[key]) for key in one)
        assert any(not torch.equal(one[key], other[key]) for key in one)

    def test_dtype_is_kept(self, part, name):
        model = build(part, name).double().eval()
        videos, opto, key, behavior, pupil = batch(next(iter(INFO)))
        features = model.core(videos.double())
        assert features.dtype == torch.float64
        features, _ = model.recurrent(features, opto.T.double()[-len(features) :])
        assert model.head(key)(features, Signals(opto.double(), behavior, pupil)).dtype == torch.float64

    @pytest.mark.parametrize("device", DEVICES)
    def test_device_is_kept(self, part, name, device):
        model = build(part, name).to(device)
        videos, opto, key, behavior, pupil = (
            x if isinstance(x, str) else x.to(device) for x in batch(next(iter(INFO)))
        )
        for training in (True, False):
            rate = model.train(training)(videos, opto, key, behavior, pupil)
            assert (rate.device.type, model.regularizer(key).device.type) == (device, device)

    def test_a_clips_rate_does_not_depend_on_its_batch(self, part, name):
        model = shaken(build(part, name)).double().eval()
        videos, opto, key, behavior, pupil = precise(batch(next(iter(INFO))))
        alone = model(videos[1:2], opto[1:2], key, behavior[1:2], pupil[1:2])
        assert within_rounding(model(videos, opto, key, behavior, pupil)[1:2], alone, PRODUCTS)

    def test_no_future_frame_or_signal_changes_a_past_rate(self, part, name):
        model = shaken(build(part, name)).double().eval()
        videos, opto, key, behavior, pupil = precise(batch(next(iter(INFO))))
        before = model(videos, opto, key, behavior, pupil)
        # A modulator must answer to its signal, not only to the video.
        signals = (opto, behavior, pupil) if part in ("shifter", "modulator") else (videos.movedim(2, -1), opto)
        for signal in signals:
            signal[..., 7:] = 1 - signal[..., 7:]
        after = model(videos, opto, key, behavior, pupil)
        past = 7 - model.frames_lost
        assert within_rounding(before[..., :past], after[..., :past], PRODUCTS)
        assert not within_rounding(before[..., past:], after[..., past:], PRODUCTS)

    def test_initial_rate_is_near_the_mean_count(self, part, name):
        model = build(part, name).eval()
        for key, info in INFO.items():
            drive = model.head(key).readout.bias.detach()
            assert torch.allclose(model.output(drive), torch.tensor(info.mean_counts), atol=1e-5)


def core_of(name):
    return build("core", name).core.eval()


def movie(size=2, time=9, seed=0):
    return torch.randn(size, 1, time, 13, 17, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", CORES.names())
class TestCore:
    def test_features_are_time_first_and_as_declared(self, name):
        core = core_of(name)
        assert core(movie()).shape == (9 - core.frames_lost, 2, *core.out_shape)
        assert core(movie(time=core.frames_lost + 1)).shape[0] == 1

    def test_a_feature_sees_its_own_frame_and_just_those_that_it_costs(self, name):
        core, videos = core_of(name), movie().requires_grad_()
        for frame, features in enumerate(core(videos)):
            (gradient,) = torch.autograd.grad(features[0].sum(), videos, retain_graph=True)
            clip, frames = torch.where(gradient.abs().sum((1, 3, 4)) > 0)
            assert set(clip.tolist()) == {0}
            assert frames.tolist() == list(range(frame, frame + core.frames_lost + 1))

    def test_a_later_start_changes_no_feature(self, name):
        core, videos = core_of(name).double(), movie().double()
        assert within_rounding(core(videos)[3:], core(videos[:, :, 3:]), PRODUCTS)

    def test_layout_of_the_video_does_not_matter(self, name):
        core, videos = core_of(name), movie()
        for same in (
            videos.contiguous(memory_format=torch.channels_last_3d),
            torch.cat([videos, videos], -1)[..., :17],
            videos.transpose(1, 2).contiguous().transpose(1, 2),
        ):
            assert within_rounding(core(same), core(videos), PRODUCTS)

    def test_too_short_a_video_says_how_many_frames_are_needed(self, name):
        core = core_of(name)
        if core.frames_lost:
            with pytest.raises(ModelError, match=f"show it {core.frames_lost + 1} or more"):
                core(movie(time=core.frames_lost))

    def test_bfloat16_points_where_float32_does(self, name):
        core, found = core_of(name), []
        for enabled in (False, True):
            core.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
                features = core(movie())
            assert features.dtype == (torch.bfloat16 if enabled else torch.float32)
            features.float().square().mean().backward()
            found.append([features.float(), *(weight.grad for weight in core.parameters())])
        for exact, rough in zip(*found, strict=True):
            assert torch.nn.functional.cosine_similarity(exact.flatten(), rough.flatten(), dim=0) > 0.99

    def test_penalty_is_a_scalar_of_the_weights(self, name):
        penalty = core_of(name).regularizer()
        assert penalty.shape == ()
        assert penalty > 0
        assert penalty.requires_grad


@pytest.mark.parametrize("name", RECURRENTS.names())
def test_a_clip_in_pieces_with_the_state_passed_on_is_the_clip_whole(name):
    unit = shaken(build("recurrent", name).recurrent).double().eval()
    generator = torch.Generator().manual_seed(0)
    features, opto = precise((torch.randn(9, 2, 5, 4, 6, generator=generator), torch.rand(9, 2, generator=generator)))
    whole, _ = unit(features, opto)
    state, pieces = None, []
    for piece in torch.arange(9).split((1, 5, 3)):
        found, state = unit(features[piece], opto[piece], state)
        pieces.append(found)
    assert within_rounding(torch.cat(pieces), whole, PRODUCTS)


@pytest.mark.parametrize("name", LOSSES.names())
def test_loss_is_blind_to_batch_window_and_population(name):
    generator = torch.Generator().manual_seed(0)
    rate = torch.rand(2, 3, 5, generator=generator) + 0.1
    counts = torch.poisson(rate, generator=generator)
    once = LOSSES.get(name)(rate, counts)
    for repeats in ((4, 1, 1), (1, 4, 1), (1, 1, 4)):
        assert torch.isclose(once, LOSSES.get(name)(rate.repeat(repeats), counts.repeat(repeats)))
