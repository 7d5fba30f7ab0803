"""Allen's Neuropixels files: a row a frame, areas by channel, pixels apart."""

import itertools

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.nwb.allen import fold
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import write_lossless
from dlgn_cnn.errors import DlgnError, RecordingError
from tests.allen import IMAGES, LEFT_OUT, MOVIE, RATE, UNITS, allen_file, movie_rows, write_allen

BOTH = {"natural_movie_one": "natural_movie_one.npy", "natural_scenes": "natural_scenes.npy"}
ONE = {"natural_movie_one": "natural_movie_one.npy"}
GOOD = {unit for unit, (_, _, label, _) in UNITS.items() if label == "good"}


def test_rows_of_frames_become_clips_with_measured_onsets(tmp_path):
    (found,) = read_recordings(write_allen(tmp_path), movies=ONE, clip_s=0.5)
    assert str(found.session) == "744912845_s01_e01"
    assert len(found.scenes) == 4
    assert len(found.presentations) == 16
    for one in found.presentations:
        first = 15 * one.scene.scene
        repeat = one.trial // 4
        frames = scene_frames(found.scenes[one.scene], (16, 32))
        np.testing.assert_array_equal(frames, MOVIE[first : first + 15])
        start = 1.0 + 2 * repeat + (4 if repeat > 1 else 0)
        onsets = start + np.arange(first, first + 15) / RATE
        dropped = (repeat, first // 15) == (LEFT_OUT[0], LEFT_OUT[1] // 15)
        expected = [np.nan if dropped and first + n == LEFT_OUT[1] else onset for n, onset in enumerate(onsets)]
        np.testing.assert_allclose(one.frame_onsets_s, expected)
        assert one.tier == ("test" if one.scene.scene == 3 else "train")
        assert one.stop_s == pytest.approx(start + (first + 15) / RATE)
    assert any("natural_movie_one: 239 rows show 4 clips of 15 frames" in note for note in found.notes)
    assert any("natural_scenes: left out" in note for note in found.notes)


def test_a_movie_file_shows_what_an_array_shows(tmp_path):
    path = write_allen(tmp_path)
    write_lossless(tmp_path / "one.avi", MOVIE, RATE)
    (arrays,) = read_recordings(path, movies=ONE, clip_s=0.5)
    (movies,) = read_recordings(path, movies={"natural_movie_one": "one.avi"}, clip_s=0.5)
    assert [file.sha256 for file in movies.scenes.values()] == [file.sha256 for file in arrays.scenes.values()]
    assert repr(movies.presentations) == repr(arrays.presentations)


def test_rows_in_no_order_are_images_and_gray_screens_are_none(tmp_path):
    (found,) = read_recordings(write_allen(tmp_path), movies={"natural_scenes": "natural_scenes.npy"}, test_share=0.3)
    assert [one.scene.scene for one in found.presentations] == [3, 0, 5, 1, 4, 2, 0, 5, 2, 3, 4, 1]
    for one in found.presentations:
        np.testing.assert_array_equal(scene_frames(found.scenes[one.scene], (16, 32))[0], IMAGES[one.scene.scene])
        assert one.frame_onsets_s == (one.start_s,)
        assert one.stop_s - one.start_s == pytest.approx(0.25)
        assert one.tier == ("test" if one.scene.scene > 3 else "train")


def test_it_becomes_a_dataset(tmp_path):
    (found,) = read_recordings(write_allen(tmp_path), movies=BOTH, clip_s=0.5)
    (data,) = build_sessions([found], DatasetSpec((str(found.session),), size_px=(16, 32))).values()
    assert [trial.responses.shape[1] for trial in data.trials] == [30] * 16 + [15] * 12
    np.testing.assert_array_equal(data.trials[0].videos, MOVIE[:15].repeat(2, axis=0))
    late = next(trial for trial in data.trials if trial.trial == 5)  # frame 17 was dropped: 16 stays
    np.testing.assert_array_equal(late.videos[2:6], MOVIE[[16, 16, 16, 16]])
    total = sum(trial.responses.sum() for trial in data.trials)
    shown = [(one.start_s, one.stop_s) for one in found.presentations]
    times = np.concatenate([*found.spike_times_s.values()])
    assert total == sum(np.sum((times >= start) & (times < stop)) for start, stop in shown)


def test_without_pixels_the_stimuli_are_named(tmp_path):
    with pytest.raises(RecordingError, match=r"natural_movie_one \(239 rows\), natural_scenes \(14 rows\).*movies="):
        read_recordings(write_allen(tmp_path))


WRONG = {
    "another stimulus": ({"movies": {"natural_movie_two": "a.npy"}}, "no table of frames of 'natural_movie_two'"),
    "a file outside": ({"movies": {"natural_movie_one": "../a.npy"}}, "outside the recording's folder"),
    "no file": ({"movies": {"natural_movie_one": "a.npy"}}, r"a\.npy is missing"),
    "fewer frames": ({"movies": {"natural_movie_one": "natural_scenes.npy"}}, r"natural_scenes\.npy has 6 frames"),
    "no clip": ({"movies": ONE, "clip_s": 0}, "clip_s"),
    "no share": ({"movies": ONE, "test_share": 2}, "test_share"),
    "another area": ({"movies": ONE, "area": "LP"}, "units are of LGd 4, VISp 1, unknown 1"),
    "another quality": ({"movies": ONE, "quality": "best"}, "option quality is 'best'"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused(tmp_path, wrong):
    options, words = WRONG[wrong]
    with pytest.raises(DlgnError, match=words):
        read_recordings(write_allen(tmp_path), **options)


@pytest.mark.parametrize(
    ("value", "words"), [(b"half", "could not convert.*'half'"), (b"0.5", "expected a whole number")]
)
def test_a_frame_that_is_no_number_is_named(tmp_path, value, words):
    path = write_allen(tmp_path)
    with h5py.File(path, "r+") as file:
        table = file["intervals/natural_movie_one_presentations"]
        attributes, frames = dict(table["frame"].attrs), [b"%.1f" % one for one in table["frame"][:]]
        frames[3] = value
        del table["frame"]
        table.create_dataset("frame", data=frames, dtype=h5py.string_dtype()).attrs.update(attributes)
    with pytest.raises(RecordingError, match=f"natural_movie_one_presentations: frame.*{words}"):
        read_recordings(path, movies=ONE)


def test_frames_as_text_read_as_numbers_and_na_is_none(tmp_path):
    path = write_allen(tmp_path)
    (expected,) = read_recordings(path, movies=ONE, clip_s=0.5)
    with h5py.File(path, "r+") as file:
        table = file["intervals/natural_movie_one_presentations"]
        attributes, frames = dict(table["frame"].attrs), [b"%.1f" % one for one in table["frame"][:]]
        del table["frame"]
        frames[70] = b"N/A"
        table.create_dataset("frame", data=frames, dtype=h5py.string_dtype()).attrs.update(attributes)
    (found,) = read_recordings(path, movies=ONE, clip_s=0.5)
    dropped = [np.isnan(one.frame_onsets_s).sum() for one in found.presentations]
    assert sum(dropped) == sum(np.isnan(one.frame_onsets_s).sum() for one in expected.presentations) + 1


AREAS = {None: GOOD, "LGd": {950910352, 950910364, 950910404}, "LGd-sh": {950910404}, "unknown": {950910410}}


@pytest.mark.parametrize("area", AREAS)
def test_units_are_kept_by_the_area_of_their_channel(tmp_path, area):
    (found,) = read_recordings(write_allen(tmp_path), movies=ONE, area=area)
    assert set(found.units) == AREAS[area]
    assert any("1 of 6 units are left out: their quality is noise" in note for note in found.notes)
    assert any(f"they are not of {area}" in note for note in found.notes) == (area is not None)


@pytest.mark.parametrize(("quality", "kept"), [("good", GOOD), ("any", set(UNITS)), ("allensdk", GOOD - {950910364})])
def test_units_are_kept_by_their_quality(tmp_path, quality, kept):
    (found,) = read_recordings(write_allen(tmp_path), movies=ONE, quality=quality)
    assert set(found.units) == kept


def test_times_that_are_invalid_for_a_probe_concern_its_units_alone(tmp_path):
    file = allen_file()
    file.add_invalid_time_interval(start_time=2.0, stop_time=2.2, tags=["EcephysProbe", "810755797", "probeA"])
    file.add_invalid_time_interval(start_time=27.0, stop_time=28.0, tags=["EcephysProbe", "810755798", "probeB"])
    file.add_invalid_time_interval(start_time=3.5, stop_time=3.6, tags=["EcephysSession", "766640955", "stimulus"])
    (found,) = read_recordings(write_allen(tmp_path, file), movies=ONE, clip_s=0.5)
    assert set(found.units) == {950910371, 950910404, 950910410}
    assert len(found.presentations) == 15
    assert any("3 of 6 units are left out: their probe is invalid from 2 to 2.2 s" in note for note in found.notes)


def test_no_unit_left_is_refused_with_the_reasons(tmp_path):
    file = allen_file()
    file.add_invalid_time_interval(start_time=2.0, stop_time=2.2, tags=["EcephysProbe", "1", "probeB"])
    path = write_allen(tmp_path, file)
    with pytest.raises(RecordingError, match=r"no unit is left.*quality is noise.*not of VISp"):
        read_recordings(path, movies=ONE, area="VISp")


@pytest.mark.parametrize("filtered", [True, False])
def test_eye_running_and_light_are_found_where_allen_keeps_them(tmp_path, filtered):
    (found,) = read_recordings(write_allen(tmp_path, allen_file(filtered)), movies=ONE)
    assert set(found.signals) == {"running", "pupil_size", "pupil_x", "pupil_y"}
    assert set(found.signals["pupil_x"].values) == {5.0}
    assert set(found.signals["pupil_y"].values) == {-2.0}
    size = found.signals["pupil_size"].values
    np.testing.assert_allclose(size[100:], 1.0 if filtered else np.pi * 3 * 2, rtol=1e-6)
    assert np.isnan(size[:50]).all() == filtered
    assert found.opto_epochs_s.tolist() == [[24.0, 24.5], [25.0, 25.5]]
    assert any("in volts, not mW" in note for note in found.notes)


repeats_drawn = st.lists(st.tuples(st.sets(st.integers(0, 39), min_size=1), st.integers(0, 2)), min_size=1, max_size=12)


@given(repeats_drawn, st.integers(1, 50))
def test_every_row_is_in_exactly_one_presentation_whose_frames_rise(drawn, length):
    frames = np.concatenate([sorted(own) for own, _ in drawn])
    blocks = np.concatenate([np.full(len(own), block) for own, block in drawn])
    clips = frames // length
    folded = fold(frames, blocks, clips)
    assert np.concatenate(folded).tolist() == list(range(len(frames)))
    for rows in folded:
        assert np.all(np.diff(frames[rows]) > 0)
        assert len(set(blocks[rows])) == len(set(clips[rows])) == 1
    for before, after in itertools.pairwise(folded):
        last, first = before[-1], after[0]
        assert frames[first] <= frames[last] or blocks[first] != blocks[last] or clips[first] != clips[last]


def test_a_movie_that_does_not_divide_into_clips_loses_no_frame(tmp_path):
    path = write_allen(tmp_path)
    for clip_s, lengths in ((0.7, [21, 21, 18]), (0.8, [24, 36]), (9.0, [60])):
        (found,) = read_recordings(path, movies=ONE, clip_s=clip_s)
        assert [file.frames for file in found.scenes.values()] == lengths
        seen = sum(np.isfinite(one.frame_onsets_s).sum() for one in found.presentations)
        assert seen == len(movie_rows())
