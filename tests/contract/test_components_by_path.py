"""Parts named by import path: neuralpredictors' and a lab's own, through the encoder that our own parts go through."""

import copy
import textwrap

import pytest
import torch

from dlgn_cnn.data.loading.loaders import Foreseen
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.registry import allowing
from dlgn_cnn.training.checks import check_model
from tests.rounding import within_rounding

readouts = pytest.importorskip("neuralpredictors.layers.readouts")
shifters = pytest.importorskip("neuralpredictors.layers.shifters")
READOUT, SHIFTER = "neuralpredictors.layers.readouts", "neuralpredictors.layers.shifters"
KEY = "Mouse_1_s01_e01"
INFO = DataInfo(
    (1, 2, 7), (1, 13, 17), 60.0, (0.1, 0.2, 0.3), 90.0, 40.0, ((0.0, 0.1), (-0.5, 0.3), (1.0, -1.0)),
    pupil_mean=(40.0, 30.0), pupil_std=(4.0, 2.0),
)  # fmt: skip
DATA = Foreseen(INFO, window_frames=60)
# On the way to one drive: a mask (13 x 17) of 4 features.
PRODUCTS = 4 * 13 * 17
CORE = {"name": "stacked_2d", "channels": [4], "kernels": [3]}
# Those of 0.3.0 that run as released; BROKEN are those that do not, and the rest are bases or read several sessions.
READOUTS = {
    "FullGaussian2d": {"init_mu_range": 0.5, "init_sigma": 0.2, "feature_reg_weight": 0.3},
    "Gaussian2d": {"init_mu_range": 0.5, "fixed_sigma": True},
    "SpatialXFeatureLinear": {"normalize": False, "spatial_and_feature_reg_weight": 0.2},
    "FullFactorized2d": {},
    "FullSXF": {},
    "PointPooled2d": {"pool_steps": 1, "pool_kern": 2, "init_range": 0.4, "feature_reg_weight": 0.5},
    "PointPyramid2d": {
        "scale_n": 2, "positive": False, "init_range": 0.3, "downsample": True, "type": "gauss5x5"
    },
}  # fmt: skip
BROKEN = {
    "AttentionReadout": ({}, "TypeError"),  # a bool as a convolution's padding, which torch 2.13 refuses
    "RemappedGaussian2d": ({}, "TypeError"),  # the same
    "DeterministicGaussian2d": ({}, "RuntimeError"),  # clamps a parameter in place, with its gradient on
    "Gaussian3d": ({}, "NotImplementedError"),  # has no regularizer
    "UltraSparse": ({"init_mu_range": 0.5, "init_sigma_range": 0.1}, "AttributeError"),  # its penalty names no method
    "SpatialTransformerPooled3d": ({}, "ValueError"),  # takes a clip, not a frame
}
MOVED = ("FullGaussian2d", "Gaussian2d", "PointPooled2d")
SHIFTERS = {
    "MLPShifter": {"hidden_channels_shifter": 5, "shift_layers": 3},
    "MLP": {"hidden_channels": 5, "shift_layers": 3},
    "StaticAffine2dShifter": {"gamma_shifter": 0.7},
    "StaticAffine2d": {},
}


def build(readout="FullGaussian2d", seed=0, **parts):
    config = {"name": f"{READOUT}.{readout}", **READOUTS[readout]}
    return encoder({KEY: INFO}, seed, core=CORE, readout=config, **parts)


