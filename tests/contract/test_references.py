"""Every reference model, with the light in every place, tested alike."""

import io

import pytest
import torch

from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.interface import EncodingModel
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.reference import reference_names
from dlgn_cnn.models.reference.opto import ACTIONS
from tests.contract.test_components import DEVICES, INFO
from tests.rounding import within_rounding

KEY = next(iter(INFO))
# On the way to one rate: 11 frames of 13 x 17 pixels; 50 frames of light, running and pupil.
PRODUCTS = 11 * 13 * 17 + 3 * 50
RANKS = {"separable": 1, "full": None}
CASES = [(name, opto, rank) for name in reference_names() for opto in ACTIONS for rank in RANKS]


def build(name, opto, rank, seed=0):
    return MODELS.get(name)(INFO, seed, opto=opto, rank=RANKS[rank], running=True, pupil=True, l1_weight=0.01)


def batch(key, size=3, time=11):
    generator = torch.Generator().manual_seed(0)
    light, behavior = torch.rand(size, time, generator=generator), torch.randn(size, 2, time, generator=generator)
    return [torch.randn(size, 1, time, 13, 17, generator=generator), (light > 0.5).float(), key, behavior]


@pytest.mark.parametrize(("name", "opto", "rank"), CASES)
class TestReference:
    def test_rate_has_the_declared_shape_and_is_positive(self, name, opto, rank):
        model = build(name, opto, rank)
        assert isinstance(model, EncodingModel)
        for key, info in INFO.items():
            rate = model(*batch(key))
            assert rate.shape == (3, len(info.units), 11 - model.frames_lost)
            assert (rate >= 0).all()

    def test_gradient_reaches_every_parameter(self, name, opto, rank):
        model = build(name, opto, rank)
        rates = [model(*batch(key)) for key in INFO]
        weights = torch.Generator().manual_seed(1)
        loss = sum((rate * torch.randn(rate.shape, generator=weights)).sum() for rate in rates)
        (loss + sum(model.regularizer(key) for key in INFO)).backward()
        assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []

    def test_evaluation_repeats_itself_and_state_survives_saving(self, name, opto, rank):
        model, other = build(name, opto, rank).eval(), build(name, opto, rank, seed=1).eval()
        assert within_rounding(model(*batch(KEY)), model(*batch(KEY)), PRODUCTS)
        assert not within_rounding(model(*batch(KEY)), other(*batch(KEY)), PRODUCTS)
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True))
        assert within_rounding(model(*batch(KEY)), other(*batch(KEY)), PRODUCTS)

    @pytest.mark.parametrize("device", DEVICES)
    def test_device_and_dtype_are_kept(self, name, opto, rank, device):
        model = build(name, opto, rank)
        videos, opto, key, behavior = batch(KEY)
        drive = model.double().head(KEY)(videos.double(), opto.double(), behavior.double())
        assert drive.dtype == torch.float64
        rate = model.float().to(device)(videos.to(device), opto.to(device), key, behavior.to(device))
        assert (rate.device.type, model.regularizer(key).device.type) == (device, device)

    def test_no_future_frame_light_or_behavior_changes_a_past_rate(self, name, opto, rank):
        model, before, after = scattered(build(name, opto, rank)), batch(KEY), batch(KEY)
        after[0][:, :, 7:] += 5
        after[1][:, 7:] = 1 - after[1][:, 7:]
        after[3][:, :, 7:] -= 2
        one, other = drives(model, *before), drives(model, *after)
        assert within_rounding(one[..., :7], other[..., :7], PRODUCTS)
        assert not within_rounding(one[..., 7:], other[..., 7:], PRODUCTS)

    def test_light_at_zero_is_the_model_without_light(self, name, opto, rank):
        model, without = scattered(build(name, opto, rank)), build(name, "none", rank)
        state = model.state_dict()
        without.load_state_dict({key: state[key] for key in without.state_dict()})
        videos, shares, key, behavior = batch(KEY)
        plain = drives(without, videos, shares, key, behavior)
        assert within_rounding(drives(model, videos, 0 * shares, key, behavior), plain, PRODUCTS)
        assert within_rounding(drives(model, videos, shares, key, behavior), plain, PRODUCTS) == (opto == "none")

    def test_initial_rate_without_a_stimulus_is_the_mean_count(self, name, opto, rank):
        model = build(name, opto, rank)
        videos, opto, key, behavior = batch(KEY)
        rate = model(0 * videos, 0 * opto, key, 0 * behavior)
        assert torch.allclose(rate, torch.tensor(INFO[key].mean_counts)[:, None].expand_as(rate), atol=1e-5)


def drives(model, videos, opto, key, behavior):
    """The drive in float64: the rate is a function of each value of it, in float32."""
    return model.double().head(key)(videos.double(), opto.double(), behavior.double())


def scattered(model):
    """The model with weights everywhere, as after a fit."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def test_the_fifteen_published_variants_can_be_asked():
    variants = 0
    for stimulus in (True, False):
        for opto in ("none", "additive"):
            for running in (True, False):
                for pupil in (True, False):
                    config = {"stimulus": stimulus, "opto": opto, "running": running, "pupil": pupil}
                    if any([stimulus, running, pupil, opto == "additive"]):
                        assert MODELS.get("spline_glm")(INFO, 0, **config)(*batch(KEY)).shape == (3, 3, 11)
                        variants += 1
                    else:
                        with pytest.raises(ConfigError, match="switch one of them on"):
                            MODELS.get("spline_glm")(INFO, 0, **config)
    assert variants == 15


def test_missing_behavior_is_taken_at_its_mean():
    model = scattered(build("spline_glm", "additive", "full"))
    videos, opto, key, behavior = batch(KEY)
    expected = model(videos, opto, key, 0 * behavior)
    assert within_rounding(model(videos, opto, key, torch.full_like(behavior, torch.nan)), expected, PRODUCTS)
    assert within_rounding(model(videos, opto, key), expected, PRODUCTS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"opto": "gian"}, "did you mean 'gain'"),
        ({"opto": "gain", "stimulus": False}, "choose additive or none"),
        ({"rank": 0}, "or null for a full one"),
        ({"time_splines": 16}, "16 splines over 15 points"),
        ({"knot_px": 0.5}, "expected 1 or more"),
        ({"output": {"name": "relu"}}, "no output called 'relu'"),
    ],
)
def test_a_wrong_config_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        MODELS.get("spline_glm")(INFO, 0, **wrong)


def test_an_unknown_session_is_refused():
    with pytest.raises(ModelError, match=r"it has Mouse\.1"):
        build("ln", "none", "full").regularizer("Mouse_9_s01_e01")
