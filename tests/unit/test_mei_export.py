"""Stimuli for the rig: what the screen shows against what was asked for; a lossless codec read by another reader."""

import av
import numpy as np
import pytest
import scipy.ndimage

from dlgn_cnn.data.stimuli.video import read_gray, write_lossless
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.mei.export.export import Screen, for_screen, quantized, upscaled
from tests.rounding import rounding

MEAN, STD = 101.37, 48.2


def stimulus(contrast=0.3, generator=None):
    drawn = np.random.default_rng(0).standard_normal((7, 6, 9)) * contrast
    return np.clip(drawn, -MEAN / STD, (255 - MEAN) / STD).astype(np.float32)


def test_nearest_pixels_are_whole_blocks_of_the_nearest_or_the_next_level():
    shown = for_screen(stimulus(), MEAN, STD, Screen((24, 36)))
    assert shown.frames.shape == (7, 24, 36)
    blocks = shown.frames.reshape(7, 6, 4, 9, 4)
    assert (np.ptp(blocks, axis=(2, 4)) == 0).all()
    off = np.abs(blocks[:, :, 0, :, 0] - (MEAN + STD * stimulus()))
    assert off.max() <= 0.6
    # Gray levels up to 255 in float32: as far off as one rounding of them.
    assert shown.levels_off == pytest.approx(off.max(), abs=rounding(1, 255))
    assert (off <= 0.5 + 1e-4).mean() > 0.9
    assert shown.norm == pytest.approx(np.linalg.norm(stimulus()), rel=1e-4)
    native = np.linalg.norm((blocks[:, :, 0, :, 0] - MEAN) / STD)
    assert shown.norm == pytest.approx(native)


def test_bilinear_is_scipys_and_loses_contrast():
    grown = upscaled(stimulus().astype(float), 4, "bilinear")
    at = (np.arange(24) + 0.5) / 4 - 0.5, (np.arange(36) + 0.5) / 4 - 0.5
    wanted = scipy.ndimage.map_coordinates(
        stimulus()[3].astype(float), np.meshgrid(*at, indexing="ij"), order=1, mode="nearest"
    )
    np.testing.assert_allclose(grown[3], wanted, atol=1e-6)
    with pytest.raises(ConfigError, match="nearest, a stimulus of more contrast"):
        for_screen(stimulus(), MEAN, STD, Screen((24, 36), "bilinear"))
    shown = for_screen(stimulus(), MEAN, STD, Screen((24, 36), "bilinear", 0.9))
    assert shown.norm < shown.norm_asked


@pytest.mark.parametrize(
    ("size", "method", "sentence"),
    [((24, 37), "nearest", "not a whole multiple"), ((5, 9), "nearest", "take 6x9"), ((24, 36), "cubic", "upscaling")],
)
def test_a_screen_that_does_not_fit_is_refused(size, method, sentence):
    with pytest.raises(ConfigError, match=sentence):
        for_screen(stimulus(), MEAN, STD, Screen(size, method))


def test_what_the_screen_cannot_show_is_refused():
    bright = stimulus()
    bright[4, 2, 2] = (256 - MEAN) / STD
    with pytest.raises(ConfigError, match="frame 4 asks for gray levels"):
        for_screen(bright, MEAN, STD, Screen((6, 9)))
    with pytest.raises(ConfigError, match="tolerance above"):
        for_screen(stimulus(0.005), MEAN, STD, Screen((6, 9)))


def test_a_lossless_video_comes_back_bit_for_bit_and_bears_its_rate(tmp_path):
    frames = np.random.default_rng(1).integers(0, 256, (12, 33, 53), dtype=np.uint8)
    frames[0, 0, :2] = 0, 255
    write_lossless(tmp_path / "one.avi", frames, 60.0)
    np.testing.assert_array_equal(read_gray(tmp_path / "one.avi", (33, 53)), frames)
    with av.open(str(tmp_path / "one.avi")) as container:
        assert container.streams.video[0].codec_context.name == "ffv1"
        assert float(container.streams.video[0].average_rate) == 60.0
        decoded = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    np.testing.assert_array_equal(np.stack(decoded), frames)
    with pytest.raises(RecordingError, match="no frames"):
        write_lossless(tmp_path / "two.avi", frames[:0], 60.0)


@pytest.mark.parametrize("contrast", [0.1, 0.15, 0.4])
def test_eight_bits_keep_the_norm_to_a_hundred_thousandth_where_plain_rounding_does_not(contrast):
    """A clip of the usual size, most of it gray as MEIs are, around a mean gray that is not a whole level."""
    clip = np.random.default_rng(3).standard_normal((20, 33, 53))
    down, across = np.mgrid[:33, :53]
    clip *= np.exp(-((down - 16) ** 2 + (across - 20) ** 2) / 40)
    clip *= contrast / np.sqrt(np.square(clip).mean())
    clip = np.clip(clip, -MEAN / STD, (255 - MEAN) / STD)
    shown = for_screen(clip, MEAN, STD, Screen((66, 106)))
    plain = np.linalg.norm((np.rint(MEAN + STD * clip) - MEAN) / STD)
    assert shown.norm == pytest.approx(np.linalg.norm((shown.frames[:, ::2, ::2] - MEAN) / STD))
    assert shown.departure < 1e-5
    assert shown.departure < 0.01 * abs(plain / np.linalg.norm(clip) - 1)


def test_rounding_changes_nothing_that_is_whole_and_never_leaves_the_screen():
    levels = np.arange(256.0).reshape(1, 16, 16)
    np.testing.assert_array_equal(quantized(levels, 100.4), levels)
    edges = np.array([[[-4e-4, 0.45, 254.55, 255 + 4e-4]]])
    found = quantized(edges, 128.0)
    assert np.abs(found - edges).max() <= 0.6
