"""A rate computed from the piece of the picture that a unit sees is the rate of the whole picture."""

import pytest
import torch

from dlgn_cnn.interface import DataInfo
from dlgn_cnn.mei.synthesis.presenter import Presenter
from dlgn_cnn.mei.synthesis.targets import Target
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.cores import CORES
from dlgn_cnn.models.ensemble import EnsembleModel
from dlgn_cnn.models.local_encoder import local_encoder
from dlgn_cnn.models.receptive_field import receptive_field_of
from dlgn_cnn.models.recurrent import RECURRENTS

KEY, HEIGHT, WIDTH, FRAMES, WINDOW = "one", 33, 53, 9, 4
CENTERS = ((0.0, 0.1), (-0.5, 0.3), (1.0, -1.0), (-1.0, 0.97), (0.93, 0.2), (0.31, -0.44))
CORE = {"name": "stacked_2d", "channels": [3, 3], "kernels": [5, 3], "strides": [1, 1]}
STRIDED = {"name": "stacked_2d", "channels": [3, 3], "kernels": [7, 3], "strides": [3, 2]}
CONVOLVED = {"name": "factorized_3d", "channels": [3, 3], "kernels": [5, 3], "kernels_time": [2, 3], "strides": [1, 2]}
POINT = {"name": "conv_gru", "channels": 4, "kernel_input": 3, "kernel_state": 1, "opto": ["update.input"]}
CASES = {
    "core alone": {"core": CORE},
    "strides": {"core": STRIDED},
    "frames lost": {"core": CONVOLVED},
    "pointwise memory": {"core": STRIDED, "recurrent": POINT},
    "field that grows": {"core": CORE, "recurrent": POINT | {"kernel_state": 3}},
    "light as a channel": {"core": CORE, "opto_channel": True},
    "shifter": {"core": CORE, "shifter": {"name": "mlp"}},
    "modulators": {
        "core": CORE,
        "modulators": [{"name": "opto_kernel", "taps": 6, "basis": "taps"}, {"name": "behavior", "taps": 3}],
    },
}


def model_of(core, readout=None, **parts):
    units = len(CENTERS)
    info = DataInfo(tuple(range(units)), (1, HEIGHT, WIDTH), 60.0, (0.1,) * units, 90.0, 40.0, CENTERS)
    model = encoder({KEY: info}, 0, core=core, readout=readout or {"name": "gaussian"}, **parts).double().eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.endswith("mean"):
                parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model


