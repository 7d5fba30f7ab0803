"""A simulated session tells the truth: the reader sees what was simulated."""

import numpy as np
import pytest
from scipy import ndimage

from dlgn_cnn.data.binning import bin_opto, bin_spikes, frame_edges
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SIGNALS
from dlgn_cnn.data.stimuli.video import decode_gray
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.recording import simulate
from dlgn_cnn.simulation.truth import load_truth
from tests.factories import small_simulation, write_scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_simulation(tmp_path_factory.mktemp("simulated") / "session")


@pytest.fixture(scope="module")
def recording(folder):
    (found,) = read_recordings(folder)
    return found


@pytest.fixture(scope="module")
def truth(folder):
    return load_truth(folder)


def test_the_reader_finds_what_was_simulated(recording, truth):
    assert recording.session.simulated
    assert recording.units == tuple(truth.units)
    assert [p.scene.scene for p in recording.presentations] == truth.scene.tolist()
    assert {(p.scene.scene, p.tier) for p in recording.presentations} == {
        (scene, "train" if scene < 6 else "test") for scene in range(9)
    }
    assert set(recording.signals) == set(SIGNALS)


def test_spikes_are_poisson_at_the_rates_of_the_truth(recording, truth):
    """Dispersion of binned counts, as the reader's own binning finds them, about the noise-free rate is one."""
    squared, expected = 0.0, 0.0
    for trial, shown in enumerate(recording.presentations):
        edges = frame_edges(shown, truth.rate_hz.shape[2], 60.0)
        counts = np.stack([bin_spikes(recording.spike_times_s[unit], edges) for unit in recording.units])
        mean = truth.rate_hz[trial] * np.diff(edges)
        squared, expected = squared + ((counts - mean) ** 2).sum(), expected + mean.sum()
    assert expected > 300
    assert squared / expected == pytest.approx(1.0, abs=6 * np.sqrt(2 / expected) + 0.15)


def test_the_reader_finds_the_light_that_was_on(recording, truth):
    """The rate is the intact one after a kernel's length without light, the suppressed one after as much with it."""
    compared = [0, 0]
    for trial, shown in enumerate(recording.presentations):
        edges = frame_edges(shown, truth.rate_hz.shape[2], 60.0)
        opto = bin_opto(recording.opto_epochs_s, np.concatenate([edges[0] + np.arange(-49, 0) / 60, edges]))
        windows = np.lib.stride_tricks.sliding_window_view(opto, 50)
        states = (truth.rate_intact_hz, windows.max(1) == 0), (truth.rate_suppressed_hz, windows.min(1) == 1)
        for which, (found, state) in enumerate(states):
            compared[which] += state.sum()
            np.testing.assert_allclose(truth.rate_hz[trial][:, state], found[trial][:, state], rtol=1e-4, atol=1e-3)
    assert min(compared) > 10


def test_truth_states_its_own_modulation(truth):
    off, on = truth.rate_intact_hz.mean((0, 2)), truth.rate_suppressed_hz.mean((0, 2))
    np.testing.assert_allclose(truth.omi, (on - off) / (on + off), rtol=1e-5)


def test_the_rate_follows_from_kernels_and_gains(folder, recording, truth):
    """Recompute one trial from the written files, naively: every lag and pixel in a plain sum."""
    trial, unit = 2, int(np.flatnonzero(truth.driven)[0])
    movies = {k.scene: decode_gray(f.path).astype(float) / 255 for k, f in recording.scenes.items()}
    mean = np.mean([movie.mean() for movie in movies.values()])
    drive = {}
    for scene, movie in movies.items():
        field = np.tensordot(movie - mean, truth.spatial[unit], 2)
        drive[scene] = np.convolve(field, truth.temporal[unit])[: len(field)]
    every = np.concatenate([*drive.values()])
    movie = (drive[recording.presentations[trial].scene.scene] - every.mean()) / every.std()
    size = {n: recording.signals[n].values.reshape(9, -1) for n in ("running", "pupil_size")}
    pupil = (size["pupil_size"] - size["pupil_size"].mean()) / size["pupil_size"].std()
    inside = (
        truth.spontaneous_hz[unit]
        + truth.depth_hz[unit] * movie
        + truth.running_gain_hz[unit] * size["running"][trial] / 10
        + truth.pupil_gain_hz[unit] * pupil[trial]
    )
    np.testing.assert_allclose(truth.rate_intact_hz[trial, unit], np.log1p(np.exp(inside)), rtol=1e-2, atol=0.02)


