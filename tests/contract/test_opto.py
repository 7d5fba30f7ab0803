"""The light in every part that takes it: at zero it is the model without it, and it changes no earlier frame."""

import pytest
import torch

from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.cores import CORES
from tests.contract.test_components import COMPONENTS, EXAMPLES, INFO, PRODUCTS, batch, precise, shaken
from tests.rounding import within_rounding

KEY = next(iter(INFO))
SWITCHED = 7
# Each part that takes the light: the model's config without it.
WITHOUT = {
    "conv_gru": {"recurrent": {"name": "conv_gru", "channels": 6, "opto": []}},
    "opto_kernel": {},
    "opto_gain": {},
}
PLAIN = {"core": {"name": "stacked_2d", **EXAMPLES["stacked_2d"]}, "readout": {"name": "gaussian"}}


def lit(part, name):
    """The model in which the light acts through this part alone."""
    own = {"name": name, **EXAMPLES.get(name, {})}
    return encoder(INFO, 0, **PLAIN | ({"modulators": [own]} if part == "modulator" else {part: own}))


def without_opto(model, **config):
    """A model of the config with the weights of ``model``, as far as it has them."""
    plain = encoder(INFO, 0, **PLAIN | config)
    weights = model.state_dict()
    # Where the video has a channel less, its filters are the first channels of theirs.
    plain.load_state_dict(
        {name: weights[name][tuple(map(slice, own.shape))] for name, own in plain.state_dict().items()}
    )
    return plain.eval()


def rates(model, opto):
    """In float64, where rounding is far below what a little light does."""
    videos, _, key, behavior, pupil = precise(batch(KEY))
    return model.double().eval()(videos, opto.double(), key, behavior, pupil)


def darkness():
    return torch.zeros_like(batch(KEY)[1])


def switched():
    """The light as it is in ``batch``, and the same with another state from a frame on."""
    opto = batch(KEY)[1]
    return opto, torch.cat([opto[:, :SWITCHED], 1 - opto[:, SWITCHED:]], 1)


def answers_to_light(model):
    return not within_rounding(*(rates(model, opto) for opto in switched()), PRODUCTS)


@pytest.mark.parametrize(("part", "name"), [case for case in COMPONENTS if case[0] != "core"])
def test_light_at_zero_is_the_model_without_light(part, name):
    model = shaken(lit(part, name))
    assert answers_to_light(model) == (name in WITHOUT), f"WITHOUT of this file says how {part} {name} is without light"
    if name in WITHOUT:
        plain = without_opto(model, **WITHOUT[name])
        assert not answers_to_light(plain)
        assert within_rounding(rates(model, darkness()), rates(plain, darkness()), PRODUCTS)
        assert not torch.allclose(rates(model, 1 - darkness()), rates(plain, darkness()), rtol=1e-3)


@pytest.mark.parametrize("name", CORES.names())
def test_a_light_channel_at_zero_is_the_model_without_one(name):
    core = {"name": name, **EXAMPLES[name]}
    model = shaken(encoder(INFO, 0, **PLAIN | {"core": core}, opto_channel=True))
    plain = without_opto(model, core=core)
    assert within_rounding(rates(model, darkness()), rates(plain, darkness()), PRODUCTS)
    assert answers_to_light(model)
    assert not answers_to_light(plain)


@pytest.mark.parametrize("channel", [False, True])
@pytest.mark.parametrize(("part", "name"), COMPONENTS)
def test_the_light_switch_changes_no_earlier_frame(part, name, channel):
    parts = {"recurrent": {"name": "conv_gru", "channels": 6}} if part != "recurrent" else {}
    own = {"name": name, **EXAMPLES.get(name, {})}
    parts |= {"modulators": [own]} if part == "modulator" else {part: own}
    model = shaken(encoder(INFO, 0, **PLAIN | parts, opto_channel=channel))
    before, after = (rates(model, opto) for opto in switched())
    earlier = SWITCHED - model.frames_lost
    assert within_rounding(before[..., :earlier], after[..., :earlier], PRODUCTS)
    assert not within_rounding(before[..., earlier:], after[..., earlier:], PRODUCTS)