def clips(requires_grad=False):
    generator = torch.Generator().manual_seed(2)
    stimuli = torch.randn(len(CENTERS), FRAMES, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    behavior, pupil = torch.randn(2, len(CENTERS), 2, FRAMES, generator=generator, dtype=torch.float64)
    opto = (torch.arange(FRAMES) > 3).double().expand(len(CENTERS), -1)
    return stimuli.requires_grad_(requires_grad), opto, behavior, 0.5 * pupil


@pytest.mark.parametrize("case", CASES)
def test_rates_and_gradients_are_those_of_the_whole_picture(case):
    model, units = model_of(**CASES[case]), torch.arange(len(CENTERS))
    view = local_encoder(model, KEY, (FRAMES, HEIGHT, WIDTH), WINDOW)
    found = []
    for whole in (True, False):
        stimuli, opto, behavior, pupil = clips(requires_grad=True)
        if whole:
            rates = model(stimuli[:, None], opto, KEY, behavior, pupil)[units, units, -WINDOW:]
        else:
            rates = view.rates(stimuli, units, opto, behavior, pupil)
        (gradient,) = torch.autograd.grad(rates.sum(), stimuli)
        found.append((rates.detach(), gradient))
    for whole, piece in zip(*found, strict=True):
        # The same numbers, summed in another order where a convolution's rows are fewer.
        torch.testing.assert_close(piece, whole, rtol=1e-12, atol=1e-14)


def test_a_unit_far_from_the_edges_is_cheap_and_growing_field_takes_the_picture():
    small = local_encoder(model_of(CORE), KEY, (FRAMES, HEIGHT, WIDTH), WINDOW)
    # Kernels of 5 and 3 px see 7 px around a pixel, 8 around two: of 9 frames the last 4 are asked for.
    assert small.piece(torch.tensor([0]), None)[1] == (8, 8)
    assert small.frames == 4
    growing = CASES["field that grows"] | {"recurrent": POINT | {"kernel_state": 7}}
    large = local_encoder(model_of(**growing), KEY, (FRAMES, HEIGHT, WIDTH), WINDOW)
    assert (large.piece(torch.tensor([0]), None)[1], large.frames) == ((HEIGHT, WIDTH), FRAMES)


def test_a_model_that_does_not_say_how_far_it_sees_has_no_narrow_one():
    model = model_of(CORE, readout={"name": "factorized"})
    assert local_encoder(model, KEY, (FRAMES, HEIGHT, WIDTH), WINDOW) is None
    assert local_encoder(torch.nn.Linear(1, 1), KEY, (FRAMES, HEIGHT, WIDTH), WINDOW) is None


def test_bfloat16_keeps_rate_and_direction():
    model, units = model_of(**CASES["field that grows"]), torch.arange(len(CENTERS))
    found = []
    for dtype in (None, torch.bfloat16):
        view = local_encoder(model, KEY, (FRAMES, HEIGHT, WIDTH), WINDOW, dtype)
        stimuli, opto, behavior, pupil = clips(requires_grad=True)
        rates = view.rates(stimuli, units, opto, behavior, pupil)
        found.append((rates.detach(), *torch.autograd.grad(rates.sum(), stimuli)))
    exact, rounded = found
    torch.testing.assert_close(rounded[0], exact[0], rtol=0.05, atol=0.01)
    similar = torch.nn.functional.cosine_similarity(exact[1].flatten(1), rounded[1].flatten(1))
    assert (similar > 0.995).all()
    assert next(model.parameters()).dtype == torch.float64


def test_an_ensemble_is_shown_through_its_members_narrowed():
    members = [model_of(CORE), model_of(CONVOLVED, recurrent=POINT)]
    ensemble, targets = EnsembleModel(members).eval(), [Target(KEY, unit, True) for unit in range(len(CENTERS))]
    stimuli, *_ = clips()
    shape, light = (FRAMES, HEIGHT, WIDTH), torch.ones(len(CENTERS), dtype=torch.float64)
    presenter = Presenter([ensemble], KEY, shape, window=WINDOW)
    assert all(view is not None for view in presenter.local_encoders)
    whole = ensemble(stimuli[:, None], light[:, None].expand(-1, FRAMES), KEY)
    own = whole[torch.arange(len(CENTERS)), torch.arange(len(CENTERS))]
    torch.testing.assert_close(presenter.rates(stimuli, targets, light), own[:, -WINDOW:], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(Presenter([ensemble], KEY, shape).rates(stimuli, targets, light), own)


EXAMPLES = {
    "stacked_2d": STRIDED,
    "factorized_3d": CONVOLVED,
    "conv_3d": CONVOLVED | {"name": "conv_3d"},
    "rotation_equivariant_2d": STRIDED | {"name": "rotation_equivariant_2d", "rotations": 4},
    "conv_gru": POINT | {"kernel_state": 3},
}
BOUNDED = [("core", name) for name in CORES.names()] + [("recurrent", name) for name in RECURRENTS.names()]


def test_every_part_says_how_far_it_sees():
    assert {name for _, name in BOUNDED} == set(EXAMPLES)


@pytest.mark.parametrize(("kind", "name"), BOUNDED)
def test_no_part_sees_further_than_it_says(kind, name):
    """Not-a-number in one row spreads to all that depends on it, whatever the weights are."""
    model = model_of(**({"core": EXAMPLES[name]} if kind == "core" else {"core": CORE, "recurrent": EXAMPLES[name]}))
    assert hasattr(model.core if kind == "core" else model.recurrent, "receptive_field")
    field, seen = receptive_field_of(model.core, model.recurrent, FRAMES), set()
    for row in range(HEIGHT):
        video = torch.zeros(1, 1, FRAMES, HEIGHT, 12, dtype=torch.float64)
        video[..., row, :] = torch.nan
        features = model.core(video)
        if model.recurrent is not None:
            features, _ = model.recurrent(features, torch.zeros(len(features), 1, dtype=torch.float64))
        touched = features[-1, 0].isnan().any(0).any(1).nonzero().flatten()
        away = (touched * field.stride - row).abs()
        assert (away <= field.radius_px).all()
        seen |= set(away.tolist())
    # The field is no larger than it need be either.
    assert max(seen) == min(field.radius_px, HEIGHT - 1)
