"""One session in every layout: what was written is what is read, and what contradicts itself is refused by name."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dlgn_cnn.data.binning import bin_opto, epochs_of_opto, rebin, shown_frames
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import (
    BinnedResponses,
    PresentationTimes,
    SampledSignal,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import probe
from dlgn_cnn.errors import RecordingError
from tests.factories import small_simulation, write_scene
from tests.layouts import LAYOUTS, counts, movie_edges, npz_arrays, own_frames, save, write_npz, write_nwb

RATE_HZ = 30.0
few = settings(max_examples=15, deadline=None)
shares = st.one_of(st.just(0.0), st.just(1.0), st.floats(0.01, 0.99))


@st.composite
def contents(draw):
    """Numbers that make up a session: scene of each trial, frames a scene, pause, spikes, light, seed."""
    frames, trials = draw(st.integers(2, 9)), draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))
    pause = draw(st.floats(0, 0.5))
    length = len(trials) * (frames / RATE_HZ + pause)
    moments = st.floats(0, length)
    units = draw(st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True))
    spikes = {unit: np.array(sorted(draw(st.lists(moments, max_size=30))), np.float64) for unit in units}
    light = sorted(draw(st.lists(moments, max_size=8, unique=True)))
    light = light[: len(light) // 2 * 2]
    return trials, frames, pause, spikes, np.array(light).reshape(-1, 2), draw(st.integers(0, 2**32 - 1))


def recording(folder: Path, drawn) -> SessionRecording:
    """A recording of noise movies; scene 0 is for testing."""
    trials, frames, pause, spikes, light, seed = drawn
    noise, keys = np.random.default_rng(seed), {scene: SceneKey("noise", scene) for scene in sorted(set(trials))}
    movies = {scene: noise.integers(0, 256, (frames, 16, 16), dtype=np.uint8) for scene in keys}
    files = {key: probe(write_scene(folder / f"{s}.avi", movies[s], RATE_HZ)) for s, key in keys.items()}
    starts = np.arange(len(trials)) * (frames / RATE_HZ + pause)
    shown = tuple(
        PresentationTimes(
            trial, keys[scene], float(start), float(start + frames / RATE_HZ), "train" if scene else "test"
        )
        for trial, (scene, start) in enumerate(zip(trials, starts, strict=True))
    )
    times = np.arange(0, starts[-1] + 1, 0.05)
    values = np.where(noise.random(len(times)) < 0.1, np.nan, noise.random(len(times))).astype(np.float32)
    return SessionRecording(
        SessionKey("Noise_1", 2, 3), spikes, shown, light, files, {"running": SampledSignal(times, values)}
    )


@few
@given(contents())
def test_npz_keeps_everything(drawn):
    with tempfile.TemporaryDirectory() as folder:
        one = recording(Path(folder), drawn)
        path = write_npz(one, Path(folder) / "npz")
        (back,) = read_recordings(path)
        assert (back.session, back.units, back.source) == (one.session, one.units, path)
        for unit in one.units:
            np.testing.assert_array_equal(back.spike_times_s[unit], one.spike_times_s[unit])
        np.testing.assert_array_equal(back.opto_epochs_s, one.opto_epochs_s)
        np.testing.assert_array_equal(back.signals["running"].times_s, one.signals["running"].times_s)
        np.testing.assert_array_equal(back.signals["running"].values, one.signals["running"].values)
        before, after = own_frames(one), own_frames(back)
        for old, new in zip(one.presentations, back.presentations, strict=True):
            assert (new.start_s, new.stop_s, new.tier) == (old.start_s, old.stop_s, old.tier)
            np.testing.assert_array_equal(after[new.scene], before[old.scene])


@few
@given(contents())
def test_sensorium_keeps_counts_frames_and_light(drawn):
    with tempfile.TemporaryDirectory() as folder:
        one = recording(Path(folder), drawn)
        tests = [counts(one, movie_edges(one, shown)) for shown in one.presentations if shown.tier == "test"]
        assume(not tests or np.any(tests))  # a tier of tests without a spike would be taken for withheld
        (back,) = read_recordings(LAYOUTS["sensorium"](one, Path(folder) / "folder"), rate_hz=RATE_HZ)
        assert back.units == one.units
        before, after = own_frames(one), own_frames(back)
        for old, new in zip(one.presentations, back.presentations, strict=True):
            edges, own = movie_edges(one, old), movie_edges(back, new)
            assert new.tier == old.tier
            np.testing.assert_allclose(counts(back, own), counts(one, edges), atol=1e-5)
            np.testing.assert_array_equal(after[new.scene], before[old.scene])
            was, now = bin_opto(one.opto_epochs_s, edges), bin_opto(back.opto_epochs_s, own)
            np.testing.assert_allclose(now, was, atol=1e-5)
        first = [[a.scene for a in r.presentations].index(b.scene) for r in (one, back) for b in r.presentations]
        assert first[: len(one.presentations)] == first[len(one.presentations) :]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> SessionRecording:
    folder = tmp_path_factory.mktemp("simulated") / "session"
    (found,) = read_recordings(small_simulation(folder, width_px=32, height_px=16, test_repeats=2))
    return found


@pytest.fixture(params=sorted(LAYOUTS))
def layout(request) -> str:
    return request.param


def test_every_layout_becomes_the_rows_that_the_labs_becomes(tmp_path, simulated, layout):
    (back,) = read_recordings(LAYOUTS[layout](simulated, tmp_path / layout))
    spec = DatasetSpec(("A_s1_e1",), (16, 32), validation_share=0.3, min_rate_hz=0.0, near_duplicate=None)
    (was,) = build_sessions([simulated], spec).values()
    (now,) = build_sessions([back], spec).values()
    assert len(was.trials) == len(now.trials) == 12
    units = [back.units.index(unit) for unit in now.units]
    for trial, old, shown in zip(now.trials, was.trials, back.presentations, strict=True):
        whole = counts(back, np.array([shown.start_s, shown.stop_s]))[units].sum()
        assert trial.responses.sum() == pytest.approx(whole, rel=1e-5)
        assert trial.videos.shape == old.videos.shape
        np.testing.assert_array_equal(trial.videos, old.videos)
    if was.units == now.units:
        totals = [sum(trial.responses.sum(1) for trial in data.trials) for data in (was, now)]
        np.testing.assert_allclose(totals[1], totals[0], rtol=1e-5)


def test_repeats_are_one_scene_trials_without_responses_are_left_out_and_padding_is_cut(tmp_path, simulated):
    path = LAYOUTS["sensorium"](simulated, tmp_path / "s")
    for name in ("videos", "responses", "opto", "behavior", "pupil_center"):
        file = path / "data" / name / "0.npy"
        array = np.load(file).astype(np.float32)
        save(file, np.concatenate([array, np.full((*array.shape[:-1], 7), np.nan, np.float32)], axis=-1))
    responses = path / "data" / "responses" / "3.npy"
    save(responses, np.full_like(np.load(responses), np.nan))
    (back,) = read_recordings(path)
    old = [shown for shown in simulated.presentations if shown.trial != 3]
    assert len(back.presentations) == len(old) == 11
    assert len(back.scenes) == len({shown.scene for shown in old})
    assert back.scenes[back.presentations[0].scene].frames == 30
    np.testing.assert_array_equal(own_frames(back)[back.presentations[0].scene], own_frames(simulated)[old[0].scene])


def test_what_a_competition_pads_and_withholds_is_cut_and_left_out_and_that_is_said(tmp_path, simulated):
    """Trial 0: responses end 5 frames before the video; 1: both are padded; 2: no file; 4: of tier none."""
    path = LAYOUTS["sensorium"](simulated, tmp_path / "s")
    own = {name: path / "data" / name for name in ("videos", "responses", "opto", "behavior", "pupil_center")}
    values = {name: np.load(folder / "0.npy").astype(np.float32) for name, folder in own.items()}
    values["responses"][:, 25:] = np.nan
    save(own["responses"] / "0.npy", values["responses"])
    for folder in own.values():
        array = np.load(folder / "1.npy").astype(np.float32)
        save(folder / "1.npy", np.concatenate([array, np.full((*array.shape[:-1], 7), np.nan, np.float32)], axis=-1))
    (own["responses"] / "2.npy").unlink()
    tiers = np.load(path / "meta" / "trials" / "tiers.npy").astype("U20")
    withheld = [trial for trial in np.flatnonzero(tiers == "test") if trial not in (0, 1, 2, 4)][:2]
    tiers[withheld], tiers[4] = "final_test_main", "none"
    for trial in withheld:
        save(own["responses"] / f"{trial}.npy", np.zeros_like(np.load(own["responses"] / f"{trial}.npy")))
    save(path / "meta" / "trials" / "tiers.npy", tiers)
    assert len(withheld) == 2
    (back,) = read_recordings(path)
    assert back.notes == (
        "1 of 12 trials are left out: they have no responses",
        "1 of 12 trials are left out: they are of tier 'none'",
        "2 of 12 trials are left out: all responses of tier 'final_test_main' are 0",
        "2 of 12 trials end where their video or responses turn NaN, which is padding",
    )
    first, second = (back.scenes[shown.scene] for shown in back.presentations[:2])
    assert (len(back.presentations), first.frames, second.frames) == (8, 25, 30)
    np.testing.assert_array_equal(scene_frames(first, (16, 32)), np.moveaxis(values["videos"][..., :25], -1, 0))
    np.testing.assert_array_equal(back.binned.values[:, :25], values["responses"][:, :25])


@pytest.mark.parametrize("name", ["videos", "responses"])
def test_nan_within_a_trial_is_no_padding(tmp_path, simulated, name):
    path = LAYOUTS["sensorium"](simulated, tmp_path / "s")
    file = path / "data" / name / "0.npy"
    array = np.load(file).astype(np.float32)
    array[..., 3:5] = np.nan
    save(file, array)
    with pytest.raises(RecordingError, match=rf"{name}/0\.npy holds NaN before its last frame"):
        read_recordings(path)


def test_a_session_whose_responses_are_all_withheld_is_refused(tmp_path, simulated):
    path = LAYOUTS["sensorium"](simulated, tmp_path / "s")
    tiers = np.load(path / "meta" / "trials" / "tiers.npy")
    save(path / "meta" / "trials" / "tiers.npy", np.full(len(tiers), "live_test_main"))
    for file in (path / "data" / "responses").iterdir():
        save(file, np.zeros_like(np.load(file)))
    with pytest.raises(RecordingError, match=r"no trial with responses.*all responses of tier 'live_test_main' are 0"):
        read_recordings(path)


NPZ_FAULTS = {
    "unknown array": ({"spikes": np.ones(3)}, "'spikes', which means nothing"),
    "mouse as number": ({"mouse": np.array(7)}, r"mouse is np.int64\(7\) .*expected text"),
    "mouse as path": ({"mouse": np.array("../up")}, r"mouse '\.\./up'"),
    "movie as bytes": ({"movie": np.array(b"film")}, r"movie is .*bytes_\), expected text"),
    "movie without a name": ({"movie": np.array("")}, "expected a name"),
    "series below 0": ({"series": np.array(-1)}, "session .*series and experiment are expected from 0"),
    "series beyond the tables": ({"series": np.array(10**6)}, "series and experiment"),
    "rate as word": ({"frame_rate_hz": np.array("30")}, "frame_rate_hz is of shape"),
    "rate of 0": ({"frame_rate_hz": np.array(0.0)}, "expected a rate above 0"),
    "frames of one axis": ({"frames": np.array(3, np.uint8)}, "frames have shape"),
    "half a scene": ({"scene_frames": np.array([29.5, 240.5])}, "scene_frames, row 0 is .*29.5.* a whole number"),
    "scene NaN": ({"presentation_scene": np.full(12, np.nan)}, "presentation_scene, row 0 is .*nan.* a whole number"),
    "scene unknown": ({"presentation_scene": np.full(12, 99)}, "presentation_scene holds 99"),
    "single scene": ({"presentation_scene": np.array(0)}, "presentation_scene has shape"),
    "fractional unit": ({"spike_units": np.array([1.5]), "spike_times_s": np.array([2.0])}, "spike_units, row 0 is"),
    "unit unlisted": ({"units": np.array([98])}, "not among units"),
    "unsigned light": ({"opto_epochs_s": np.array([[3, 1]], np.uint8)}, "light epochs must be"),
    "gray range of words": ({"gray_range": np.array(["a", "b"])}, "gray_range is of shape"),
    "endless gray range": (
        {"gray_range": np.array([0, np.inf])},
        r"gray_range .* both finite",
    ),
    "clock of a signal": ({"running_times_s": np.zeros(2), "running": np.zeros(2)}, "running: a signal's times"),
}


@pytest.mark.parametrize("fault", NPZ_FAULTS)
def test_an_npz_that_contradicts_itself_is_refused_by_name(tmp_path, simulated, fault):
    arrays, words = NPZ_FAULTS[fault]
    np.savez(tmp_path / "x.npz", **(npz_arrays(simulated) | arrays))
    with pytest.raises(RecordingError, match=words):
        read_recordings(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["mouse", "movie", "frames", "presentation_s", "spike_units", "running_times_s"])
def test_a_missing_array_is_named(tmp_path, simulated, name):
    arrays = npz_arrays(simulated)
    del arrays[name]
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(RecordingError, match=name):
        read_recordings(tmp_path / "x.npz")


def test_an_nwb_file_holds_all_that_the_labs_folder_holds(tmp_path, simulated):
    (back,) = read_recordings(write_nwb(simulated, tmp_path))
    assert (back.session, back.units) == (simulated.session, simulated.units)
    for unit, times_s in simulated.spike_times_s.items():
        np.testing.assert_array_equal(back.spike_times_s[unit], times_s)
    np.testing.assert_array_equal(back.opto_epochs_s, simulated.opto_epochs_s)
    before, after = own_frames(simulated), own_frames(back)
    for was, now in zip(simulated.presentations, back.presentations, strict=True):
        assert (now.start_s, now.stop_s, now.tier) == (was.start_s, was.stop_s, was.tier)
        np.testing.assert_array_equal(after[now.scene], before[was.scene])
    for name, signal in simulated.signals.items():
        np.testing.assert_array_equal(back.signals[name].values, signal.values)
        np.testing.assert_array_equal(back.signals[name].times_s, signal.times_s)


class Hostile:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return os.system, (f"touch {self.file}",)


def test_pickled_objects_are_refused_and_run_nothing(tmp_path, simulated, layout):
    path = LAYOUTS[layout](simulated, tmp_path / layout)
    hostile = np.array([Hostile(tmp_path / "ran")], dtype=object)
    if layout == "npz":
        np.savez(path, **(npz_arrays(simulated) | {"units": hostile}))
    else:
        np.save(path / {"sensorium": "data/responses/0.npy", "experanto": "spikes/spikes.npy"}[layout], hostile)
    with pytest.raises(RecordingError, match="Python objects in it are never unpickled"):
        read_recordings(path)
    assert not (tmp_path / "ran").exists()


def test_frames_that_changed_or_vanished_are_noticed(tmp_path, simulated, layout):
    path = LAYOUTS[layout](simulated, tmp_path / layout)
    (back,) = read_recordings(path)
    file = back.scenes[back.presentations[0].scene]
    if layout == "npz":
        arrays = npz_arrays(simulated)
        np.savez(path, **(arrays | {"frames": 255 - arrays["frames"]}))
    else:
        np.save(file.path, 255 - np.load(file.path))
    os.utime(file.path, ns=(1, 1))
    with pytest.raises(RecordingError, match="has changed"):
        scene_frames(file, (8, 16))
    file.path.unlink()
    with pytest.raises(RecordingError, match="is missing"):
        scene_frames(file, (8, 16))


@few
@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0, 9)), min_size=1, max_size=20), st.integers(1, 40))
def test_rebinning_conserves_sums_and_leaves_its_own_bins_alone(bins, pieces):
    edges = np.concatenate([[0.0], np.cumsum([width for width, _ in bins])])
    values = np.array([[value for _, value in bins], [1.0] * len(bins)], np.float32)
    binned = BinnedResponses((1, 2), np.column_stack([edges[:-1], edges[1:]]), values)
    np.testing.assert_allclose(rebin(binned, edges), values, atol=1e-4)
    other = np.linspace(0, edges[-1], pieces + 1)
    np.testing.assert_allclose(rebin(binned, other).sum(1), values.sum(1), rtol=1e-4, atol=1e-4)
    with pytest.raises(RecordingError, match="leave out presentations"):
        rebin(binned, np.array([0.0, edges[-1] * 2]))


@few
@given(st.lists(st.tuples(st.floats(0.005, 0.1), st.booleans()), min_size=1, max_size=20), st.floats(10, 100))
def test_a_dropped_frame_is_never_shown(steps, rate_hz):
    appear = np.cumsum([step for step, _ in steps])
    onsets = np.where([dropped for _, dropped in steps], np.nan, appear)
    onsets[0] = appear[0]
    shown = PresentationTimes(0, SceneKey("m", 0), 0.0, float(appear[-1] + 0.1), "test", tuple(map(float, onsets)))
    edges = np.linspace(0, shown.stop_s, max(1, round(shown.stop_s * rate_hz)) + 1)
    found = shown_frames(shown, edges, rate_hz, len(onsets), rate_hz)
    for frame, center in zip(found, (edges[:-1] + edges[1:]) / 2, strict=True):
        seen = [index for index, onset in enumerate(onsets) if onset <= center]
        assert frame == (seen[-1] if seen else 0)


@few
@given(st.lists(st.tuples(shares, st.floats(0.01, 0.1)), min_size=1, max_size=30), st.floats(-10, 10))
def test_light_epochs_give_the_shares_that_they_came_from(bins, start):
    share = np.array([share for share, _ in bins], np.float32)
    edges = start + np.concatenate([[0.0], np.cumsum([width for _, width in bins])])
    epochs = epochs_of_opto(share, edges)
    assert np.all(np.diff(epochs.ravel()) >= 0)
    np.testing.assert_allclose(bin_opto(epochs, edges), share, atol=1e-5)
