"""Experanto folders: written and read again, asked by the package's own rules, and refused where they are wrong."""

import itertools
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings

from dlgn_cnn.data.binning import bin_opto, bin_spikes
from dlgn_cnn.data.readers import read_recordings, recognized
from dlgn_cnn.data.readers.experanto.writer import write_experanto
from dlgn_cnn.data.recording import (
    BinnedResponses,
    PresentationTimes,
    SampledSignal,
    SceneKey,
    SessionKey,
    SessionRecording,
)
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.stimuli.video import probe
from dlgn_cnn.errors import ConfigError, RecordingError
from tests.factories import small_simulation, write_scene
from tests.layouts import LAYOUTS, own_frames, save
from tests.unit.test_layouts import contents
from tests.unit.test_layouts import recording as drawn_recording

UNIX_S = 1.52e9
NOISE = np.random.default_rng(0)


def write_meta(folder: Path, **meta) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meta.yml").write_text(yaml.safe_dump(meta))


def write_sequence(folder: Path, values: np.ndarray, rate_hz: float, start_s: float = UNIX_S, **meta) -> None:
    """A sequence as its users write it: row k at start_s + k / rate_hz."""
    told = {"modality": "sequence", "sampling_rate": rate_hz, "start_time": start_s, "n_signals": values.shape[1]}
    write_meta(folder, **(told | {"end_time": start_s + (len(values) - 1) / rate_hz} | meta))
    save(folder / "data.npy", values)


TRIALS = [
    {"modality": "video", "num_frames": 30, "tier": "train", "stim_type": "stimulus.Clip"},
    {"modality": "blank", "tier": "blank", "interleave_value": 90},
    {"modality": "image", "tier": "train"},
    {"modality": "image", "tier": "test"},
    {"modality": "blank", "tier": "blank"},
]
LASTS_S = [1 / 30] * 30 + [0.5, 0.4, 0.4, 0.5]


def write_mouse(folder: Path, trials=TRIALS, lasts_s=LASTS_S, start_s: float = UNIX_S, gray=True) -> Path:
    """A session of a video, images and blanks as released mice come: no shared files, all on the clock of Unix."""
    screen, first = folder / "screen", 0
    write_meta(screen, modality="screen")
    for number, trial in enumerate(trials):
        told = {"image_size": [6, 8], "valid_trial": True, **trial, "first_frame_idx": first}
        (screen / "meta").mkdir(exist_ok=True)
        (screen / "meta" / f"{number:05d}.yml").write_text(yaml.safe_dump(told))
        shape = {"video": (trial.get("num_frames"), 6, 8), "image": (6, 8)}.get(trial["modality"])
        if shape:
            pictures = NOISE.integers(0, 256, shape)
            save(screen / "data" / f"{number:05d}.npy", pictures.astype(np.uint8) if gray else pictures / 255)
        first += trial.get("num_frames", 1) if trial["modality"] == "video" else 1
    save(screen / "timestamps.npy", start_s + np.cumsum([0, *lasts_s])[:first])
    length = int(sum(lasts_s) * 8) + 16
    write_sequence(folder / "responses", NOISE.random((length, 5)).astype(np.float32), 8.0, start_s - 0.5)
    write_sequence(folder / "treadmill", NOISE.random((length * 6, 1)), 48.0, start_s - 0.5)
    write_sequence(folder / "eye_tracker", NOISE.random((length * 2, 4)), 16.0, start_s - 0.5)
    return folder


def edit(file: Path, **changed) -> None:
    """Change what a YAML file says; None removes."""
    told = yaml.safe_load(file.read_text()) | changed
    file.write_text(yaml.safe_dump({name: value for name, value in told.items() if value is not None}))


def mouse(tmp_path: Path, **given) -> Path:
    return write_mouse(tmp_path / "dynamic29515-10-12-Video-0123", **given)


