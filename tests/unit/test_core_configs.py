"""A core refuses a config that cannot be, and says which entry and why."""

import pytest

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.cores import CORES

LAYERS = {"channels": [4, 4], "kernels": [5, 3]}


def build(name="stacked_2d", **config):
    if name.endswith("3d"):
        config = {"kernels_time": [3, 3], **config}
    return CORES.build({"name": name, **LAYERS, **config}, in_shape=(1, 13, 17))


@pytest.mark.parametrize("name", CORES.names())
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kernels": [5]}, r"2 channels, 1 kernels(, 2 kernels_time)?: give one"),
        ({"strides": [1, 1, 1]}, "3 strides"),
        ({"dilations": []}, "dilations of a core is"),
        ({"channels": 4}, "channels: given 4 .int., expected list of int"),
        ({"channels": []}, "give a list of whole numbers above 0"),
        ({"channels": [4, 0]}, "whole numbers above 0"),
        ({"channels": [4, 2.5]}, r"channels\[1\]: given 2.5 .float., expected int"),
        ({"kernels": [5, True]}, r"kernels\[1\]: given True .bool., expected int"),
        ({"kernels": [5, 4]}, "give odd ones"),
        ({"padding": "vaild"}, "did you mean 'valid'"),
        ({"kernels": [9, 7], "padding": "valid"}, "spans 7 px and the maps that it filters have 5"),
        ({"kernels": [5, 3], "dilations": [1, 5], "padding": "valid"}, "dilation 5 spans 11 px .* have 9"),
        ({"laplace_weight": -0.1}, "laplace_weight of a core is -0.1"),
        ({"dilation": [1, 1]}, "did you mean 'dilations'"),
    ],
)
def test_a_core_that_cannot_be_is_refused(name, config, message):
    with pytest.raises(ConfigError, match=message):
        build(name, **config)


@pytest.mark.parametrize("name", [name for name in CORES.names() if name.endswith("3d")])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kernels_time": [3]}, "1 kernels_time"),
        ({"dilations_time": [1]}, "1 dilations_time"),
        ({"kernels_time": [3, 0]}, "kernels_time of a core is"),
        ({"laplace_time_weight": -1.0}, "laplace_time_weight"),
    ],
)
def test_time_that_cannot_be_is_refused(name, config, message):
    with pytest.raises(ConfigError, match=message):
        build(name, **config)


@pytest.mark.parametrize(
    ("rotations", "message"), [(0, "multiple of 4"), (6, "multiple of 4"), (-4, "multiple of 4"), (8.0, "expected int")]
)
def test_rotations_include_quarters(rotations, message):
    with pytest.raises(ConfigError, match=message):
        build("rotation_equivariant_2d", rotations=rotations)


def test_frames_lost_are_the_reach_of_all_kernels_in_time():
    layers = {"channels": [2, 2, 2], "kernels": [7, 7, 7]}
    for name in ("conv_3d", "factorized_3d"):
        core = build(name, **layers, kernels_time=[11, 5, 5], dilations_time=[1, 2, 3])
        assert core.frames_lost == 10 + 8 + 12
    assert build("stacked_2d").frames_lost == 0
    assert build("factorized_3d", kernels_time=[3, 5]).frames_lost == 6


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        ({}, (4, 13, 17)),
        ({"padding": "valid"}, (4, 7, 11)),
        ({"strides": [2, 1]}, (4, 7, 9)),
        ({"padding": "valid", "strides": [2, 1], "dilations": [1, 2]}, (4, 1, 3)),
        ({"dilations": [3, 2]}, (4, 13, 17)),
    ],
)
def test_shape_follows_from_the_config(config, shape):
    assert build(**config).out_shape == shape
