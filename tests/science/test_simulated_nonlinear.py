"""Nonlinear units: what makes them so can be seen in what they do to movies made for it."""

import numpy as np
import pytest

from benchmarks.plain.in_memory import photograph_movies
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.kernels import draw_fields, draw_time_courses, movie_drive
from dlgn_cnn.simulation.nonlinear import nonlinear_drive, suppressive_contrast
from dlgn_cnn.simulation.session import simulate_session

UNITS = 6
SIZE = {"units": UNITS, "train_scenes": 6, "test_scenes": 3, "width_px": 106, "height_px": 66, "undriven_share": 0.0}


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    return photograph_movies(SimulationConfig(**SIZE), np.random.default_rng(0))


@pytest.fixture(scope="module")
def population():
    draw = np.random.default_rng(1)
    return draw_fields(UNITS, draw), draw_time_courses(UNITS, draw)


def drives(film, population):
    fields, courses = population
    linear = movie_drive(film, fields.kernels(), courses.kernels())
    return linear, nonlinear_drive(linear, film, fields, courses)


def correlations(one, other):
    return [np.corrcoef(one[:, unit].ravel(), other[:, unit].ravel())[0, 1] for unit in range(UNITS)]


def test_inverting_the_movie_inverts_a_linear_unit_and_no_nonlinear_one(film, population):
    (linear, nonlinear), (inverse, nonlinear_inverse) = drives(film, population), drives(255 - film, population)
    assert max(correlations(linear, inverse)) < -0.999
    assert min(correlations(nonlinear, nonlinear_inverse)) > -0.8


def test_a_scene_of_twice_the_contrast_drives_a_nonlinear_unit_less_than_twice(film, population):
    mean = film.mean()
    faint = np.round((film.astype(float) - mean) / 4 + mean).astype(np.uint8)
    strong = np.round((film.astype(float) - mean) / 2 + mean).astype(np.uint8)
    for drive, low, high in zip(
        drives(np.concatenate([faint, strong]), population), (1.9, 0.0), (2.1, 1.6), strict=True
    ):
        ratio = drive[len(film) :].std((0, 2)) / drive[: len(film)].std((0, 2))
        assert low < ratio.min()
        assert ratio.max() < high


def test_contrast_is_that_of_the_last_tenth_of_a_second(film, population):
    """Against its definition, written out for one unit and frame; no later frame changes it."""
    fields, _ = population
    found, scene, frame, unit = suppressive_contrast(film, fields), 4, 100, 2
    y, x = np.mgrid[: film.shape[2], : film.shape[3]]
    weights = np.exp(-((x - fields.x[unit]) ** 2 + (y - fields.y[unit]) ** 2) / (2 * (2 * fields.sigma[unit]) ** 2))
    squares = ((film[scene, frame - 5 : frame + 1] - film.mean()) / 255) ** 2
    wanted = np.sqrt((squares.mean(0) * weights / weights.sum()).sum())
    assert found[scene, unit, frame] == pytest.approx(wanted, rel=1e-3)


def test_the_truth_says_who_is_nonlinear_and_the_others_are_as_without():
    config = SimulationConfig(**SIZE, nonlinear_share=0.5)
    movies = photograph_movies(config, np.random.default_rng(0))
    mixed, plain = (
        simulate_session(one, movies, np.random.default_rng(1), np.random.default_rng(2)).truth
        for one in (config, SimulationConfig(**SIZE))
    )
    assert (mixed.nonlinear.sum(), plain.nonlinear.sum()) == (3, 0)
    np.testing.assert_array_equal(mixed.spatial, plain.spatial)
    same = np.abs(mixed.rate_hz - plain.rate_hz).max((0, 2)) < 1e-4
    np.testing.assert_array_equal(same, ~mixed.nonlinear)


def test_a_light_that_changes_linear_fields_is_refused():
    with pytest.raises(ConfigError, match="set nonlinear_share to 0"):
        SimulationConfig(nonlinear_share=0.5, opto_effect="temporal")
