"""Recurrent units against their equations, written plainly, and against what the light may and may not do."""

import itertools

import pytest
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.recurrent.conv_gru import GATES, SWITCHES, ConvGru, OptoDrive
from tests.rounding import within_rounding

functional = torch.nn.functional
# On the longest path to one value or gradient: 6 frames of 3 gates of 3 x 3 x 3 and 5 x 5 x 4 products, and for the
# gradient to a weight all 6 x 2 x 7 x 8 places.
PRODUCTS = 6 * 3 * (27 + 100) + 6 * 2 * 7 * 8
SUBSETS = [list(light) for count in (0, 1, 2, 6) for light in itertools.combinations(SWITCHES, count)]


def under_light(module, index, drive, light):
    """The drive of one gate under the light (batch,)."""
    if index not in module.gates:
        return drive
    row, lit = module.gates.index(index), light[:, None, None, None]
    gain, shift = (part[row][None, :, None, None] for part in (module.gain, module.shift))
    return (1 + gain * lit) * drive + shift * lit


def plain(unit, features, opto, state):
    """The equations of a gated unit's docstring, one frame and one gate at a time."""
    channels, states = unit.out_channels, []
    for frame, light in zip(features, opto, strict=True):
        drives = []
        for index in range(len(GATES)):
            rows = slice(index * channels, (index + 1) * channels)
            x = functional.conv2d(frame, unit.from_input.weight[rows], unit.from_input.bias[rows], padding="same")
            s = functional.conv2d(state, unit.from_state.weight[rows], padding="same")
            drives.append(
                (under_light(unit.opto_input, index, x, light), under_light(unit.opto_state, index, s, light))
            )
        first, last = torch.sigmoid(sum(drives[0])), torch.sigmoid(sum(drives[-2]))
        candidate = torch.tanh(drives[-1][0] + last * drives[-1][1])
        state = first * state + (1 - first) * candidate
        states.append(state)
    return torch.stack(states)


def some(opto=SWITCHES, seed=0):
    """A unit of 3 to 4 channels whose light does something, and what it is called with."""
    torch.manual_seed(seed)
    built = ConvGru(3, 4, kernel_input=3, kernel_state=5, opto=opto)
    for module in built.modules():
        if isinstance(module, OptoDrive):
            torch.nn.init.normal_(module.gain)
            torch.nn.init.normal_(module.shift)
    return built, torch.randn(6, 2, 3, 7, 8), torch.rand(6, 2)


def gradients(output, weights, inputs):
    found = torch.autograd.grad((output * weights).sum(), [part for part in inputs if part.numel()])
    return [output.detach(), *found]


@pytest.mark.parametrize("light", SUBSETS)
def test_the_unit_is_its_equations_in_output_and_gradient(light):
    # In float64, where rounding is far below what a wrong term would be.
    built, features, opto = (part.double() for part in some(light))
    state, weights = (torch.randn(*shape, 2, 4, 7, 8, dtype=torch.float64) for shape in ((), (6,)))
    features.requires_grad_(), state.requires_grad_()
    inputs = [features, state, *built.parameters()]
    ours = gradients(built(features, opto, state)[0], weights, inputs)
    expected = gradients(plain(built, features, opto, state), weights, inputs)
    for one, other in zip(ours, expected, strict=True):
        assert within_rounding(one, other, PRODUCTS)


def test_the_written_gradient_is_the_numerical_one():
    built, features, opto = some()
    built.double()
    names, values = zip(*built.named_parameters(), strict=True)

    def run(features, opto, state, *values):
        return torch.func.functional_call(built, dict(zip(names, values, strict=True)), (features, opto, state))

    inputs = [features[:3, :, :, :3, :2], opto[:3], torch.randn(2, 4, 3, 2), *values]
    inputs = [part.detach().double().requires_grad_() for part in inputs]
    assert torch.autograd.gradcheck(run, inputs, fast_mode=True)


def test_bfloat16_keeps_the_gradients_direction():
    built, features, opto = some()
    weights, inputs = torch.randn(6, 2, 4, 7, 8), list(built.parameters())
    exact = gradients(built(features, opto)[0], weights, inputs)
    with torch.autocast("cpu", torch.bfloat16):
        states = built(features, opto)[0]
    assert states.dtype == torch.float32
    for one, other in zip(gradients(states, weights, inputs), exact, strict=True):
        assert functional.cosine_similarity(one.flatten(), other.flatten(), 0) > 0.999


def test_the_gradient_to_the_movie_needs_none_to_the_weights():
    built, features, opto = some()
    features.requires_grad_()
    (expected,) = torch.autograd.grad(built(features, opto)[0].square().sum(), features)
    built.requires_grad_(False)
    (found,) = torch.autograd.grad(built(features, opto)[0].square().sum(), features)
    assert within_rounding(found, expected, PRODUCTS)
    with torch.no_grad():
        assert within_rounding(built(features, opto)[0], built(features, opto)[0], PRODUCTS)


def test_each_light_switch_is_another_model():
    outputs = []
    for switch in SWITCHES:
        built, features, _ = some([switch])
        outputs.append(built(features, torch.ones(6, 2))[0])
    for one, other in itertools.combinations(outputs, 2):
        assert not within_rounding(one, other, PRODUCTS)


def test_in_the_dark_the_light_switches_do_nothing():
    (lit, features, _), (unlit, _, _) = some(SWITCHES), some(())
    unlit.load_state_dict({name: lit.state_dict()[name] for name, p in unlit.state_dict().items() if p.numel()}, False)
    dark = torch.zeros(6, 2)
    assert within_rounding(lit(features, dark)[0], unlit(features, dark)[0], PRODUCTS)
    assert not within_rounding(lit(features, dark + 1)[0], unlit(features, dark + 1)[0], PRODUCTS)


def test_the_light_changes_no_earlier_frame_and_all_later_ones():
    built, features, opto = some()
    switched = torch.cat([opto[:3], 1 - opto[3:]])
    before, after = built(features, opto)[0], built(features, switched)[0]
    assert within_rounding(before[:3], after[:3], PRODUCTS)
    assert ((before - after)[3:].abs().amax((1, 2, 3, 4)) > 1e-3).all()


@pytest.mark.parametrize("chunks", [(4, 2), (1, 2, 3), (1,) * 6])
def test_a_state_passed_on_continues_the_clip(chunks):
    built, features, opto = (part.double() for part in some())
    whole, _ = built(features, opto)
    weights = torch.randn(whole.shape, dtype=torch.float64)
    state, parts = None, []
    for frames, light in zip(features.split(chunks), opto.split(chunks), strict=True):
        part, state = built(frames, light, state)
        parts.append(part)
    inputs = list(built.parameters())
    ours, expected = (gradients(out, weights, inputs) for out in (torch.cat(parts), whole))
    for one, other in zip(ours, expected, strict=True):
        assert within_rounding(one, other, PRODUCTS)


def test_an_unknown_light_switch_names_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean 'update\.input'"):
        ConvGru(3, 4, opto=["pdate.input"])


@pytest.mark.parametrize("wrong", [{"kernel_state": 4}, {"kernel_input": -1}])
def test_a_wrong_shape_of_a_unit_is_refused(wrong):
    with pytest.raises(ConfigError, match="all above 0, kernels odd"):
        ConvGru(3, 4, **wrong)