@settings(max_examples=20, deadline=None)
@given(contents())
def test_what_is_written_is_read(drawn):
    with tempfile.TemporaryDirectory() as folder:
        one = drawn_recording(Path(folder), drawn)
        (back,) = read_recordings(write_experanto(one, Path(folder) / "out"))
        assert (back.session, back.units) == (one.session, one.units)
        for unit in one.units:
            np.testing.assert_array_equal(back.spike_times_s[unit], one.spike_times_s[unit])
        np.testing.assert_array_equal(back.opto_epochs_s, one.opto_epochs_s)
        before, after = own_frames(one), own_frames(back)
        for old, new in zip(one.presentations, back.presentations, strict=True):
            assert (new.start_s, new.tier) == (old.start_s, old.tier)
            assert abs(new.stop_s - old.stop_s) <= 1e-6
            np.testing.assert_array_equal(after[new.scene], before[old.scene])
        was, now = one.signals["running"], back.signals["running"]
        np.testing.assert_allclose(now.times_s, was.times_s, atol=1e-6)
        np.testing.assert_allclose(now.values, was.values, rtol=1e-5)  # NaN where it was


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> SessionRecording:
    folder = tmp_path_factory.mktemp("simulated") / "session"
    (found,) = read_recordings(small_simulation(folder, width_px=32, height_px=16, test_repeats=2))
    return found


SPEC = DatasetSpec(("A_s1_e1",), (16, 32), validation_share=0.3, min_rate_hz=0.0, near_duplicate=None)


def same_rows(one: SessionRecording, other: SessionRecording, rtol: float = 0.0) -> None:
    """Both become the same counts, pictures and light."""
    (was,), (now,) = (build_sessions([found], SPEC).values() for found in (one, other))
    assert now.units == was.units
    for old, new in zip(was.trials, now.trials, strict=True):
        np.testing.assert_allclose(new.responses, old.responses, rtol=rtol, atol=rtol)
        np.testing.assert_array_equal(new.videos, old.videos)
        np.testing.assert_allclose(new.opto, old.opto, atol=rtol)


def test_a_labs_recording_keeps_its_counts_pictures_and_light(tmp_path, simulated):
    (back,) = read_recordings(write_experanto(simulated, tmp_path / "out"))
    same_rows(simulated, back)
    assert back.notes == ("means and stds in meta/ are not used: statistics are those of the training tier",)


def test_binned_responses_are_written_as_a_sequence_with_gaps(tmp_path, simulated):
    (binned,) = read_recordings(LAYOUTS["sensorium"](simulated, tmp_path / "s"), rate_hz=30.0)
    (back,) = read_recordings(write_experanto(binned, tmp_path / "out"))
    assert not back.spike_times_s
    same_rows(binned, back, rtol=1e-4)
    assert "rows of responses lack values" in back.notes[0]