def features(seed=0, time=5, clips=2):
    return torch.randn(time, clips, 4, 13, 17, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", READOUTS)
class TestReadout:
    def test_equals_the_readout_called_frame_by_frame(self, name):
        head = build(name).eval().head(KEY).readout
        direct = [head.readout(frame) for frame in features()]
        assert within_rounding(head(features(), None, None), torch.stack(direct), PRODUCTS)

    def test_gradient_equals_and_reaches_every_parameter_that_the_drive_depends_on(self, name):
        head = build(name).eval().head(KEY).readout
        direct = copy.deepcopy(head.readout)
        weights = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(3))
        (head(features(), None, None) * weights).sum().backward()
        sum((direct(frame) * weight).sum() for frame, weight in zip(features(), weights, strict=True)).backward()
        found = dict(head.readout.named_parameters())
        assert any(parameter.grad is not None for parameter in found.values())
        for key, parameter in direct.named_parameters():
            torch.testing.assert_close(found[key].grad, parameter.grad, rtol=1e-4, atol=1e-5)

    def test_penalty_is_theirs_summed_over_units(self, name):
        head = build(name).head(KEY)
        expected = head.readout.readout.regularizer(reduction="sum")
        assert head.regularizer().item() == pytest.approx(float(expected), rel=1e-6)

    def test_starts_at_the_mean_count(self, name):
        model = build(name)
        rate = model.output(model.head(KEY).readout.readout.bias.detach())
        assert torch.allclose(rate, torch.tensor(INFO.mean_counts), atol=1e-5)

    def test_noise_in_training_follows_from_the_seed_and_leaves_torch_s_own_alone(self, name):
        one, same = build(name).train().head(KEY).readout, build(name).train().head(KEY).readout
        torch.manual_seed(5)
        first = one(features(), None, None)
        after = torch.rand(1)
        torch.manual_seed(5)
        assert torch.equal(torch.rand(1), after)
        assert within_rounding(first, same(features(), None, None), PRODUCTS)

    def test_passes_as_a_whole_model(self, name):
        config = {"core": CORE, "readout": {"name": f"{READOUT}.{name}", **READOUTS[name]}}
        check_model(("encoder", config), DATA)

    def test_a_wrong_key_is_not_swallowed(self, name):
        config = {"core": CORE, "readout": {"name": f"{READOUT}.{name}", **READOUTS[name], "init_muu_range": 0.1}}
        with pytest.raises(ConfigError, match=r"readout\.init_muu_range: readout .* takes no 'init_muu_range'"):
            check_model(("encoder", config), DATA)


@pytest.mark.parametrize("name", BROKEN)
def test_one_that_does_not_run_is_refused_with_its_own_error(name):
    config, error = BROKEN[name]
    readout = {"name": f"{READOUT}.{name}", **config}
    with pytest.raises(ConfigError, match=rf"config\.readout: .*{error}: "):
        check_model(("encoder", {"core": CORE, "readout": readout}), DATA)


@pytest.mark.parametrize("name", MOVED)
def test_a_shift_moves_each_frame_as_theirs_does(name):
    head = build(name).eval().head(KEY).readout
    shift = torch.rand(5, 2, 2, generator=torch.Generator().manual_seed(1)) - 0.5
    direct = [head.readout(frame, shift=moved) for frame, moved in zip(features(), shift, strict=True)]
    found = head(features(), shift, None)
    assert within_rounding(found, torch.stack(direct), PRODUCTS)
    assert not within_rounding(found, head(features(), None, None), PRODUCTS)


def test_training_draws_a_new_position_each_time():
    head = build("FullGaussian2d").train().head(KEY).readout
    assert not within_rounding(head(features(), None, None), head(features(), None, None), PRODUCTS)


@pytest.mark.parametrize("name", SHIFTERS)
class TestShifter:
    def build(self, name):
        return build(shifter={"name": f"{SHIFTER}.{name}", **SHIFTERS[name]}).head(KEY).shifter

    def test_equals_the_shifter_called_frame_by_frame_on_standardized_positions(self, name):
        shifter = self.build(name)
        pupil = 30 + 10 * torch.rand(2, 2, 5, generator=torch.Generator().manual_seed(2))
        own = shifter.shifter["session"] if name.endswith("Shifter") else shifter.shifter
        standard = (pupil - torch.tensor(INFO.pupil_mean)[:, None]) / torch.tensor(INFO.pupil_std)[:, None]
        direct = torch.stack([own(frame) for frame in standard.unbind(2)])
        torch.testing.assert_close(shifter(pupil), direct, rtol=0, atol=1e-6)

    def test_a_missing_position_shifts_nothing_and_spoils_no_gradient(self, name):
        shifter = self.build(name)
        pupil = torch.full((1, 2, 3), 35.0)
        pupil[0, 1, 1] = torch.nan
        found = shifter(pupil)
        assert torch.equal(found[1], torch.zeros(1, 2))
        found.sum().backward()
        assert all(torch.isfinite(parameter.grad).all() for parameter in shifter.parameters())

    def test_penalty_is_a_tensor_of_their_value(self, name):
        shifter = self.build(name)
        theirs = shifter.shifter.regularizer
        expected = theirs("session") if name.endswith("Shifter") else theirs()
        assert shifter.regularizer().shape == ()
        assert shifter.regularizer().item() == pytest.approx(float(expected))

    def test_passes_with_a_readout_that_moves(self, name):
        readout = {"name": f"{READOUT}.FullGaussian2d"}
        shifter = {"name": f"{SHIFTER}.{name}", **SHIFTERS[name]}
        check_model(("encoder", {"core": CORE, "readout": readout, "shifter": shifter}), DATA)


