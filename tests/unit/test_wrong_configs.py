"""A wrong config is refused before any data are read: where it is wrong, what was given, and what is nearest."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pytest

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry.annotations import check_value, spell
from dlgn_cnn.training.assemble import FitSpec
from tests.specs import check_spec

RIGHT: dict[str, Any] = {
    "dataset": {"sessions": ["Mouse_1_s01_e01"], "size_px": [13, 17], "rate_hz": 60, "window_frames": 20},
    "model": {
        "core": {"name": "stacked_2d", "channels": [4, 5], "kernels": [5, 3]},
        "recurrent": {"name": "conv_gru", "channels": 6},
        "readout": {"name": "gaussian", "feature_weight": 0.01},
        "output": {"name": "softplus", "sharpness": 10},
    },
    "trainer": {"fit": {"max_epochs": 2, "learning_rate": 0.01}},
}


def spec(**functions):
    names = {"dataset": "stored_sessions", "model": "encoder", "trainer": "standard"} | functions
    return lambda configs: FitSpec(*((names[part], configs[part]) for part in names), seed=0)


def with_value(path, value):
    """RIGHT with one value replaced or added; the value ``...`` takes it away."""
    configs = copy.deepcopy(RIGHT)
    *way, last = path.split(".")
    place = configs
    for key in way:
        place = place.setdefault(key, {})
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return configs


def test_the_right_one_passes():
    check_spec(spec()(RIGHT))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model.core.kernel", [3], r"^model\.config\.core\.kernel: core 'stacked_2d' takes no 'kernel'.*'kernels'\?$"),
        ("model.core.kernels", ..., r"^model\.config\.core: core 'stacked_2d' needs 'kernels': add it"),
        ("model.core.kernels", [5, "3"], r"^model\.config\.core\.kernels\[1\]: given '3' \(str\), .*: write 3 w"),
        ("model.core.kernels", 5, r"^model\.config\.core\.kernels: given 5 \(int\), expected list of int$"),
        ("model.core.kernels", [5, 4], r"^model\.config\.core: .*give odd ones"),
        ("model.core.kernels", [5, 69], r"^model\.config: a kernel of 69 px on frames .*: expected up to 68$"),
        ("model.core.channels", [4.0, 5], r"^model\.config\.core\.channels\[0\]: given 4\.0 \(float\), expected int"),
        ("model.core.in_shape", [1, 2, 3], r"^model\.config\.core\.in_shape: core 'stacked_2d' takes no 'in_shape'"),
        ("model.core.name", "stacked2d", r"^model\.config\.core: there is no core .* did you mean 'stacked_2d'"),
        ("model.core.name", 2, r"^model\.config\.core: core 2: given int, expected a name"),
        ("model.core", "stacked_2d", r"^model\.config\.core: given 'stacked_2d' \(str\), expected mapping"),
        ("model.core", ..., r"^model\.config: model function 'encoder' needs 'core'"),
        ("model.cores", {}, r"^model\.config\.cores: model function 'encoder' takes no 'cores': .*'core'\?"),
        ("model.recurrent.opto", ["update.inputs"], r"^model\.config\.recurrent: .*did you mean 'update\.input'"),
        ("model.recurrent.channels", True, r"^model\.config\.recurrent\.channels: given True \(bool\), expected int"),
        ("model.readout.feature_weight", "1e-5", r"^model\.config\.readout\.feature_weight: .*float: write 1e-05"),
        ("model.readout.init_mean", "middle", r"^model\.config\.readout: init_mean of a gaussian readout is 'middle'"),
        ("model.output.learned", 1, r"^model\.config\.output\.learned: given 1 \(int\), expected bool"),
        ("model.output.sharpness", -1.0, r"^model\.config\.output: sharpness .* is -1\.0: expected a number in"),
        (
            "model.core",
            {"name": "conv_3d", "channels": [2], "kernels": [3], "kernels_time": [21]},
            r"^model\.config: this model loses 20 frames and windows have 20: .*window_frames 21 or more",
        ),
        ("model.output", {"sharpness": 3.0}, r"^model\.config\.output: this output needs a 'name'"),
        ("model.modulators", [{"name": "gain"}], r"^model\.config\.modulators\[0\]: there is no modulator"),
        ("model.modulators", [3], r"^model\.config\.modulators\[0\]: given 3 \(int\), expected mapping"),
        ("model.opto_channel", "yes", r"^model\.config\.opto_channel: given 'yes' \(str\), expected bool"),
        ("trainer.fit.learning_rate", None, r"^trainer\.config\.fit\.learning_rate: given null, expected float"),
        ("trainer.fit.learning_rate", "1e-3", r"^trainer\.config\.fit\.learning_rate: given '1e-3' .*: write 0\.001$"),
        ("trainer.fit.max_epoch", 3, r"^trainer\.config\.fit\.max_epoch: fit takes no .*'max_epochs'\?"),
        ("trainer.fit.max_epochs", 0, r"^trainer\.config\.fit: max_epochs is 0: expected a whole number of at least 1"),
        ("trainer.fit.schedule", "cosin", r"^trainer\.config\.fit\.schedule: .*did you mean 'cosine'"),
        ("trainer.fit", 3, r"^trainer\.config\.fit: given 3 \(int\), expected mapping or null"),
        ("trainer.max_epochs", 3, r"^trainer\.config\.max_epochs: .* write it below fit, as fit\.max_epochs$"),
        ("trainer.loss", "poison", r"^trainer\.config\.loss: there is no loss called 'poison': .*'poisson'\?"),
        ("dataset.window_frame", 3, r"^dataset\.config\.window_frame: .* takes no 'window_frame': .*'window_frames'\?"),
        ("dataset.size_px", [13], r"^dataset\.config\.size_px: given \[13\] \(list\), expected list \[int, int\]"),
        ("dataset.size_px", [13, "17"], r"^dataset\.config\.size_px\[1\]: given '17' \(str\), expected int"),
        ("dataset.size_px", [13, 0], r"size_px \[13, 0\]: expected \[height, width\] in px"),
        ("dataset.rate_hz", -1, r"rate_hz is -1: expected a number in \(0, inf\]"),
        ("dataset.sessions", ..., r"^dataset\.config: dataset function 'stored_sessions' needs 'sessions'"),
        ("dataset.sessions", "Mouse_1_s01_e01", r"^dataset\.config\.sessions: given .* expected list of str"),
        ("dataset.windows", "tile", r"^dataset\.config: .*did you mean 'tiled'"),
        ("dataset.stores", {}, r"^dataset\.config\.stores: dataset function 'stored_sessions' takes no 'stores'"),
        (
            "dataset.transforms",
            [{"name": "crop", "topp": 1}, {"name": "normalize"}],
            r"^dataset\.config\.transforms\[0\]\.topp: transform 'crop' takes no 'topp': .*'top'\?",
        ),
        ("dataset.transforms", [{"name": "crop", "top": 13}], r"^dataset\.config\.transforms\[0\]: crop .*nothing"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_place(path, value, message):
    with pytest.raises(ConfigError, match=message):
        check_spec(spec()(with_value(path, value)))


@pytest.mark.parametrize("part", ["dataset", "model", "trainer"])
def test_a_wrong_function_is_named_with_its_place(part):
    with pytest.raises(ConfigError, match=rf"^{part}\.fn: there is no .* called 'standart': choose from"):
        check_spec(spec(**{part: "standart"})(RIGHT))


def test_the_model_is_tried_on_frames_as_the_transforms_leave_them():
    configs = with_value("dataset.transforms", [{"name": "normalize"}, {"name": "scale", "size_px": [2, 2]}])
    configs["model"]["readout"] = {"name": "neuralpredictors.layers.readouts.PointPooled2d"} | {
        "pool_steps": 2,
        "pool_kern": 2,
        "init_range": 0.1,
    }
    with pytest.raises(ConfigError, match=r"^model\.config\.readout: this part fails on 2 clips of 3 frames: Runtime"):
        check_spec(spec()(configs))
    configs["dataset"]["transforms"] = [{"name": "normalize"}, {"name": "channels", "behavior": True}]
    check_spec(spec()(configs))


def test_units_that_a_transform_selects_are_those_that_the_model_is_built_for():
    check_spec(spec()(with_value("dataset.transforms", [{"name": "select_units", "units": [7, 3, 12]}])))


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (3, int), (3, float), (3.5, float), (True, bool), ("a", str), (None, int | None), (3, int | None),
        ([1, 2], list[int]), ([], list[int]), ([1, 2], Sequence[float]), ((1, 2), tuple[int, int]),
        ([1, 2, 3], tuple[int, ...]), ({"a": {"b": 1}}, Mapping[str, Any]), ({"a": 1}, dict), ("a", Literal["a", "b"]),
        ([[1], [2, 3]], list[list[int]]), ("x", Any), (3, "int"), ({"a": [1]}, Mapping[str, list[int]]),
    ],
)  # fmt: skip
def test_values_of_their_type_pass(value, annotation):
    check_value(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "message"),
    [
        (True, int, r"^given True \(bool\), expected int$"),
        (True, float, r"^given True \(bool\), expected float$"),
        (3.0, int, "expected int$"),
        ("abc", Sequence[str], "expected list of str$"),
        (3, Mapping[str, Any], "expected mapping$"),
        (
            [1, [2, "3"]],
            list[int | list[int]],
            r"^\[1\]\[1\]: given '3' \(str\), expected int: write 3 without quotes$",
        ),
        ({"a": {"b": "x"}}, Mapping[str, Mapping[str, int]], r"^a\.b: given 'x' \(str\), expected int$"),
        ({"a": [1, "x"]}, Mapping[str, list[int]], r"^a\[1\]: "),
        ("c", Literal["a", "b"], r"expected 'a' or 'b'$"),
        (1, Literal[True], "expected True$"),
        ("x", int | float | None, "expected int or float or null$"),
        ([1, 2, 3], tuple[int, int], r"expected list \[int, int\]$"),
    ],
)
def test_values_of_another_type_are_refused(value, annotation, message):
    with pytest.raises(ConfigError, match=message):
        check_value(value, annotation)


def test_types_are_spelt_in_words():
    assert spell(list[list[int]]) == "list of list of int"
    assert spell(Sequence[str] | None) == "list of str or null"
    assert spell(Any) == "anything"


def test_places_are_joined_from_the_outside_in():
    with pytest.raises(ConfigError) as caught, within("models[0]"), within("config"), within("core"):
        raise ConfigError("wrong", "[1]")
    assert (str(caught.value), caught.value.place) == ("models[0].config.core[1]: wrong", "models[0].config.core[1]")
    assert str(ConfigError("wrong")) == "wrong"
