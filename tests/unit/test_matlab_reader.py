"""MATLAB and HDF5 files whose variables have any name, against the same session as plain arrays."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from dlgn_cnn.data.readers import read_recordings, recognized
from dlgn_cnn.data.readers.matlab.meaning import AXES, arranged
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import RecordingError
from tests.factories import small_simulation
from tests.layouts import npz_arrays, own_frames
from tests.matlab_files import write_5, write_73, write_plain
from tests.recorded import write_noise

WRITERS = {"5": (write_5, "a.mat"), "7.3": (write_73, "a.mat"), "plain": (write_plain, "a.h5")}
ORDER = ["height", "width", "time"]
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    (recording,) = read_recordings(small_simulation(folder / "lab", mouse="Simulated_m1", width_px=32, height_px=16))
    return npz_arrays(recording)


@pytest.fixture(params=WRITERS)
def write(request, tmp_path):
    """A function that writes variables into a file of each format."""
    writer, name = WRITERS[request.param]
    return lambda variables: writer(tmp_path / name, variables)


def of_npz(folder: Path, arrays):
    np.savez(folder / "same.npz", **arrays)
    return read_recordings(folder / "same.npz")[0]


def agree(found, expected):
    """Both recordings say the same."""
    assert (found.session, found.units) == (expected.session, expected.units)
    assert found.presentations == expected.presentations
    for unit, times in expected.spike_times_s.items():
        np.testing.assert_array_equal(found.spike_times_s[unit], times)
    np.testing.assert_array_equal(found.opto_epochs_s, expected.opto_epochs_s)
    assert {key: file.sha256 for key, file in found.scenes.items()} == {
        key: file.sha256 for key, file in expected.scenes.items()
    }
    for name, signal in expected.signals.items():
        np.testing.assert_array_equal(found.signals[name].values, signal.values)
        np.testing.assert_array_equal(found.signals[name].times_s, signal.times_s)
    own, other = own_frames(found), own_frames(expected)
    for key in other:
        np.testing.assert_array_equal(own[key], other[key])


def as_a_lab_has_it(arrays):
    """The arrays under other names, in structs and cells, with the frames' axes as MATLAB users have them."""
    units = arrays["units"]
    trains = [arrays["spike_times_s"][arrays["spike_units"] == unit] for unit in units]
    variables = {
        "animal": "Simulated_m1",
        "stim": {"pixels": np.moveaxis(arrays["frames"], 0, -1), "len": arrays["scene_frames"][None].astype(float)},
        "trials": {"which": arrays["presentation_scene"] + 1.0, "t": arrays["presentation_s"]},
        "what_for": arrays["presentation_tier"].tolist(),
        "units": {"id": units, "st": trains},
        "laser": arrays["opto_epochs_s"],
        "run": {"v": arrays["running"][:, None], "t": arrays["running_times_s"][None]},
        "unused": np.ones((3, 4)),
    }
    names = {
        **{"mouse": "animal", "series": int(arrays["series"]), "experiment": int(arrays["experiment"])},
        **{"movie": str(arrays["movie"]), "frames": "stim.pixels", "scene_frames": "stim.len"},
        **{"frame_rate_hz": float(arrays["frame_rate_hz"]), "presentation_scene": "trials.which"},
        **{"presentation_s": "trials.t", "presentation_tier": "what_for", "units": "units.id"},
        **{"spike_times_s": "units.st", "opto_epochs_s": "laser", "running": "run.v", "running_times_s": "run.t"},
    }
    kept = {name: one for name, one in arrays.items() if not name.startswith("pupil")}
    return variables, {"names": names, "axes": {"frames": ORDER}}, kept


def test_a_labs_file_says_what_the_arrays_say(tmp_path, write, arrays):
    variables, options, kept = as_a_lab_has_it(arrays)
    path = write(variables)
    assert recognized(path) == ("mat" if path.suffix == ".mat" else "hdf5")
    (found,) = read_recordings(path, **options)
    agree(found, of_npz(tmp_path, kept))
    assert "spike_times_s from 'units.st'" in found.notes[0]
    assert "presentation_scene counts from 1" in found.notes
    assert any("7.3" in note for note in found.notes) == (path.read_bytes()[:10] == b"MATLAB 7.3")


def test_variables_of_the_arrays_names_need_no_names(tmp_path, write, arrays):
    variables = {name: str(one) if one.dtype.kind == "U" and not one.ndim else one for name, one in arrays.items()}
    variables["presentation_tier"] = arrays["presentation_tier"].tolist()
    (found,) = read_recordings(write(variables), axes={"frames": ["time", "height", "width"]})
    agree(found, of_npz(tmp_path, arrays))
    assert not any(" from " in note for note in found.notes)
    (less,) = read_recordings(write(variables), axes={"frames": ["time", "height", "width"]}, names={"running": None})
    assert set(less.signals) == set(found.signals) - {"running"}


