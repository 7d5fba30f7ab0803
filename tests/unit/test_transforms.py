"""Transforms: what is said of a session and what its batches hold change together."""

import dataclasses

import numpy as np
import pytest
import torch

from dlgn_cnn.data.loading.transforms import DEFAULT, TRANSFORMS, build_transforms, training_statistics
from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.data.sessions.session_data import TrialData
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo
from tests.rounding import within_rounding

UNITS, TIME, HEIGHT, WIDTH = (3, 4, 7), 12, 9, 11
INFO = DataInfo(UNITS, (1, HEIGHT, WIDTH), 60.0, (0.5, 1.0, 2.0), 100.0, 40.0, ((-1.0, -1.0), (0.0, 0.0), (0.4, 0.75)))
# Options for the parts that need some; a new one without required options is tested with none.
OPTIONS = {
    "channels": {"opto": True, "behavior": True},
    "select_units": {"units": [7, 3]},
    "crop": {"top": 2, "left": 3, "right": 1},
    "scale": {"size_px": [4, 6]},
}
ARRAYS = tuple(field.name for field in dataclasses.fields(Batch))


def trials(count: int = 4) -> list[TrialData]:
    generator = np.random.default_rng(0)
    made = []
    for number in range(count):
        behavior = generator.normal(5, 3, (2, TIME)).astype(np.float32)
        behavior[0, :2] = np.nan
        made.append(
            TrialData(
                number,
                SceneKey("movie", number),
                "train",
                generator.integers(0, 256, (TIME, HEIGHT, WIDTH), dtype=np.uint8),
                generator.poisson([[0.5], [1.0], [2.0]], (3, TIME)).astype(np.float32),
                generator.integers(0, 2, TIME).astype(np.float32),
                behavior,
                np.full((2, TIME), np.nan, np.float32),
            )
        )
    return made


def batch(dtype: torch.dtype = torch.uint8) -> Batch:
    def stack(name: str) -> torch.Tensor:
        return torch.from_numpy(np.stack([getattr(trial, name) for trial in trials()]))

    return Batch(stack("videos")[:, None].to(dtype), *map(stack, ARRAYS[1:]))


def build(name: str, info: DataInfo = INFO, **options):
    config = {"name": name, **(options or OPTIONS.get(name, {}))}
    return TRANSFORMS.build(config, data_info=info, statistics=training_statistics(UNITS, trials()))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("name", TRANSFORMS.names())
def test_info_and_batch_agree_and_time_is_kept(name, dtype):
    transform = build(name)
    info, changed = transform.data_info, transform(batch(dtype))
    channels, height, width = info.frame_shape
    assert changed.videos.shape == (4, channels, TIME, height, width)
    assert changed.responses.shape == (4, len(info.units), TIME)
    assert len(info.units) == len(info.mean_counts) == len(info.field_centers)
    assert all(-1 <= value <= 1 for center in info.field_centers for value in center)
    assert info.rate_hz == INFO.rate_hz
    assert changed.opto.shape == (4, TIME)
    assert changed.behavior.shape == changed.pupil_center.shape == (4, 2, TIME)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("name", TRANSFORMS.names())
def test_a_transform_is_deterministic_and_leaves_its_batch_as_it_is(name, dtype):
    given, same = batch(dtype), batch(dtype)
    one, again = build(name)(given), build(name)(given)
    for array in ARRAYS:
        assert torch.equal(getattr(one, array).nan_to_num(99), getattr(again, array).nan_to_num(99))
        assert torch.equal(getattr(given, array).nan_to_num(99), getattr(same, array).nan_to_num(99))


@pytest.mark.parametrize("name", TRANSFORMS.names())
def test_a_transform_sees_no_other_time(name):
    """A frame of the output follows from the same frame of the input: windows and whole trials are treated alike."""
    whole = build(name)(batch())
    cut = Batch(batch().videos[:, :, 3:7], *(getattr(batch(), array)[..., 3:7] for array in ARRAYS[1:]))
    part = build(name)(cut)
    # At most, a pixel is a mean over the whole frame.
    assert within_rounding(part.videos.float(), whole.videos[:, :, 3:7].float(), HEIGHT * WIDTH)
    assert within_rounding(part.responses, whole.responses[..., 3:7], 1)


@pytest.mark.parametrize("name", TRANSFORMS.names())
def test_an_unknown_option_is_refused(name):
    with pytest.raises(ConfigError, match="no_such_option"):
        build(name, **OPTIONS.get(name, {}), no_such_option=1)


def test_the_default_normalizes_by_the_training_tier():
    (normalize,), info = build_transforms(DEFAULT, INFO, training_statistics(UNITS, trials()))
    expected = (batch().videos.double() - 100.0) / 40.0
    torch.testing.assert_close(normalize(batch()).videos.double(), expected, rtol=0, atol=1e-6)
    assert info == INFO


def test_gray_levels_that_nobody_normalizes_are_described_as_such():
    _, info = build_transforms([{"name": "crop"}], INFO, training_statistics(UNITS, trials()))
    assert (info.video_mean, info.video_std) == (0.0, 1.0)


