"""NWB files written by pynwb, read back as recordings."""

from datetime import UTC, datetime

import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.behavior import PupilTracking, SpatialSeries
from pynwb.epoch import TimeIntervals
from pynwb.file import Subject
from pynwb.image import ImageSeries

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import RecordingError
from tests.factories import write_scene

SPIKES = {4: np.array([0.1, 0.2, 2.5, 4.4, 6.3]), 9: np.array([0.15, 2.2, 2.3, 4.1, 6.9])}
FRAMES = np.random.default_rng(0).integers(0, 256, (4, 30, 16, 32), dtype=np.uint8)


def blank() -> NWBFile:
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Ntsr1Cre_2019_0007_s03_e07")
    file.subject = Subject(subject_id="Ntsr1Cre_2019_0007")
    for unit, times in SPIKES.items():
        file.add_unit(id=unit, spike_times=times)
    return file


def named_scenes(file: NWBFile) -> NWBFile:
    """Four scenes of a second at 30 Hz, shown from 0, 2, 4 and 6 s; the last is for testing."""
    for scene, frames in enumerate(FRAMES):
        file.add_stimulus_template(
            ImageSeries(name=f"scene{scene}", data=frames, unit="n.a.", rate=30.0, starting_time=0.0)
        )
    file.add_trial_column("stimulus", "what was shown")
    file.add_trial_column("tier", "what for")
    for scene in (2, 0, 1, 3):  # any order
        tier = "test" if scene == 3 else "train"
        file.add_trial(start_time=2.0 * scene, stop_time=2.0 * scene + 1, stimulus=f"scene{scene}", tier=tier)
    return file


def with_light(file: NWBFile) -> NWBFile:
    light = TimeIntervals(name="opto_pulses", description="light")
    for on in (0.25, 4.25):
        light.add_interval(start_time=on, stop_time=on + 0.5)
    file.add_time_intervals(light)
    return file


def with_behavior(file: NWBFile) -> NWBFile:
    module = file.create_processing_module("behavior", "behavior")
    module.add(TimeSeries(name="running_speed", data=np.arange(80.0), unit="cm/s", rate=10.0, starting_time=0.5))
    pupil = PupilTracking(
        time_series=TimeSeries(name="pupil_area", data=np.arange(8.0), unit="px", timestamps=np.arange(8.0))
    )
    module.add(pupil)
    position = np.column_stack([np.arange(80.0), -np.arange(80.0)])
    module.add(
        SpatialSeries(name="pupil_position", data=position, rate=10.0, starting_time=0.0, reference_frame="camera")
    )
    return file


def write(folder, file: NWBFile):
    path = folder / "session.nwb"
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path


def test_a_session_is_read_as_it_was_written(tmp_path):
    (found,) = read_recordings(write(tmp_path, with_behavior(with_light(named_scenes(blank())))))
    assert str(found.session) == "Ntsr1Cre_2019_0007_s03_e07"
    assert [(p.start_s, p.stop_s, p.tier) for p in found.presentations][::3] == [(0, 1, "train"), (6, 7, "test")]
    for unit, times in SPIKES.items():
        np.testing.assert_array_equal(found.spike_times_s[unit], times)
    np.testing.assert_array_equal(found.opto_epochs_s, [[0.25, 0.75], [4.25, 4.75]])
    for shown, frames in zip(found.presentations, FRAMES, strict=True):
        np.testing.assert_array_equal(scene_frames(found.scenes[shown.scene], (16, 32)), frames)
    assert sorted(found.signals) == ["pupil_size", "pupil_x", "pupil_y", "running"]
    np.testing.assert_allclose(found.signals["running"].times_s[:2], [0.5, 0.6])
    np.testing.assert_array_equal(found.signals["pupil_y"].values, -np.arange(80.0))


def test_it_becomes_a_dataset_with_every_spike(tmp_path):
    (found,) = read_recordings(write(tmp_path, with_light(named_scenes(blank()))))
    spec = DatasetSpec((str(found.session),), size_px=(16, 32), validation_share=0.34)
    (data,) = build_sessions([found], spec).values()
    assert sum(trial.responses.sum() for trial in data.trials) == 10
    assert sum(trial.opto.sum() for trial in data.trials) / 60 == pytest.approx(1.0)
    np.testing.assert_array_equal(data.trials[0].videos, FRAMES[0].repeat(2, axis=0))


def test_a_stretch_of_a_series_is_a_scene_and_brings_its_own_clock(tmp_path):
    file = blank()
    onsets = np.concatenate([2.0 * scene + np.arange(30) / 30 for scene in range(4)])
    shown = ImageSeries(name="movie", data=FRAMES.reshape(-1, 16, 32), unit="n.a.", timestamps=onsets)
    file.add_stimulus(shown)
    table = TimeIntervals(name="shown", description="presentations")
    table.add_column(name="tier", description="what for")
    for scene in range(4):
        tier = "test" if scene == 3 else "train"
        table.add_interval(start_time=2.0 * scene, stop_time=2.0 * scene + 1, timeseries=[shown], tier=tier)
    file.add_time_intervals(table)
    (found,) = read_recordings(write(tmp_path, file), trials="shown")
    np.testing.assert_allclose(found.presentations[1].frame_onsets_s, 2 + np.arange(30) / 30)
    np.testing.assert_array_equal(scene_frames(found.scenes[found.presentations[2].scene], (16, 32)), FRAMES[2])
    assert len(found.opto_epochs_s) == 0


def test_an_external_video_lies_beside_the_file(tmp_path):
    file = blank()
    for scene, frames in enumerate(FRAMES):
        write_scene(tmp_path / f"{scene}.avi", frames, 30)
        external = {"external_file": [f"{scene}.avi"], "format": "external", "starting_frame": [0]}
        file.add_stimulus_template(
            ImageSeries(name=f"scene{scene}", unit="n.a.", rate=30.0, num_samples=30, **external)
        )
    file.add_trial_column("stimulus", "what was shown")
    file.add_trial_column("tier", "what for")
    for scene in range(4):
        file.add_trial(start_time=2.0 * scene, stop_time=2.0 * scene + 1, stimulus=f"scene{scene}", tier="train")
    (found,) = read_recordings(write(tmp_path, file))
    assert [scene.path.name for scene in found.scenes.values()] == ["0.avi", "1.avi", "2.avi", "3.avi"]


def test_a_light_series_is_on_above_half_its_maximum(tmp_path):
    file = named_scenes(blank())
    power = np.zeros(80)
    power[10:20] = 2.0
    power[15] = 1.5
    power[40] = 0.5
    file.add_stimulus(TimeSeries(name="opto_power", data=power, unit="W", rate=10.0, starting_time=0.0))
    (found,) = read_recordings(write(tmp_path, file))
    np.testing.assert_allclose(found.opto_epochs_s, [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trials": "shows"}, "no interval table 'shows'"),
        ({"stimulus": "movie"}, "no column 'movie'"),
        ({"tier": "split"}, "no column 'split'"),
        ({"opto": "laser"}, "no light 'laser'"),
    ],
)
def test_what_the_file_lacks_is_named(tmp_path, options, words):
    path = write(tmp_path, with_light(named_scenes(blank())))
    with pytest.raises(RecordingError, match=words):
        read_recordings(path, **options)


def test_a_file_that_is_no_nwb_is_refused(tmp_path):
    path = tmp_path / "a.nwb"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"junk" * 100)
    with pytest.raises(RecordingError, match="cannot be read as NWB"):
        read_recordings(path)
    whole = write(tmp_path, named_scenes(blank()))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(RecordingError, match="cannot be read as NWB"):
        read_recordings(whole)
