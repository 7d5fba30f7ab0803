"""What labs' NWB files do in ways of their own: light, invalid times, observation, scaled and ambiguous signals."""

from datetime import UTC, datetime

import numpy as np
import pytest
from pynwb import NWBFile, TimeSeries
from pynwb.behavior import PupilTracking
from pynwb.epoch import TimeIntervals
from pynwb.ogen import OptogeneticSeries

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.session_data import bin_session, data_info
from dlgn_cnn.errors import RecordingError
from tests.unit.test_nwb_reader import FRAMES, blank, named_scenes, write

ON_OFF = [[0.25, 0.75], [4.25, 4.75]]


def opto_series(file, name):
    """Power with a time stamp at each change only."""
    device = file.create_device("laser")
    site = file.create_ogen_site("v1", device=device, description="x", excitation_lambda=470.0, location="V1")
    data, times = np.tile([0.01, 0.0], len(ON_OFF)), np.ravel(ON_OFF)
    return OptogeneticSeries(name=name, data=data, timestamps=times, site=site, description="feedback off")


def opto_intervals(name):
    table = TimeIntervals(name=name, description="light")
    for on, off in ON_OFF:
        table.add_interval(start_time=on, stop_time=off)
    return table


def in_module(file, one, module="optotagging"):
    file.create_processing_module(module, "x").add(one)


OPTOS = {
    "a series of its type, of any name": lambda file: file.add_stimulus(opto_series(file, "LaserPower")),
    "in a processing module": lambda file: in_module(file, opto_series(file, "pulses")),
    "acquired": lambda file: file.add_acquisition(opto_series(file, "monitor")),
    "intervals named laser": lambda file: file.add_time_intervals(opto_intervals("laser_epochs")),
    "intervals named LED": lambda file: file.add_time_intervals(opto_intervals("LED_on")),
    "intervals in a module": lambda file: in_module(file, opto_intervals("optogenetic_stimulation")),
}


@pytest.mark.parametrize("where", OPTOS)
def test_light_is_found_by_its_type_or_name_wherever_it_lies(tmp_path, where):
    file = named_scenes(blank())
    OPTOS[where](file)
    (found,) = read_recordings(write(tmp_path, file))
    assert found.opto_epochs_s.tolist() == ON_OFF


def test_two_that_could_be_the_light_are_asked_about(tmp_path):
    file = named_scenes(blank())
    file.add_stimulus(opto_series(file, "LaserPower"))
    file.add_time_intervals(opto_intervals("led_test"))
    path = write(tmp_path, file)
    with pytest.raises(RecordingError, match=r"the light could be any of .*stimulus/LaserPower.*intervals/led_test"):
        read_recordings(path)
    for opto in ("stimulus/LaserPower", "LaserPower"):
        (found,) = read_recordings(path, opto=opto)
        assert found.opto_epochs_s.tolist() == ON_OFF


def test_a_table_that_is_not_named_after_light_is_none(tmp_path):
    file = named_scenes(blank())
    file.add_time_intervals(opto_intervals("ledger_of_rewards"))
    (found,) = read_recordings(write(tmp_path, file))
    assert len(found.opto_epochs_s) == 0


@pytest.mark.parametrize(("start", "stop", "left"), [(3.9, 5.1, 1), (1.0, 2.0, 0), (0.5, 2.5, 2)])
def test_presentations_in_invalid_times_are_left_out_and_that_is_said(tmp_path, start, stop, left):
    file = named_scenes(blank())
    file.add_invalid_time_interval(start_time=start, stop_time=stop, tags=["all_probes"])
    (found,) = read_recordings(write(tmp_path, file))
    assert len(found.presentations) == 4 - left
    assert all(one.stop_s <= start or one.start_s >= stop for one in found.presentations)
    assert bool(found.notes) == (left > 0)
    assert not left or found.notes == (f"{left} of 4 presentations overlap invalid_times and are left out",)


def test_times_that_are_invalid_for_optotagging_alone_are_kept(tmp_path):
    file = named_scenes(blank())
    file.add_invalid_time_interval(start_time=0.0, stop_time=9.0, tags=["EcephysSession", "optotagging"])
    (found,) = read_recordings(write(tmp_path, file))
    assert len(found.presentations) == 4