class Package:
    """The rules by which the experanto package answers queries, written from its description, not from its code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def meta(self, device: str) -> dict:
        return yaml.safe_load((self.folder / device / "meta.yml").read_text())

    def sequence(self, device: str, times_s: np.ndarray) -> np.ndarray:
        """Sample and hold."""
        meta, data = self.meta(device), np.load(self.folder / device / "data.npy")
        inside = (times_s >= meta["start_time"]) & (times_s <= meta["end_time"])
        found = np.full((len(times_s), meta["n_signals"]), np.nan)
        rows = np.floor((times_s[inside] - meta["start_time"]) / (1 / meta["sampling_rate"])).astype(int)
        found[inside] = data[rows]
        return found

    def screen(self, times_s: np.ndarray) -> np.ndarray:
        """The frame with the last onset, of the file that its trial names."""
        screen = self.folder / "screen"
        onsets = np.load(screen / "timestamps.npy")
        trials = json.loads((screen / "combined_meta.json").read_text())
        owners = [(key, n) for key, one in trials.items() for n in range(one.get("num_frames", 1))]
        assert len(owners) == len(onsets)
        found = []
        for time_s in times_s:
            key, frame = owners[np.searchsorted(onsets, time_s + 1e-4) - 1]
            one = trials[key]
            assert one["modality"] == "video"
            found.append(np.load(screen / "data" / f"{one['stimulus_name']}.npy")[frame])
        return np.array(found)

    def spikes(self, times_s: np.ndarray, window_s: float) -> np.ndarray:
        """Counts in windows centered on each time."""
        cuts, flat = self.meta("spikes")["spike_indices"], np.load(self.folder / "spikes" / "spikes.npy")
        units = [flat[a:b] for a, b in itertools.pairwise(cuts)]
        edges = times_s - window_s / 2, times_s + window_s / 2
        return np.array([np.searchsorted(unit, edges[1]) - np.searchsorted(unit, edges[0]) for unit in units])


def test_the_packages_own_rules_give_our_counts_and_pictures(tmp_path, simulated):
    package = Package(write_experanto(simulated, tmp_path / "out"))
    (rows,) = build_sessions([simulated], SPEC).values()
    for shown, trial in zip(simulated.presentations, rows.trials, strict=True):
        edges = np.linspace(shown.start_s, shown.stop_s, trial.responses.shape[1] + 1)
        centers, width_s = (edges[:-1] + edges[1:]) / 2, edges[1] - edges[0]
        np.testing.assert_array_equal(package.screen(centers), trial.videos)
        counts = package.spikes(centers, width_s)
        assert np.abs(counts - trial.responses).sum() <= 2  # a spike on the edge of two bins
        running = package.sequence("treadmill", centers)[:, 0]
        known = np.isfinite(running)
        assert known.mean() > 0.9
        assert np.abs(running - trial.behavior[0])[known].max() <= np.abs(np.diff(trial.behavior[0])).max() + 1e-3


@pytest.mark.parametrize("moment", [0.0, UNIX_S])
def test_dropped_frames_and_measured_onsets_survive(tmp_path, moment):
    frames = NOISE.integers(0, 256, (20, 16, 16), dtype=np.uint8)
    file, key = probe(write_scene(tmp_path / "a.avi", frames, 30.0)), SceneKey("m", 0)
    onsets = moment + np.arange(20) / 31
    onsets[[0, 5, 6, 19]] = np.nan
    starts = moment + np.array([0.0, 2.0])
    shown = tuple(
        PresentationTimes(trial, key, start, start + 0.7, "train", tuple(onsets + start - moment))
        for trial, start in enumerate(starts.tolist())
    )
    one = SessionRecording(SessionKey("A", 1, 1), {3: starts + 0.1}, shown, np.empty((0, 2)), {key: file})
    (back,) = read_recordings(write_experanto(one, tmp_path / "out"))
    for old, new in zip(one.presentations, back.presentations, strict=True):
        assert (new.start_s, new.stop_s) == pytest.approx((old.start_s, old.stop_s), abs=1e-6 + 3e-5)
        np.testing.assert_array_equal(np.isnan(new.frame_onsets_s), np.isnan(old.frame_onsets_s))
        np.testing.assert_allclose(new.frame_onsets_s[2:], old.frame_onsets_s[2:], atol=1e-6)
    assert "2 presentations lack frames of their scene" in back.notes


def test_signals_that_are_not_evenly_sampled_are_resampled_without_inventing_any(tmp_path, simulated):
    times = np.concatenate([np.arange(0, 5, 0.1), np.arange(8, 12, 0.103)])
    from dataclasses import replace

    one = replace(simulated, signals={"running": SampledSignal(times, np.sin(times).astype(np.float32))})
    (back,) = read_recordings(write_experanto(one, tmp_path / "out"))
    found = back.signals["running"]
    known = np.isfinite(found.values)
    assert not known[(found.times_s > 5.1) & (found.times_s < 7.9)].any()
    assert known[(found.times_s < 4.8) | (found.times_s > 8.2)].all()
    np.testing.assert_allclose(found.values[known], np.sin(found.times_s[known]), atol=0.01)


def test_a_folder_that_is_there_is_left_alone(tmp_path, simulated):
    (tmp_path / "out").mkdir()
    with pytest.raises(RecordingError, match="is there already: name a new folder"):
        write_experanto(simulated, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


def test_a_released_mouse_is_read(tmp_path):
    path = mouse(tmp_path)
    assert recognized(path) == "experanto"
    (found,) = read_recordings(path, eye=["pupil_x", "pupil_y", "pupil_size", "other"])
    assert found.session == SessionKey("M29515", 10, 12)
    tiers = [(one.tier, round(one.stop_s - one.start_s, 3)) for one in found.presentations]
    assert tiers == [("train", 1.0), ("train", 0.4), ("test", 0.4)]
    assert sorted(found.signals) == ["pupil_size", "pupil_x", "pupil_y", "running"]
    np.testing.assert_array_equal(
        found.signals["pupil_size"].values, np.load(path / "eye_tracker/data.npy")[:, 2].astype("f4")
    )
    bins, data = found.binned, np.load(path / "responses" / "data.npy")
    np.testing.assert_array_equal(bins.values, data.T)
    np.testing.assert_allclose(bins.bins_s[:, 0], UNIX_S - 0.5 + np.arange(len(data)) / 8, atol=1e-6)
    (rows,) = build_sessions([found], DatasetSpec(("A_s1_e1",), (6, 8), min_rate_hz=0.0, validation_share=0.5)).values()
    assert [trial.responses.shape[1] for trial in rows.trials] == [60, 24, 24]
    image = np.load(path / "screen" / "data" / "00002.npy")
    np.testing.assert_array_equal(rows.trials[1].videos, np.broadcast_to(image, (24, 6, 8)))  # it stays


def test_the_order_of_an_eye_trackers_columns_is_asked_for_not_guessed(tmp_path):
    (found,) = read_recordings(mouse(tmp_path))
    assert set(found.signals) == {"running"}
    assert any("eye_tracker has 4 columns" in note and "-o 'eye=[pupil_x" in note for note in found.notes)


@pytest.mark.parametrize("memory", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_both_branches_of_the_package_are_read(tmp_path, memory, said):
    path = mouse(tmp_path)
    data = np.load(path / "responses" / "data.npy")
    edit(path / "responses" / "meta.yml", is_mem_mapped=said, n_timestamps=len(data), dtype="float32")
    if memory:
        data.tofile(path / "responses" / "data.mem")
        (path / "responses" / "data.npy").unlink()
    (found,) = read_recordings(path)
    np.testing.assert_array_equal(found.binned.values, data.T)


def test_phase_shifts_move_signals_and_spread_responses(tmp_path):
    path = mouse(tmp_path)
    shifts = np.array([0.0, 0.0625, 0.125, 0.03, 0.1])
    save(path / "responses" / "meta" / "phase_shifts.npy", shifts)
    save(path / "treadmill" / "meta" / "phase_shifts.npy", np.array([0.25]))
    for device in ("responses", "treadmill"):
        edit(path / device / "meta.yml", phase_shift_per_signal=True)
    (found,) = read_recordings(path)
    data = np.load(path / "responses" / "data.npy").T
    assert found.signals["running"].times_s[0] == pytest.approx(UNIX_S - 0.5 + 0.25)
    values, bins = found.binned.values, found.binned.bins_s
    first = round((bins[0, 0] - (UNIX_S - 0.5)) * 8)
    np.testing.assert_allclose(values[0], data[0, first:], rtol=1e-5)
    np.testing.assert_allclose(values[1], (data[1, first:] + data[1, first - 1 : -1]) / 2, rtol=1e-5)
    np.testing.assert_allclose(values[2], data[2, first - 1 : -1], rtol=1e-5)
    assert any("phase shifts" in note for note in found.notes)


def test_trials_without_responses_or_without_validity_are_left_out_and_said(tmp_path):
    path = mouse(tmp_path)
    data = np.load(path / "responses" / "data.npy")
    data[:8] = np.nan  # until half a second into the video
    save(path / "responses" / "data.npy", data)
    edit(path / "screen" / "meta" / "00002.yml", valid_trial=False)
    (found,) = read_recordings(path)
    assert [one.tier for one in found.presentations] == ["test"]
    said = "; ".join(found.notes)
    assert "1 presentations are left out, since valid_trial says no" in said
    assert "1 presentations are left out, since there are no responses throughout" in said
    assert "8 of" in said


@pytest.mark.parametrize(("validation", "tiers"), [("train", 3), ("test", 3), ("leave_out", 2)])
def test_what_validation_trials_are_for_is_an_option(tmp_path, validation, tiers):
    path = mouse(tmp_path)
    edit(path / "screen" / "meta" / "00002.yml", tier="val")
    (found,) = read_recordings(path, validation=validation)
    assert len(found.presentations) == tiers
    if tiers == 3:
        assert found.presentations[1].tier == validation
    said = (
        "left out, since their tier is val"
        if tiers == 2
        else f"1 presentations for validation are in tier {validation}"
    )
    assert any(said in note for note in found.notes)


def test_equal_pictures_are_one_scene_and_a_test_scene_wherever_they_are_shown(tmp_path):
    path = mouse(tmp_path)
    shutil.copy(path / "screen" / "data" / "00002.npy", path / "screen" / "data" / "00003.npy")
    (found,) = read_recordings(path)
    assert len(found.scenes) == 2
    assert [one.tier for one in found.presentations] == ["train", "test", "test"]
    assert "1 presentations for training show a test scene, and are for testing" in found.notes


def test_shared_files_colors_and_movies(tmp_path):
    path = mouse(tmp_path)
    screen, frames = path / "screen", NOISE.integers(0, 256, (30, 16, 16), dtype=np.uint8)
    edit(screen / "meta.yml", use_stimuli_names=True)
    for number, name in {0: "clip", 2: "face", 3: "face"}.items():
        edit(screen / "meta" / f"{number:05d}.yml", stimulus_name=name, tier="train")
    colors = NOISE.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    save(screen / "data" / "face.npy", colors)
    write_scene(screen / "data" / "clip.mp4", frames, 30.0)
    (found,) = read_recordings(path)
    assert len(found.scenes) == 2
    pictures = own_frames(found)[found.presentations[1].scene]
    np.testing.assert_allclose(pictures[0], colors @ [0.299, 0.587, 0.114], atol=0.501)
    assert own_frames(found)[found.presentations[0].scene].shape == (30, 16, 16)


def test_pictures_that_are_no_gray_levels_need_their_range(tmp_path):
    path = mouse(tmp_path, gray=False)
    with pytest.raises(RecordingError, match=r"00000.npy.*state gray_range"):
        read_recordings(path)
    (found,) = read_recordings(path, gray_range=(0.0, 1.0))
    frames = own_frames(found)[found.presentations[0].scene]
    np.testing.assert_array_equal(frames, np.rint(np.load(path / "screen" / "data" / "00000.npy") * 255))


def test_the_last_trial_ends_where_its_frames_or_images_usually_do(tmp_path):
    (found,) = read_recordings(mouse(tmp_path, trials=TRIALS[:4], lasts_s=LASTS_S[:33]))
    assert found.presentations[-1].stop_s - found.presentations[-1].start_s == pytest.approx(0.4, abs=1e-5)
    only = write_mouse(tmp_path / "M_s1_e1", trials=[TRIALS[0]], lasts_s=LASTS_S[:30])
    (found,) = read_recordings(only)
    assert found.presentations[0].stop_s - found.presentations[0].start_s == pytest.approx(1.0, abs=1e-5)
    lone = write_mouse(tmp_path / "M_s1_e2", trials=[TRIALS[0], TRIALS[2]], lasts_s=LASTS_S[:31])
    assert any("the last one has no end" in note for note in read_recordings(lone)[0].notes)


LIGHT_DEVICES = {
    "a device": ({"opto": ["on"]}, {}),
    "a label": ({"events": ["saccade", "laser_on"]}, {}),
    "an option": ({"events": ["saccade", "stim"]}, {"opto": "events:stim"}),
    "a device of one label by option": ({"stimulation": ["x"]}, {"opto": "stimulation"}),
}


@pytest.mark.parametrize("case", LIGHT_DEVICES)
def test_light_is_found_by_its_name_or_named(tmp_path, case):
    devices, options = LIGHT_DEVICES[case]
    path = mouse(tmp_path)
    for device, labels in devices.items():
        meta = {"start_time": UNIX_S, "end_time": UNIX_S + 3, "labels": {one: f"{one}.npy" for one in labels}}
        write_meta(path / device, modality="time_interval", **meta)
        for number, label in enumerate(labels, 1):
            save(path / device / f"{label}.npy", UNIX_S + number + np.array([[0.5, 0.7], [0.1, 0.3], [0.2, 0.4]]))
    (found,) = read_recordings(path, **options)
    expected = UNIX_S + len(next(iter(devices.values()))) + np.array([[0.1, 0.4], [0.5, 0.7]])
    np.testing.assert_array_equal(found.opto_epochs_s, expected)
    if case == "a device":
        with pytest.raises(RecordingError, match=r"no time intervals 'opto:o'.*did you mean 'opto:on'"):
            read_recordings(path, opto="opto:o")
        meta = {"start_time": 0, "end_time": 3, "labels": {"on": "on.npy"}}
        write_meta(path / "laser", modality="time_interval", **meta)
        with pytest.raises(RecordingError, match=r"could be any of .*laser:on.*opto:on.*say which"):
            read_recordings(path)


def test_spikes_in_memory_files_and_their_span(tmp_path):
    path = mouse(tmp_path)
    times = [np.sort(NOISE.uniform(UNIX_S, UNIX_S + 2.0, count)) for count in (7, 0, 4)]
    np.concatenate(times).tofile(path / "spk.mem")
    write_meta(
        path / "units",
        modality="spikes", spike_indices=[0, 7, 7, 11], n_signals=3, is_mem_mapped=True, dtype="float64",
        start_time=UNIX_S, end_time=UNIX_S + 2.0, neuron_properties={"unit_ids": "meta/ids.npy"},
    )  # fmt: skip
    shutil.move(path / "spk.mem", path / "units" / "spikes.mem")
    save(path / "units" / "meta" / "ids.npy", np.array([12, 5, 9]))
    (found,) = read_recordings(path)
    assert found.units == (5, 9, 12)
    np.testing.assert_array_equal(found.spike_times_s[12], times[0])
    assert len(found.presentations) == 2  # the third goes on beyond end_time
    assert any("responses are not used" in note for note in found.notes)


NAMED = {
    "data_key": ({"data_key": "dynamic7-2-3-Video-ab_30hz"}, ("M7", 2, 3)),
    "scan_key": ({"scan_key": {"animal_id": 7, "session": 2, "scan_idx": 3}}, ("M7", 2, 3)),
    "own": ({"data_key": "Ntsr1Cre_2019_0007_s03_e07"}, ("Ntsr1Cre_2019_0007", 3, 7)),
    "neither": ({"other": 1}, ("M29515", 10, 12)),
}


@pytest.mark.parametrize("case", NAMED)
def test_the_session_is_named_by_its_keys(tmp_path, case):
    told, expected = NAMED[case]
    path = mouse(tmp_path)
    (path / "meta.json").write_text(json.dumps(told))
    (found,) = read_recordings(path)
    assert found.session == SessionKey(*expected)


def test_a_folder_without_a_key_needs_a_mouse_and_several_are_several_sessions(tmp_path):
    write_mouse(tmp_path / "all" / "session")
    with pytest.raises(RecordingError, match="give the mouse's name as option mouse="):
        read_recordings(tmp_path / "all" / "session")
    (found,) = read_recordings(tmp_path / "all" / "session", mouse="M1", experiment=4)
    assert found.session == SessionKey("M1", 1, 4)
    write_mouse(tmp_path / "all" / "other")
    with pytest.raises(RecordingError, match="and another are session M1_s01_e01: read one by one"):
        read_recordings(tmp_path / "all", mouse="M1")
    for name in ("session", "other"):
        (tmp_path / "all" / name / "meta.json").write_text(json.dumps({"data_key": f"7-{len(name)}-1"}))
    assert [one.session.series for one in read_recordings(tmp_path / "all")] == [5, 7]


def faults() -> dict:
    """How a folder is broken, and what is said."""

    def exported(path: Path) -> None:  # two columns in a file that announces one
        device = path / "treadmill"
        rows = len(np.load(device / "data.npy"))
        np.column_stack([np.arange(rows) / 48, np.ones(rows)]).tofile(device / "data.mem")
        (device / "data.npy").unlink()
        edit(device / "meta.yml", n_timestamps=rows, dtype="float64", is_mem_mapped=True)

    def combined(path: Path, **changed) -> None:
        files = sorted((path / "screen" / "meta").glob("*.yml"))
        together = {file.stem: yaml.safe_load(file.read_text()) for file in files}
        together["00002"] |= changed
        (path / "screen" / "combined_meta.json").write_text(json.dumps(together))

    def of(name: str, **changed):
        return lambda path: edit(path / name, **changed)

    def rows(name: str, change):
        return lambda path: save(path / name, change(np.load(path / name)))

    def png(path: Path) -> None:
        file = path / "screen" / "data" / "00002.npy"
        file.rename(file.with_suffix(".png"))

    trial = "screen/meta/00002.yml"
    return {
        "two columns": (exported, r"treadmill holds data of shape .*which is 2 columns, and meta.yml announces .* 1\)"),
        "inverted rate": (of("eye_tracker/meta.yml", sampling_rate=1 / 16), "rate is 0.0625, which is the seconds"),
        "other rate": (of("treadmill/meta.yml", sampling_rate=30.0), "treadmill/meta.yml: .* 48 Hz, and samp.* is 30"),
        "signals": (of("responses/meta.yml", n_signals=4), r"responses holds data of shape .*announces \(.*, 4\)"),
        "transposed": (rows("responses/data.npy", lambda a: a.T), "responses holds data of shape"),
        "no rate": (of("responses/meta.yml", sampling_rate=None), "responses/meta.yml: sampling_rate is"),
        "below 0": (rows("responses/data.npy", lambda a: a - 0.5), "row .* of signal .* expected a finite response"),
        "stale": (lambda path: combined(path, tier="test"), "combined_meta.json and meta/00002.yml differ: delete"),
        "modality": (of(trial, modality="movie"), "trial 00002 is .*expected its modality, one of image, video, blank"),
        "device": (of("responses/meta.yml", modality="Sequence"), "modality is 'Sequence', expected sequence"),
        "tier": (of(trial, tier="live"), "trial 00002: tier 'live' .*expected one of train, test, oracle"),
        "running sum": (of(trial, first_frame_idx=30), "trial 00002: first_frame_idx is 30, .* and 31 frames"),
        "too few onsets": (rows("screen/timestamps.npy", lambda a: a[:-1]), "34 frames, and timestamps.npy 33"),
        "onsets fall": (rows("screen/timestamps.npy", lambda a: a[::-1].copy()), "timestamps.npy: row 1 is"),
        "coarse": (rows("screen/timestamps.npy", lambda a: a.astype(np.float32)), "export it as float64"),
        "short video": (rows("screen/data/00000.npy", lambda a: a[:20]), "00000.npy lacks 10 of the frames that trial"),
        "picture": (png, "trial 00002: .*00002.npy is missing: .*convert what is there, as .png"),
        "no trials": (lambda path: shutil.rmtree(path / "screen" / "meta"), "its trials have 0 frames"),
        "outside": (of("screen/meta.yml", use_stimuli_names=True), "trial 00000 has no stimulus_name"),
        "no responses": (lambda path: shutil.rmtree(path / "responses"), "has 0 devices of spikes: expected one, or"),
        "yaml twice": (
            lambda path: (path / "responses" / "meta.yml").write_text("a: 1\na: 2\n"),
            "responses/meta.yml cannot be read .line 2: 'a' stands here twice",
        ),
        "all left out": (
            lambda path: [edit(path / f"screen/meta/{n:05d}.yml", tier=None) for n in (0, 2, 3)],
            "holds no presentation to fit, .*: 3 presentations are left out, since their tier is not told",
        ),
        "another clock": (
            of("responses/meta.yml", start_time=100.0, end_time=37 / 8 + 100),
            "from 1520000000 to .* s, and responses are from 100 to .* no responses throughout",
        ),
        "no values": (rows("responses/data.npy", lambda a: a * np.nan), "no row has a value of every unit"),
    }  # fmt: skip


FAULTS = faults()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_contradicts_itself_is_refused_by_name(tmp_path, fault):
    broken, words = FAULTS[fault]
    path = mouse(tmp_path)
    broken(path)
    with pytest.raises(RecordingError, match=words):
        read_recordings(path)


@pytest.mark.parametrize("name", ["../../secret", "../../../etc/passwd", "a/../../../b"])
def test_no_file_outside_the_folder_is_opened(tmp_path, name):
    path = mouse(tmp_path)
    edit(path / "screen" / "meta.yml", use_stimuli_names=True)
    for number in (0, 2, 3):
        edit(path / "screen" / "meta" / f"{number:05d}.yml", stimulus_name=name)
    with pytest.raises(RecordingError, match="lies outside the recording's folder"):
        read_recordings(path)


def test_an_unknown_option_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="gray_range"):
        read_recordings(mouse(tmp_path), grey_range=[0, 1])


@pytest.mark.parametrize("wrong", [[0], [0, 1, 2], [1, 0], [0, float("inf")], ["a", "b"]])
def test_a_gray_range_that_is_none_is_refused(tmp_path, wrong):
    with pytest.raises((ConfigError, RecordingError), match="gray_range"):
        read_recordings(mouse(tmp_path), gray_range=wrong)


def test_a_unit_without_any_value_is_left_out(tmp_path):
    path = mouse(tmp_path)
    data = np.load(path / "responses" / "data.npy")
    data[:, 3] = np.nan
    save(path / "responses" / "data.npy", data)
    save(path / "responses" / "meta" / "unit_ids.npy", np.array([9, 4, 7, 1, 3]))
    (found,) = read_recordings(path)
    assert found.units == (3, 4, 7, 9)
    np.testing.assert_array_equal(found.binned.values, data[:, [4, 1, 2, 0]].T)
    assert "1 of 5 units of responses lack values and are left out" in found.notes


def test_a_device_of_another_modality_is_not_used_and_said(tmp_path):
    path = mouse(tmp_path)
    write_meta(path / "microphone", modality="sound")
    assert "devices microphone are not used" in read_recordings(path)[0].notes


def test_a_folder_of_the_packages_own_tests_is_read(tmp_path):
    """As its helpers write one: pictures in 0..1, images then a video, a rate and no end, spikes, a sampling rate."""
    path, rate_hz = tmp_path / "session", 10.0
    screen, frames = path / "screen", NOISE.random((100, 32, 32)).astype(np.float32)
    write_meta(screen, modality="screen", frame_rate=rate_hz)
    save(screen / "timestamps.npy", np.linspace(0.0, 10.0, 100, endpoint=False))
    (screen / "meta").mkdir()
    for number in range(11):
        video = {"num_frames": 90, "modality": "video"} if number == 10 else {"modality": "image"}
        told = {"first_frame_idx": number, "image_size": [32, 32], "tier": "train"} | video
        (screen / "meta" / f"{number:05d}.yml").write_text(yaml.safe_dump(told))
        save(screen / "data" / f"{number:05d}.npy", frames[10:] if number == 10 else frames[number])
    units = [np.sort(NOISE.uniform(0, 100, 30)) for _ in range(4)]
    told = {"n_signals": 4, "spike_indices": [0, 30, 60, 90, 120], "start_time": 0.0, "end_time": 100.0}
    write_meta(path / "spikes", modality="spikes", sampling_rate=1000.0, **told)
    save(path / "spikes" / "spikes.npy", np.concatenate(units))
    write_sequence(path / "treadmill", NOISE.random((101, 1)), 10.0, 0.0, n_timestamps=101, dtype="float64")
    (found,) = read_recordings(path, mouse="Test", gray_range=(0.0, 1.0))
    assert len(found.presentations) == len(found.scenes) == 11
    assert found.presentations[-1].stop_s == pytest.approx(10.0)
    np.testing.assert_array_equal(own_frames(found)[SceneKey("Test_s01_e01", 10)], np.rint(frames[10:] * 255))
    np.testing.assert_array_equal([found.spike_times_s[unit] for unit in range(4)], units)
    edges = np.linspace(1.0, 10.0, 91)
    assert bin_spikes(found.spike_times_s[0], edges).sum() == ((units[0] >= 1) & (units[0] <= 10)).sum()


def test_binned_gaps_and_light_shares_match(tmp_path):
    """Light in part of a frame is conserved over the round trip of epochs."""
    frames, key = NOISE.integers(0, 256, (10, 16, 16), dtype=np.uint8), SceneKey("m", 0)
    file = probe(write_scene(tmp_path / "a.avi", frames, 10.0))
    shown = (PresentationTimes(0, key, 0.0, 1.0, "train"), PresentationTimes(1, key, 1.5, 2.5, "train"))
    bins = np.concatenate([np.arange(10) / 10, 1.5 + np.arange(10) / 10])
    binned = BinnedResponses((1, 4), np.column_stack([bins, bins + 0.1]), NOISE.random((2, 20)).astype(np.float32))
    epochs = np.array([[0.05, 0.33], [1.7, 2.1]])
    one = SessionRecording(SessionKey("A", 1, 1), {}, shown, epochs, {key: file}, binned=binned)
    (back,) = read_recordings(write_experanto(one, tmp_path / "out"))
    np.testing.assert_allclose(back.binned.values, binned.values, atol=1e-5)
    np.testing.assert_allclose(back.binned.bins_s, binned.bins_s, atol=1e-9)
    edges = np.linspace(0, 2.5, 26)
    np.testing.assert_array_equal(bin_opto(back.opto_epochs_s, edges), bin_opto(epochs, edges))