def test_statistics_are_those_of_the_training_trials():
    found = training_statistics(UNITS, trials())
    counts = np.concatenate([trial.responses for trial in trials()], 1).astype(float)
    behavior = np.concatenate([trial.behavior for trial in trials()], 1).astype(float)
    assert list(found.response_std) == list(UNITS)
    assert [*found.response_std.values()] == pytest.approx(counts.std(1))
    assert found.behavior_mean == pytest.approx(np.nanmean(behavior, 1))
    assert found.behavior_std == pytest.approx(np.nanstd(behavior, 1), rel=1e-5)


def test_standardized_responses_have_unit_deviation_and_so_have_selected_ones():
    statistics = training_statistics(UNITS, trials())
    configs = [{"name": "select_units", "units": [7, 3]}, {"name": "standardize_responses"}]
    steps, info = build_transforms(configs, INFO, statistics)
    changed = steps[1](steps[0](batch()))
    assert changed.responses.transpose(0, 1).flatten(1).std(1, correction=0).tolist() == pytest.approx([1, 1])
    assert info.units == (3, 7)
    assert info.mean_counts == pytest.approx((0.5 / statistics.response_std[3], 2.0 / statistics.response_std[7]))


def test_a_unit_that_never_varies_cannot_be_standardized():
    silent = [dataclasses.replace(trial, responses=trial.responses * [[1], [0], [1]]) for trial in trials()]
    with pytest.raises(ConfigError, match=r"units \[4\] never vary"):
        build_transforms([{"name": "standardize_responses"}], INFO, training_statistics(UNITS, silent))


def test_channels_are_the_light_and_standardized_behavior_at_every_pixel():
    changed = build("channels")(batch()).videos
    assert torch.equal(changed[:, :1], batch().videos.float())
    assert torch.equal(changed[:, 1, :, 4, 5], batch().opto)
    assert (changed[:, 1:] == changed[:, 1:, :, :1, :1]).all()
    assert (changed[:, 2, :2] == 0).all(), "missing running is its mean"
    assert changed[:, 3].mean().item() == pytest.approx(0, abs=1e-6)
    assert changed[:, 3, :, 0, 0].std(correction=0).item() == pytest.approx(1, rel=1e-5)


def test_a_signal_that_was_never_recorded_is_a_channel_of_zeros():
    missing = [dataclasses.replace(t, behavior=np.full((2, TIME), np.nan, np.float32)) for t in trials()]
    statistics = training_statistics(UNITS, missing)
    (channels,), _ = build_transforms([{"name": "channels", "behavior": True}], INFO, statistics)
    shown = dataclasses.replace(batch(), behavior=torch.full((4, 2, TIME), torch.nan))
    assert (channels(shown).videos[:, 1:] == 0).all()


def test_light_is_not_normalized_as_if_it_were_gray():
    with pytest.raises(ConfigError, match="before channels"):
        build_transforms([{"name": "channels", "opto": True}, *DEFAULT], INFO, training_statistics(UNITS, trials()))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("channels", {"opto": False}, "adds nothing"),
        ("channels", {"opto": 1}, "expected bool"),
        ("select_units", {"units": [3, 9]}, r"no units \[9\]"),
        ("select_units", {"units": []}, "different unit numbers"),
        ("select_units", {"units": [3, 3]}, "different unit numbers"),
        ("crop", {"top": -1}, "crop.top is -1"),
        ("crop", {"top": 5, "bottom": 4}, "leaves nothing"),
        ("scale", {"size_px": [4]}, "height, width"),
        ("scale", {"size_px": [4, 0]}, "height, width"),
        ("scale", {"size_px": [4, 4], "method": "linear"}, "did you mean 'bilinear'"),
    ],
)
def test_options_that_make_no_sense_are_refused(name, options, message):
    with pytest.raises(ConfigError, match=message):
        build(name, **options)


def lit_pixel(info: DataInfo, unit: int) -> torch.Tensor:
    """A video that is dark except for a block of 3 x 3 pixels around the unit's field center."""
    _, height, width = info.frame_shape
    x, y = (
        round((center + 1) / 2 * (n - 1)) for center, n in zip(info.field_centers[unit], (width, height), strict=True)
    )
    shown = torch.zeros(1, 1, TIME, height, width)
    shown[..., max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = 1
    shown[..., y, x] = 2
    return shown


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("crop", {"top": 2, "left": 3, "right": 1}),
        ("scale", {"size_px": [18, 22], "method": "bilinear"}),
        ("scale", {"size_px": [27, 33]}),
    ],
)
def test_a_field_center_stays_on_its_part_of_the_picture(name, options):
    transform = build(name, **options)
    shown = dataclasses.replace(batch(), videos=lit_pixel(INFO, 1).expand(4, 1, TIME, HEIGHT, WIDTH))
    after = transform(shown).videos[0, 0, 0]
    rows, columns = torch.nonzero(after == after.max(), as_tuple=True)
    height, width = after.shape
    x, y = transform.data_info.field_centers[1]
    assert (x + 1) / 2 * (width - 1) == pytest.approx(columns.float().mean().item(), abs=0.51)
    assert (y + 1) / 2 * (height - 1) == pytest.approx(rows.float().mean().item(), abs=0.51)


def test_a_field_that_is_cropped_away_goes_to_the_edge():
    assert build("crop", top=2, left=2).data_info.field_centers[0] == (-1.0, -1.0)