def observed_by(folder, **intervals):
    """A file of units 20, 21, ... that fire at 0.1, 2.2 and 4.6 s, with the given obs_intervals."""
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Mouse_1_s03_e07")
    for unit, own in enumerate(intervals.values(), 20):
        file.add_unit(id=unit, spike_times=[0.1, 2.2, 4.6], obs_intervals=own)
    return write(folder, named_scenes(file))


def test_a_unit_is_known_where_it_was_observed_and_that_is_said(tmp_path):
    throughout, partly, never = [[0.0, 1.0], [1.9, 7.5]], [[4.0, 4.5], [0.0, 3.5]], [[1.2, 1.8], [8.0, 9.0]]
    (found,) = read_recordings(observed_by(tmp_path, a=throughout, b=partly, c=partly, d=never))
    assert found.units == (20, 21, 22)
    assert {unit: own.tolist() for unit, own in found.observed_s.items()} == dict.fromkeys((21, 22), sorted(partly))
    assert found.notes == (
        "units [21, 22] were not observed throughout 2 of 4 presentations (obs_intervals): what lies outside counts "
        "neither in fits nor in scores",
        "units [23] were observed in no presentation (obs_intervals) and are left out",
    )


def test_a_unit_that_was_lost_before_testing_keeps_the_rate_that_it_had(tmp_path):
    """Half of the time lost is not half of the rate; the scene from 4 to 5 s is invalid for all."""
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Mouse_1_s03_e07")
    times = np.sort(np.random.default_rng(0).uniform(0, 2.9, 60))
    file.add_unit(id=0, spike_times=np.append(times, times + 4), obs_intervals=[[0.0, 9.0]])
    file.add_unit(id=1, spike_times=times, obs_intervals=[[0.0, 2.9]])
    (found,) = read_recordings(write(tmp_path, named_scenes(file)))
    movies = {key: FRAMES[0] for key in found.scenes}
    tiers = {key: "test" if key.scene == 3 else "train" for key in found.scenes}
    info = data_info(bin_session(found, movies, tiers, 30.0, 0.5, 0.0))
    edges = np.arange(28) / 30 + 2
    seen = np.sum(times < 1) + np.sum((times >= 2) & (times < edges[-1]))
    assert info.mean_counts[1] == pytest.approx(seen / (30 + 27))
    assert found.units == (0, 1)


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([[2.0, 1.0]], "unit 20 must be finite .* ascending"),
        ([[0.0, 2.0], [1.0, 3.0]], "unit 20 must be finite .* disjoint"),
        ([[0.0, np.nan]], "unit 20 must be finite"),
    ],
)
def test_intervals_that_contradict_themselves_are_refused(tmp_path, own, said):
    with pytest.raises(RecordingError, match=f"obs_intervals of {said}"):
        read_recordings(observed_by(tmp_path, a=own))


def test_a_signal_is_scaled_and_shifted_as_the_file_says(tmp_path):
    """Running as counts of a converter: cm/s = counts * conversion + offset."""
    speed = 10 + 5 * np.sin(np.arange(80))
    file = named_scenes(blank())
    counts = np.round((speed + 40) / 0.01).astype(np.int16)
    series = TimeSeries(
        name="running", data=counts, unit="cm/s", conversion=0.01, offset=-40.0, rate=10.0, starting_time=0.0
    )
    in_module(file, series, "behavior")
    (found,) = read_recordings(write(tmp_path, file))
    np.testing.assert_allclose(found.signals["running"].values, speed, atol=0.006)


def test_two_series_of_one_name_are_asked_about(tmp_path):
    file = named_scenes(blank())
    module = file.create_processing_module("behavior", "x")
    for size, eye in enumerate(("left_eye", "right_eye")):
        series = TimeSeries(name="pupil_size", data=np.full(8, float(size)), unit="mm", timestamps=np.arange(8.0))
        module.add(PupilTracking(name=eye, time_series=series))
    path = write(tmp_path, file)
    with pytest.raises(RecordingError, match=r"pupil_size could be any of .*left_eye.*right_eye.*option signals="):
        read_recordings(path)
    (found,) = read_recordings(path, signals={"pupil_size": "right_eye/pupil_size"})
    assert set(found.signals["pupil_size"].values) == {1.0}
    with pytest.raises(RecordingError, match="has no series of pupil_size 'third_eye'"):
        read_recordings(path, signals={"pupil_size": "third_eye"})
    with pytest.raises(RecordingError, match="option signals names 'pupil'"):
        read_recordings(path, signals={"pupil": "right_eye/pupil_size"})