LAB = '''
import torch
from torch import nn
from dlgn_cnn.models.readouts import READOUTS
from dlgn_cnn.models.outputs import Softplus


class Blur(nn.Module):
    """Averages ``size`` frames."""

    def __init__(self, in_shape, size: int = 3):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.frames_lost, self.out_shape = size - 1, in_shape

    def forward(self, videos):
        return self.gain * videos.unfold(2, self.frames_lost + 1, 1).mean(-1).permute(2, 0, 1, 3, 4)

    def regularizer(self):
        return self.gain.square()


class Twice(nn.Module):
    """Twice the drive of the readout ``of``."""

    def __init__(self, in_shape, units, centers, bias, generator, of: dict):
        super().__init__()
        given = dict(in_shape=in_shape, units=units, centers=centers, bias=bias, generator=generator)
        self.inner = READOUTS.build(of, at="of", **given)

    def forward(self, features, shift, opto):
        return 2 * self.inner(features, shift, opto)

    def regularizer(self):
        return self.inner.regularizer()


class Swapped(Blur):
    def forward(self, videos):
        return super().forward(videos).transpose(0, 1)


class Forgets:
    def __init__(self, in_shape):
        self.out_shape = in_shape


class Costly(Blur):
    def regularizer(self):
        return 0.5


class Raises(Blur):
    def forward(self, videos):
        raise RuntimeError("no such layer\\nat all")


class Halved(Twice):
    def forward(self, features, shift, opto):
        return super().forward(features, shift, opto)[..., :1]


class Identity(Softplus):
    def forward(self, drive):
        return drive - 10


class Stateless(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.out_channels = in_channels

    def forward(self, features, opto, state=None):
        return features

    def regularizer(self):
        return torch.zeros(())


def not_a_model(data_info, seed):
    return "a model"


def late(data_info, seed):
    model = nn.Identity()
    model.data_keys, model.frames_lost = list(data_info), 0
    model.forward = lambda videos, *rest: videos
    return model


setting = 3
'''


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / "mylab").mkdir()
    (tmp_path / "mylab" / "__init__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    (tmp_path / "mylab" / "parts.py").write_text(textwrap.dedent(LAB))
    (tmp_path / "mylab" / "broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == "mylab"]:
        del sys.modules[name]


@pytest.fixture
def permitted():
    with allowing({"mylab", "neuralpredictors"}):
        yield


GAUSSIAN = {"name": "gaussian"}
NESTED = {"name": "mylab.parts.Twice", "of": {"name": f"{READOUT}.FullGaussian2d", "init_mu_range": 0.2}}


def test_a_lab_s_core_and_a_readout_that_holds_another_one_fit_in(lab, permitted):
    core = {"name": "mylab.parts.Blur", "size": 4}
    check_model(("encoder", {"core": core, "readout": NESTED}), DATA)
    model = encoder({KEY: INFO}, 0, core=core, readout=NESTED).eval()
    videos = torch.randn(2, 1, 9, 13, 17, generator=torch.Generator().manual_seed(0))
    assert model.frames_lost == 3
    assert model(videos, torch.zeros(2, 9), KEY).shape == (2, 3, 6)
    blurred = torch.stack([videos[:, 0, t : t + 4].mean(1) for t in range(6)])[:, :, None]
    torch.testing.assert_close(model.core(videos), blurred)
    inner = model.head(KEY).readout.inner
    torch.testing.assert_close(model.head(KEY).readout(blurred, None, None), 2 * inner(blurred, None, None))


@pytest.mark.parametrize(
    "parts",
    [
        {"core": {"name": "mylab.parts.Blur"}},
        {"readout": NESTED},
        {"readout": {"name": "mylab.parts.Twice", "of": {"name": "mylab.parts.Twice", "of": GAUSSIAN}}},
        {"recurrent": {"name": "mylab.parts.Stateless"}},
        {"shifter": {"name": "mylab.parts.Blur"}},
        {"modulators": [{"name": "mylab.parts.Blur"}]},
        {"output": {"name": "mylab.parts.Identity"}},
    ],
    ids=lambda parts: next(iter(parts)),
)
def test_a_package_that_is_not_allowed_is_refused_unimported(lab, parts):
    with pytest.raises(ConfigError, match=r"'mylab', which is not allowed \(allowed: neuralpredictors\)"):
        check_model(("encoder", {"core": CORE, "readout": GAUSSIAN} | parts), DATA)
    assert not (lab / "ran").exists()


def test_what_a_nested_part_may_import_is_what_the_outer_one_may(lab):
    wanted = r"config\.readout\.of: .*'neuralpredictors', which is not allowed"
    with allowing({"mylab"}), pytest.raises(ConfigError, match=wanted):
        check_model(("encoder", {"core": CORE, "readout": NESTED}), DATA)


def test_a_config_may_not_allow_itself_anything(lab, permitted):
    config = {"core": {"name": "mylab.parts.Blur"}, "readout": GAUSSIAN, "allowed_packages": ["mylab"]}
    with pytest.raises(ConfigError, match="takes no 'allowed_packages'"):
        check_model(("encoder", config), DATA)
    config = {"core": CORE, "readout": NESTED | {"allowed_packages": ["neuralpredictors"]}}
    with pytest.raises(ConfigError, match=r"config\.readout\.allowed_packages: .* takes no"):
        check_model(("encoder", config), DATA)
    assert (lab / "ran").exists()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"core": {"name": "mylab.parts.Swapped"}},
            r"config\.core: the core returned a tensor of shape \(2, 3, 1, 13, 17\), expected a tensor of shape "
            r"\(3, 2, 1, 13, 17\) \(time batch feature height width\)",
        ),
        (
            {"core": {"name": "mylab.parts.Forgets"}},
            r"config\.core: .* returned a Forgets without frames_lost, regularizer: dlgn_cnn\.models\.cores's",
        ),
        (
            {"core": {"name": "mylab.parts.Costly"}},
            "config.core: the core's penalty returned a float, expected",
        ),
        (
            {"core": {"name": "mylab.parts.Raises"}},
            r"config\.core: this part fails on .*: RuntimeError: no such layer$",
        ),
        ({"core": {"name": "mylab.parts.Blur", "size": "4"}}, r"config\.core\.size: given '4' \(str\), expected int"),
        ({"core": {"name": "mylab.parts.Bluur"}}, "config.core: .*cannot be imported: .* has no 'Bluur'; did .*'Blur'"),
        ({"core": {"name": "mylab.broken.Core"}}, "config.core: .*cannot be imported: ZeroDivisionError"),
        ({"core": {"name": "mylab.parts.setting"}}, "config.core: .* is of type int, expected a class or function"),
        ({"core": {"name": "mylab.parts.Blur", "size": 0}}, "this model loses -1 frames"),
        (
            {"readout": NESTED | {"name": "mylab.parts.Halved"}},
            r"readout: .*\(3, 2, 1\), expected .*\(3, 2, 3\)",
        ),
        ({"readout": NESTED | {"of": {"name": "gausian"}}}, r"config\.readout\.of: .*did you mean 'gaussian'"),
        ({"output": {"name": "mylab.parts.Identity"}}, "config.output: the output returned rates down to -"),
        ({"recurrent": {"name": "mylab.parts.Stateless"}}, r"config\.recurrent: .* a Tensor, not \(features, state\)"),
    ],
)
def test_a_part_that_breaks_its_contract_is_refused_with_what_it_returned(lab, permitted, parts, message):
    with pytest.raises(ConfigError, match=message):
        check_model(("encoder", {"core": CORE, "readout": GAUSSIAN} | parts), DATA)


def test_a_model_function_of_another_package_is_checked_too(lab, permitted):
    with pytest.raises(ConfigError, match="returned a str, expected a torch module"):
        check_model(("mylab.parts.not_a_model", {}), DATA)
    with pytest.raises(ConfigError, match=r"the model returned .* expected a tensor of shape \(2, 3, 3\)"):
        check_model(("mylab.parts.late", {}), DATA)


def test_their_cores_which_no_longer_import_are_refused_with_the_reason():
    config = {"core": {"name": "neuralpredictors.layers.cores.Stacked2dCore"}, "readout": GAUSSIAN}
    with pytest.raises(ConfigError, match=r"config\.core: .*cannot be imported: ImportError"):
        check_model(("encoder", config), DATA)