@few
@given(st.permutations(["scene", "time", "height", "width"]), st.tuples(*[st.integers(1, 4)] * 4), st.integers(0, 3))
def test_axes_in_any_order_come_to_their_places(order, lengths, left_out):
    truth = np.arange(np.prod(lengths)).reshape(lengths)
    told = [axis for axis in order if axis != AXES["frames"][left_out]] if lengths[left_out] == 1 else order
    shown = truth.transpose([AXES["frames"].index(axis) for axis in order])
    shown = shown.reshape([n for n, axis in zip(shown.shape, order, strict=True) if axis in told])
    while shown.ndim > 2 and shown.shape[-1] == 1:  # as MATLAB does
        shown = shown[..., 0]
    np.testing.assert_array_equal(arranged(shown, told, "frames", "x"), truth)


def presented(arrays, **given):
    """Variables and options of pictures, whose responses have no clock."""
    names = {"mouse": "M1", "frames": "images", "presentation_tier": "train", "frame_rate_hz": 4}
    return arrays, {"names": names | given, "axes": {"frames": ["height", "width", "scene"]}}


def test_responses_of_repeats_have_equal_bins_and_scenes(write):
    """As in the field's two-photon data: 48 stimuli, 30 repeats, a number for each unit and presentation."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (16, 32, 48), dtype=np.uint8)
    responses = generator.poisson(3.0, (5, 48, 30)).astype(float)
    variables, options = presented({"images": images, "responses": responses})
    options["axes"]["responses"] = ["unit", "scene", "repeat"]
    options["names"]["presentation_tier"] = ["train"] * 40 + ["test"] * 8
    (found,) = read_recordings(write(variables), **options)
    assert (len(found.scenes), len(found.presentations)) == (48, 1440)
    assert {one.tier for one in found.presentations if one.scene.scene >= 40} == {"test"}
    np.testing.assert_array_equal(found.binned.values.reshape(5, 48, 30), responses)
    assert [one.scene.scene for one in found.presentations] == np.repeat(np.arange(48), 30).tolist()
    np.testing.assert_allclose(np.diff(found.binned.bins_s, axis=1), 0.25)
    np.testing.assert_allclose(found.binned.bins_s[:, 0], [one.start_s for one in found.presentations])


def test_equal_pictures_of_presentations_are_one_scene(write):
    generator = np.random.default_rng(0)
    shown = generator.permutation(np.repeat(np.arange(6), 5))
    images = generator.integers(0, 256, (16, 32, 6), dtype=np.uint8)
    responses = generator.poisson(3.0, (30, 4)).astype(float)
    variables, options = presented({"images": images[..., shown], "dff": responses}, responses="dff")
    options["axes"]["responses"] = ["presentation", "unit"]
    (found,) = read_recordings(write(variables), **options)
    assert len(found.scenes) == 6
    for one, index in zip(found.presentations, shown, strict=True):
        file = found.scenes[one.scene]
        np.testing.assert_array_equal(scene_frames(file, (16, 32))[0], images[..., index])
    np.testing.assert_array_equal(found.binned.values, responses.T)


def test_responses_in_time_keep_the_clock_of_their_presentations(write):
    """Given out of order; each has bins of its own, and light is on the same clock."""
    times = np.array([[5.0, 6.0], [1.0, 2.0], [3.0, 4.0]])
    responses = np.arange(2 * 3 * 4.0).reshape(2, 3, 4)
    movie = np.random.default_rng(0).integers(0, 256, (16, 32, 3 * 4), dtype=np.uint8)
    variables = {"f": movie, "r": responses, "t": times, "on": np.array([[1.5, 2.0]])}
    names = {"mouse": "M1", "frames": "f", "responses": "r", "presentation_s": "t", "opto_epochs_s": "on"}
    names |= {"scene_frames": 4, "frame_rate_hz": 4, "presentation_tier": "train"}
    axes = {"frames": ORDER, "responses": ["unit", "presentation", "time"]}
    (found,) = read_recordings(write(variables), names=names, axes=axes)
    assert [one.scene.scene for one in found.presentations] == [1, 2, 0]
    np.testing.assert_array_equal(found.binned.values, responses[:, [1, 2, 0]].reshape(2, 12))
    np.testing.assert_array_equal(found.binned.bins_s[[0, 11]], [[1.0, 1.25], [5.75, 6.0]])


def test_a_recorded_cell_is_read_by_names(shared_data, tmp_path):
    path = shared_data / "rgc_noise" / "nds_cl_5_data.mat"
    names = {"mouse": "RGC_noise", "frames": "DN_stim", "gray_range": [0, 1], "frame_onsets_s": "DN_triggertimes"}
    names |= {"spike_times_s": "DN_spiketimes", "scene_frames": 100, "presentation_tier": ["train"] * 12 + ["test"] * 3}
    (found,) = read_recordings(path, names=names, axes={"frames": ORDER})
    assert any("last 11 frames have no onset" in note for note in found.notes)
    (plain,) = read_recordings(write_noise(shared_data, tmp_path / "same.npz"))
    assert len(found.presentations) == len(plain.presentations) == 15
    for one, other in zip(found.presentations, plain.presentations, strict=True):
        assert (one.start_s, one.frame_onsets_s[:89]) == (other.start_s, other.frame_onsets_s[:89])
        assert one.stop_s == pytest.approx(other.stop_s, abs=0.01)
        frames = [scene_frames(r.scenes[p.scene], (20, 15)) for r, p in ((found, one), (plain, other))]
        np.testing.assert_array_equal(frames[0][: len(frames[1])], frames[1])
    np.testing.assert_array_equal(found.spike_times_s[0], loadmat(path)["DN_spiketimes"].ravel())
    whole = names | {"presentation_tier": "train"}
    del whole["scene_frames"]
    (one,) = read_recordings(path, names=whole, axes={"frames": ORDER})[0].presentations
    assert (len(one.frame_onsets_s), int(np.isnan(one.frame_onsets_s).sum())) == (1500, 11)


FAULTS = {
    "no frames": (
        {"frames": "sitm"},
        {},
        r"no array of frames 'sitm', it holds .*stim[./]pixels \(16, 32, 270\) uint8",
    ),
    "no variable": (
        {"presentation_s": "tt"},
        {},
        r"no variable 'tt' for presentation_s, it holds .*trials[./]t \(9, 2\)",
    ),
    "no tier": (
        {"presentation_tier": None},
        {"frames": ORDER},
        "lacks presentation_tier, it holds animal .* -o names=",
    ),
    "a struct": ({"spike_times_s": "units"}, {}, r"no variable 'units' for spike_times_s, it holds .*units[./]st"),
    "unknown array": ({"spikes": "units.st"}, {}, "option names names 'spikes'.*did you mean"),
    "unknown axis": (
        {},
        {"frames": ["y", "x", "time"]},
        r"shape \(16, 32, 270\) and axes \['y'.*say which axis is which",
    ),
    "axes untold": ({}, {}, r"shape \(16, 32, 270\) and axes \[\].*-o axes='\{frames: \[height, width, time\]\}'"),
    "an axis twice": ({}, {"frames": ["time", "time", "width"]}, "say which axis is which"),
    "axes of another": ({}, {"counts": ["unit", "bin"]}, "option axes names 'counts'"),
    "half of the trains": ({"units": [1, 2]}, {"frames": ORDER}, "spike_times_s has shape"),
    "one number for two": ({"presentation_s": 3.0}, {"frames": ORDER}, "presentation_s"),
    "a cell of words": (
        {"spike_times_s": "what_for"},
        {"frames": ORDER},
        "spike_times_s is of shape .*expected numbers",
    ),
    "a list in a list": ({"scene_frames": [[1], [2, 3]]}, {"frames": ORDER}, "expected a variable, number, word"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_missing_or_odd_is_refused_by_name(write, arrays, fault):
    names, axes, words = FAULTS[fault]
    variables, options, _ = as_a_lab_has_it(arrays)
    with pytest.raises(RecordingError, match=words) as caught:
        read_recordings(write(variables), names=options["names"] | names, axes=axes)
    assert "\n" not in str(caught.value)


def test_what_a_file_holds_is_told_up_to_twenty(write):
    with pytest.raises(RecordingError, match=r"it holds v000 .*v019 \(1, 1\) double and 80 more|v019 \(\) float64 and"):
        read_recordings(write({f"v{n:03d}": 1.0 for n in range(100)}))


def test_objects_of_matlab_are_not_read(tmp_path, arrays):
    variables, options, _ = as_a_lab_has_it(arrays)
    path = write_5(tmp_path / "a.mat", variables | {"strange": np.array([[1 + 2j]])})
    options["names"]["frame_rate_hz"] = "strange"
    with pytest.raises(RecordingError, match="'strange' is of type ndarray complex128"):
        read_recordings(path, **options)


@pytest.mark.parametrize("nested", [True, False])
def test_a_huge_array_is_refused_by_its_head(tmp_path, nested):
    huge = np.zeros((600, 600, 300), np.uint8)
    savemat(tmp_path / "a.mat", {"x": {"y": huge}} if nested else {"frames": huge}, do_compression=True)
    with pytest.raises(RecordingError, match=r"beyond the bound mat\.unpacked"):
        read_recordings(tmp_path / "a.mat", axes={"frames": ORDER})