def test_signals_that_lie_elsewhere_are_found(tmp_path):
    file = named_scenes(blank())
    in_module(file, TimeSeries(name="running_speed", data=np.ones(80), unit="cm/s", rate=10.0), "running")
    file.add_acquisition(TimeSeries(name="pupil_area", data=np.ones(80), unit="px", rate=10.0))
    (found,) = read_recordings(write(tmp_path, file))
    assert set(found.signals) == {"running", "pupil_size"}


LABELS = {
    "mua and noise": (["good", "mua", "noise"], [20], "2 of 3 units are left out: their label is mua, noise"),
    "none is good": (["unsorted", "Noise", "mua"], [20, 22], "1 of 3 units are left out: their label is noise"),
    "all are good": (["good", "Good", " good"], [20, 21, 22], ""),
}


@pytest.mark.parametrize("labels", LABELS)
def test_units_labeled_as_noise_are_left_out_and_that_is_said(tmp_path, labels):
    words, kept, said = LABELS[labels]
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Mouse_1_s03_e07")
    file.add_unit_column("label", "of the sorter")
    for unit, word in enumerate(words, 20):
        file.add_unit(id=unit, spike_times=[0.1, 2.2], label=word)
    path = write(tmp_path, named_scenes(file))
    (found,) = read_recordings(path)
    assert [*found.units] == kept
    assert [note.startswith(said) for note in found.notes] == [True] * bool(said)
    assert len(read_recordings(path, quality="any")[0].units) == 3


def test_a_units_area_is_that_of_its_first_electrode(tmp_path):
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Mouse_1_s03_e07")
    group = file.create_electrode_group("shank", "x", "brain", file.create_device("probe"))
    for area in ("VISp", "LGd-co", "LP"):
        file.add_electrode(location=area, group=group)
    for unit, electrodes in ((20, [1, 2]), (21, []), (22, [0])):
        file.add_unit(id=unit, spike_times=[0.1, 2.2], electrodes=electrodes)
    path = write(tmp_path, named_scenes(file))
    assert read_recordings(path, area="LGd")[0].units == (20,)
    with pytest.raises(RecordingError, match="area is 'LP', but the units are of LGd 1, unknown 1, VISp 1"):
        read_recordings(path, area="LP")


def test_what_was_found_and_not_used_is_said_with_the_option_that_uses_it(tmp_path):
    """A series of a name that means nothing, a table of another subject, a column of units."""
    file = named_scenes(blank())
    file.add_unit_column(name="depth", description="um", data=np.arange(1.0 * len(file.units)))
    file.add_time_intervals(opto_intervals("laser_epochs"))
    file.add_time_intervals(opto_intervals("rewards"))
    file.create_processing_module("behavior", "x").add(
        [TimeSeries(name=name, data=np.arange(90.0), unit="cm/s", rate=10.0) for name in ("running", "wheel")]
    )
    path = write(tmp_path, file)
    (found,) = read_recordings(path)
    series, columns = found.unused
    assert series.startswith("series and tables processing/behavior/wheel, intervals/rewards: ")
    assert columns == "columns depth"
    (by_option,) = read_recordings(path, opto="rewards", signals={"running": "processing/behavior/wheel"})
    assert by_option.unused[0].startswith("series and tables processing/behavior/running, intervals/laser_epochs: ")


NOT_THERE = {
    "no table of frames": ({"movies": {"one": "one.npy"}}, "no table with a row for each frame"),
    "no metrics": ({"quality": "allensdk"}, "units have no amplitude_cutoff, which quality=allensdk needs"),
    "no area": ({"area": "LGd"}, "area is 'LGd', but the units are of unknown 2"),
    "no column": ({"tier": "split"}, "no column 'split'.*by the option tier"),
    "no trials": ({"trials": "shown"}, "no interval table 'shown'.*by the option trials"),
}


@pytest.mark.parametrize("wrong", NOT_THERE)
def test_an_option_that_the_file_cannot_serve_is_refused(tmp_path, wrong):
    options, words = NOT_THERE[wrong]
    with pytest.raises(RecordingError, match=words):
        read_recordings(write(tmp_path, named_scenes(blank())), **options)


def test_a_stimulus_that_the_file_lacks_is_no_matter_of_an_option(tmp_path):
    file = named_scenes(blank())
    file.trials["stimulus"].data[2] = "scene7"
    with pytest.raises(RecordingError, match="no stimulus 'scene7'") as said:
        read_recordings(write(tmp_path, file))
    assert "option" not in str(said.value)
