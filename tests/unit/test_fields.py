"""Linear receptive fields against cells whose field is known."""

import numpy as np
import pytest

from dlgn_cnn.data.sessions.fields import field_centers, session_fields, spike_triggered_average

LAGS, HEIGHT, WIDTH = 6, 9, 12


def known_field() -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    space = np.exp(-((rows - 3) ** 2 + (columns - 8) ** 2) / 4)
    time = np.array([0.1, 0.8, 1.0, 0.3, -0.4, -0.2])
    field = time[:, None, None] * space
    return field / np.linalg.norm(field)


def movies(smooth: bool, trials: int = 12, frames: int = 300) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    found = []
    for _ in range(trials):
        movie = generator.normal(size=(frames, HEIGHT, WIDTH))
        if smooth:
            for axis in range(3):
                movie = sum(np.roll(movie, shift, axis) for shift in (-1, 0, 1))
        found.append(np.clip(128 + 40 * movie / movie.std(), 0, 255).astype(np.uint8))
    return found


def responses(movie: np.ndarray, field: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    normal = (movie.astype(float) - 128) / 40
    padded = np.concatenate([np.zeros((LAGS - 1, HEIGHT, WIDTH)), normal])
    drive = sum((padded[LAGS - 1 - lag :][: len(movie)] * field[lag]).sum((1, 2)) for lag in range(LAGS))
    return generator.poisson(np.log1p(np.exp(4 * drive)))[None].astype(np.float32)


def recorded(smooth: bool) -> tuple[list, np.ndarray]:
    field, generator = known_field(), np.random.default_rng(1)
    return [(movie, responses(movie, field, generator)) for movie in movies(smooth)], field


def similarity(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.corrcoef(found.ravel(), truth.ravel())[0, 1])


def test_average_of_white_noise_is_the_field():
    trials, field = recorded(smooth=False)
    assert similarity(spike_triggered_average(trials, LAGS)[0], field) > 0.85


def test_correction_undoes_the_movies_own_correlations():
    trials, field = recorded(smooth=True)
    average = similarity(spike_triggered_average(trials, LAGS)[0], field)
    corrected = similarity(session_fields(trials, LAGS, ridge_space=0.3)[0], field)
    assert corrected > 0.9 > average


def test_field_of_the_lag_zero_frame():
    """A unit that fires at the bright frames of one pixel has its field there, at lag 0 and nowhere else."""
    (movie,) = movies(smooth=False, trials=1)
    counts = (movie[:, 2, 5] > 150)[None].astype(np.float32)
    field = spike_triggered_average([(movie, counts)], LAGS)[0]
    assert np.unravel_index(np.abs(field).argmax(), field.shape) == (0, 2, 5)
    assert field[0, 2, 5] == pytest.approx(
        movie[LAGS - 1 :, 2, 5][counts[0, LAGS - 1 :] > 0].mean() - movie[:, 2, 5].mean()
    )


def test_center_in_the_readouts_coordinates():
    trials, _ = recorded(smooth=False)
    ((x, y),) = field_centers(session_fields(trials, LAGS, ridge_space=0.3))
    assert (x, y) == pytest.approx((2 * 8 / (WIDTH - 1) - 1, 2 * 3 / (HEIGHT - 1) - 1))


def test_fields_have_unit_norm_and_a_silent_unit_has_none():
    trials, _ = recorded(smooth=False)
    silent = [(movie, np.concatenate([counts, np.zeros_like(counts)])) for movie, counts in trials]
    fields = session_fields(silent, LAGS)
    assert np.linalg.norm(fields[0]) == pytest.approx(1, abs=1e-5)
    assert not fields[1].any()