def test_everything_says_that_it_is_simulated(folder, recording):
    assert "SIMULATED" in (folder / "SIMULATED.txt").read_text()
    assert recording.session.mouse.startswith("Simulated")
    with pytest.raises(ConfigError, match="Simulated"):
        SimulationConfig(mouse="Ntsr1Cre_2019_0007")


def test_the_same_seed_gives_the_same_session(folder, tmp_path):
    again = small_simulation(tmp_path / "again")
    np.testing.assert_array_equal(load_truth(again).rate_hz, load_truth(folder).rate_hz)
    other = small_simulation(tmp_path / "other", seed=1)
    assert not np.array_equal(load_truth(other).spatial, load_truth(folder).spatial)


def test_test_scenes_can_repeat(tmp_path):
    (found,) = read_recordings(small_simulation(tmp_path / "a", test_repeats=3))
    times = [p.scene.scene for p in found.presentations]
    assert [times.count(scene) for scene in range(9)] == [1] * 6 + [3] * 3


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(RecordingError, match="not an empty folder"):
        small_simulation(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_a_simulation_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "movies").mkdir()
    with pytest.raises(RecordingError, match="holds no movies"):
        simulate(tmp_path / "out", SimulationConfig(units=2), tmp_path / "movies")
    assert [path.name for path in tmp_path.iterdir()] == ["movies"]


def test_progress_reaches_its_end(tmp_path):
    seen = []
    simulate(
        tmp_path / "a",
        SimulationConfig(units=2, train_scenes=6, test_scenes=3, scene_duration_s=0.9986, width_px=32, height_px=20),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(done, 18) for done in range(1, 19)]


@pytest.mark.parametrize(
    "wrong", [{"units": 0}, {"test_repeats": 0}, {"width_px": 107}, {"gap_s": -1}, {"undriven_share": 1.5}]
)
def test_impossible_sessions_are_refused(wrong):
    with pytest.raises(ConfigError, match="expected"):
        SimulationConfig(**wrong)


def test_a_truth_is_asked_of_a_simulation_only(tmp_path):
    with pytest.raises(RecordingError, match="only a simulated session"):
        load_truth(tmp_path)


def test_the_spike_triggered_average_is_the_spatial_kernel(tmp_path):
    """White noise film through the whole path, files and reader included; coarse squares make it quick."""
    generator = np.random.default_rng(0)
    for film in range(2):
        squares = generator.integers(0, 2, (750, 12, 20), dtype=np.uint8) * 255
        write_scene(tmp_path / "film" / f"{film}.avi", squares.repeat(8, 1).repeat(8, 2), 30)
    config = {"width_px": 160, "height_px": 96, "train_scenes": 20, "test_scenes": 4, "units": 8}
    folder = tmp_path / "out"
    simulate(folder, SimulationConfig(**config, scene_duration_s=2.4966), tmp_path / "film")
    (found,), truth = read_recordings(folder), load_truth(folder)
    clips = {key.scene: decode_gray(file.path).astype(np.float32) for key, file in found.scenes.items()}
    correlations = []
    for unit in np.flatnonzero(truth.driven):
        lag = int(np.argmax(truth.temporal[unit]))
        average = np.zeros((33, 53))
        for shown in found.presentations:
            clip = clips[shown.scene.scene]
            counts = bin_spikes(found.spike_times_s[int(truth.units[unit])], frame_edges(shown, len(clip), 60.0))
            weights = (counts - counts.mean())[lag:]
            average += np.tensordot(weights, clip[: len(clip) - lag] - clip.mean(), 1)
        # A square is some three pixels wide: the kernel can only be seen through squares of that size.
        seen = ndimage.uniform_filter(truth.spatial[unit], 2.7)
        correlations.append(np.corrcoef(ndimage.gaussian_filter(average, 1).ravel(), seen.ravel())[0, 1])
    assert np.median(correlations) > 0.6
    assert min(correlations) > 0.3
