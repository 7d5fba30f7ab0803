"""Movies of a simulated session: natural in their statistics, and never shared between tiers."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from dlgn_cnn.errors import RecordingError
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.movies import (
    TEST_PHOTOGRAPHS,
    TRAIN_PHOTOGRAPHS,
    clips_of_movies,
    find_movies,
    photograph,
    photograph_clips,
    plan,
)
from tests.factories import write_scene


def test_photographs_need_no_download_and_serve_one_tier():
    assert not set(TRAIN_PHOTOGRAPHS) & set(TEST_PHOTOGRAPHS)
    for name in (*TRAIN_PHOTOGRAPHS, *TEST_PHOTOGRAPHS):
        assert photograph(name).dtype == np.uint8
        assert photograph(name).std() > 15


def test_camera_movies_move_and_have_natural_statistics():
    """Power falls with spatial frequency near f^-2 (Field 1987); a frame resembles the next more than a later one."""
    config = SimulationConfig(train_scenes=6, test_scenes=3, width_px=128, height_px=80)
    slopes = []
    for _, images in photograph_clips(config, np.random.default_rng(0)):
        assert len(images) == 150
        small = np.stack(
            [
                ndimage.zoom(image.astype(float), (48 / image.shape[0], 64 / image.shape[1]), order=1)
                for image in images[::5]
            ]
        )
        window = np.hanning(48)[:, None] * np.hanning(64)
        power = (np.abs(np.fft.fft2((small - small.mean((1, 2), keepdims=True)) * window)) ** 2).mean(0)
        radius = np.hypot(np.fft.fftfreq(48)[:, None], np.fft.fftfreq(64))
        band = (radius > 0.04) & (radius < 0.3)
        slopes.append(np.polyfit(np.log(radius[band]), np.log(power[band]), 1)[0])
        near = np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairwise(small)])
        far = np.corrcoef(small[0].ravel(), small[-1].ravel())[0, 1]
        assert far < near < 0.999
    assert -4.0 < np.median(slopes) < -1.5


@pytest.fixture(scope="module")
def movies(shared_data, tmp_path_factory):
    """Short ones, of four sizes and two containers: all film is decoded to see where something moves."""
    folder = tmp_path_factory.mktemp("movies")
    for name in ("GUVRatiof1.avi", "GUVRatiof10.avi", "tree.avi", "cup.mp4", "box.mp4", "car-detection.mp4"):
        (folder / name).symlink_to(shared_data / "movies" / name)
    return folder


def test_film_is_not_shared_between_tiers_nor_within_while_it_lasts(movies):
    config = SimulationConfig(train_scenes=6, test_scenes=2)
    cuts = plan(find_movies(movies), config, np.random.default_rng(0))
    train, test = cuts[:6], cuts[6:]
    assert not {cut.stretch.file.path for cut in train} & {cut.stretch.file.path for cut in test}
    for tier in (train, test):
        shown = [(cut.stretch.file.path, frame) for cut in tier for frame in set(cut.stretch.frames.tolist())]
        assert len(shown) == len(set(shown))


def test_any_movies_become_clips_of_one_form(movies):
    config = SimulationConfig(train_scenes=16, test_scenes=4, width_px=106, height_px=66)
    clips = dict(clips_of_movies(movies, config, np.random.default_rng(0)))
    assert sorted(clips) == list(range(20))
    assert {len(images) for images in clips.values()} == {150}
    aspects = [image.shape[1] / image.shape[0] for images in clips.values() for image in images[:1]]
    np.testing.assert_allclose(aspects, 106 / 66, rtol=0.02)


def test_one_film_is_split_in_time(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (200, 32, 48), dtype=np.uint8)
    write_scene(tmp_path / "film.avi", frames, 30)
    config = SimulationConfig(train_scenes=6, test_scenes=3, scene_duration_s=0.9986)
    cuts = plan(find_movies(tmp_path), config, np.random.default_rng(0))
    last = max(cut.stretch.frames.max() for cut in cuts[:6])
    assert min(cut.stretch.frames.min() for cut in cuts[6:]) > last
    with pytest.raises(RecordingError, match="add film"):
        plan(find_movies(tmp_path), SimulationConfig(), np.random.default_rng(0))


def test_a_film_on_which_nothing_moves_is_refused(tmp_path):
    write_scene(tmp_path / "still.avi", np.full((90, 32, 48), 100, np.uint8), 30)
    with pytest.raises(RecordingError, match="nothing moves"):
        plan(find_movies(tmp_path), SimulationConfig(scene_duration_s=0.9986), np.random.default_rng(0))
