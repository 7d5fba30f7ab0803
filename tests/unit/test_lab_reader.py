import os
import re

import numpy as np
import pandas as pd
import pytest

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SceneKey, SessionKey
from dlgn_cnn.errors import RecordingError
from tests.factories import SCENE_NAME, change, responses_frame, write_recording, write_scene


def read(folder, frame, **options):
    return read_recordings(write_recording(folder, frame), **options)


def refused(tmp_path, frame, words, **options):
    with pytest.raises(RecordingError, match=words) as error:
        read(tmp_path, frame, **options)
    return str(error.value)


@pytest.mark.parametrize("parquet", [False, True], ids=["pickle", "parquet"])
def test_a_recording_is_read_as_it_was_written(tmp_path, parquet):
    frame = responses_frame()
    (found,) = read_recordings(write_recording(tmp_path, frame, parquet=parquet))
    assert found.session == SessionKey("Ntsr1Cre_2019_0007", 3, 7)
    assert found.units == (1, 2)
    assert [(p.start_s, p.stop_s, p.tier) for p in found.presentations] == [
        (0.0, 1.0, "train"),
        (2.0, 3.0, "train"),
        (4.0, 5.0, "test"),
    ]
    for unit in found.units:
        written = np.concatenate([*frame.loc[frame["u"] == unit, "spike_times"]])
        np.testing.assert_array_equal(found.spike_times_s[unit], written)
    np.testing.assert_array_equal(found.opto_epochs_s, [[0.25, 0.5], [2.25, 2.5], [4.25, 4.5]])
    np.testing.assert_allclose(found.signals["running"].times_s[:3], [0.05, 0.15, 0.25])
    np.testing.assert_allclose(found.signals["running"].values[10:20], frame["run"][2], rtol=1e-6)


def test_scenes_are_found_by_name_and_numbered_from_zero(tmp_path):
    (found,) = read(tmp_path, None)
    assert set(found.scenes) == {SceneKey("hmovTrain_v3", scene) for scene in range(3)}
    file = found.scenes[SceneKey("hmovTrain_v3", 1)]
    assert file.path.name == SCENE_NAME.format(2)
    assert (file.frames, file.rate_hz, file.width_px, file.height_px) == (30, 30.0, 32, 16)
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_another_movie_and_size_are_taken_from_the_name(tmp_path):
    write_recording(tmp_path)
    for scene in (1, 2, 3):
        old = tmp_path / "scenes" / SCENE_NAME.format(scene)
        old.rename(tmp_path / "scenes" / f"night_walk_2_640x480_scene-{scene:03d}.avi")
    (found,) = read_recordings(tmp_path)
    assert {key.movie for key in found.scenes} == {"night_walk_2"}


def test_two_sessions_of_one_frame_are_two_recordings(tmp_path):
    both = pd.concat([responses_frame().assign(e=9), responses_frame(units=3)], ignore_index=True)
    first, second = read(tmp_path, both)
    assert (first.session.experiment, second.session.experiment) == (7, 9)
    assert (len(first.units), len(second.units)) == (3, 2)


def test_one_scene_at_another_time_is_a_repeat(tmp_path):
    again = responses_frame(scenes=1)
    again["trange"] = [[10.0, 11.0]] * 2
    again["spike_times"] = again["spike_times"] + 10
    again["opto_tranges"] = [[]] * 2
    (found,) = read(tmp_path, pd.concat([responses_frame(), again.assign(train_vs_test="train")], ignore_index=True))
    assert [p.scene.scene for p in found.presentations] == [0, 1, 2, 0]
    assert found.presentations[3].start_s == 10.0


def test_rows_may_come_in_any_order(tmp_path):
    frame = responses_frame(units=3)
    (found,) = read(tmp_path / "a", frame)
    (shuffled,) = read(tmp_path / "b", frame.sample(frac=1, random_state=0))
    assert found.presentations == shuffled.presentations
    for unit in found.units:
        np.testing.assert_array_equal(found.spike_times_s[unit], shuffled.spike_times_s[unit])


@pytest.mark.parametrize("mouse", ["Mäuschen_2019_0007", "鼠_01", "Ntsr1-Cre.7"])
def test_a_mouse_may_have_a_name_in_any_script(tmp_path, mouse):
    (found,) = read(tmp_path, responses_frame(mouse=mouse))
    assert found.session.mouse == mouse


def test_a_mouse_whose_name_would_be_a_path_is_refused(tmp_path):
    refused(tmp_path, responses_frame(mouse="../mouse"), "mouse '../mouse'")


def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    refused(tmp_path, change(responses_frame(), 2, "spike_times", Hostile()), "system")
    assert not (tmp_path / "ran").exists()


def test_a_missing_scene_is_named(tmp_path):
    write_recording(tmp_path)
    (tmp_path / "scenes" / SCENE_NAME.format(2)).unlink()
    with pytest.raises(RecordingError, match=r"scene_id 1 .*scene-002"):
        read_recordings(tmp_path)


def test_two_files_for_one_scene_are_ambiguous(tmp_path):
    write_recording(tmp_path)
    write_scene(tmp_path / "scenes" / "other_32x16_scene-001.avi", np.zeros((3, 16, 32), np.uint8), 30)
    with pytest.raises(RecordingError, match="more than one file"):
        read_recordings(tmp_path)


def test_a_damaged_scene_is_named(tmp_path):
    write_recording(tmp_path)
    (tmp_path / "scenes" / SCENE_NAME.format(3)).write_bytes(b"")
    with pytest.raises(RecordingError, match="scene-003"):
        read_recordings(tmp_path)


def test_a_unit_without_spikes_is_kept(tmp_path):
    frame = responses_frame()
    for row in np.flatnonzero(frame["u"] == 2):
        frame = change(frame, int(row), "spike_times", [])
    (found,) = read(tmp_path, frame)
    assert found.units == (1, 2)
    assert found.spike_times_s[2].shape == (0,)


def test_a_trange_that_ends_before_it_starts_is_refused(tmp_path):
    frame = responses_frame(units=1)
    refused(tmp_path, change(frame, 1, "trange", [3.0, 2.0]), r"scene 1: trange \[3.0, 2.0\] s does not start before")


@pytest.mark.parametrize("bad", [[1.0], [1.0, 2.0, 3.0], None, "0-1", [0.0, float("nan")], [[0.0, 1.0]]])
def test_a_trange_of_another_form_is_refused(tmp_path, bad):
    refused(tmp_path, change(responses_frame(), 4, "trange", bad), "trange of row 4")


def test_a_spike_outside_every_presentation_is_an_error_or_dropped_by_choice(tmp_path):
    frame = responses_frame()
    frame = change(frame, 3, "spike_times", [*frame["spike_times"][3], 99.5])
    words = refused(tmp_path / "a", frame, "lies outside")
    assert "unit 2" in words
    assert "scene_id 1" in words
    assert "99.5" in words
    (found,) = read(tmp_path / "b", frame, spikes_outside="drop")
    assert len(found.spike_times_s[2]) == 15
    assert found.spike_times_s[2].max() < 6


def test_spikes_at_the_edges_are_inside(tmp_path):
    (found,) = read(tmp_path, change(responses_frame(), 2, "spike_times", [2.0, 3.0]))
    assert {2.0, 3.0} <= set(found.spike_times_s[1])


@pytest.mark.parametrize("bad", ["0.1", ["0.1", "0.2"], None, [[2.1], [2.2]], [True, False], [2.1, None], 2.5])
def test_spike_times_that_are_no_numbers_are_refused(tmp_path, bad):
    refused(tmp_path, change(responses_frame(), 2, "spike_times", bad), "spike_times of row 2")


def test_nan_among_spikes_is_refused_even_when_dropping(tmp_path):
    frame = change(responses_frame(), 2, "spike_times", [2.1, float("nan")])
    refused(tmp_path, frame, "spike", spikes_outside="drop")


def test_nan_in_pupil_is_kept_as_missing(tmp_path):
    size = np.array([1.0, np.nan, 1.2, 1.3])
    frame = responses_frame(units=1)
    for row in range(3):
        frame = change(frame, row, "pupil_size", size)
    (found,) = read(tmp_path, frame)
    np.testing.assert_array_equal(np.isnan(found.signals["pupil_size"].values), [False, True, False, False] * 3)
    np.testing.assert_allclose(found.signals["pupil_size"].times_s[:4], [0.125, 0.375, 0.625, 0.875])


def test_absent_behavior_is_absent(tmp_path):
    (found,) = read(tmp_path, responses_frame().drop(columns=["run", "pupil_x"]))
    assert set(found.signals) == {"pupil_size", "pupil_y"}


def test_behavior_of_one_session_only_is_no_fault_of_the_other(tmp_path):
    both = pd.concat([responses_frame(), responses_frame().assign(e=9).drop(columns="pupil_size")], ignore_index=True)
    first, second = read(tmp_path, both)
    assert "pupil_size" in first.signals
    assert "pupil_size" not in second.signals


def test_units_that_disagree_about_samples_are_refused(tmp_path):
    refused(tmp_path, change(responses_frame(), 3, "run", np.zeros(9)), r"run of scene_id 1 .*\[9, 10\] samples")


def test_two_rows_for_one_unit_and_scene_are_refused(tmp_path):
    frame = responses_frame()
    twice = pd.concat([frame, frame.iloc[[3]]], ignore_index=True)
    refused(tmp_path, twice, r"unit 2 has two rows for scene_id 1 at trange \[2.0, 3.0\]")


def test_a_unit_without_a_row_for_a_presentation_is_refused(tmp_path):
    refused(tmp_path, responses_frame().drop(index=3), "unit 2 has no row for scene_id 1")


def test_missing_columns_and_those_found_are_listed(tmp_path):
    words = refused(tmp_path, responses_frame().drop(columns=["trange", "u"]), "lacks the columns")
    assert "['u', 'trange']" in words
    assert "spike_times" in words


@pytest.mark.parametrize(
    ("column", "bad"), [("u", "one"), ("u", 1.5), ("scene_id", None), ("s", True), ("m", 7), ("train_vs_test", None)]
)
def test_keys_of_the_wrong_type_are_refused(tmp_path, column, bad):
    refused(tmp_path, change(responses_frame(), 1, column, bad), f"column '{column}', row 1")


def test_whole_numbers_stored_as_floats_are_keys(tmp_path):
    (found,) = read(tmp_path, responses_frame().astype({"u": float, "s": float}))
    assert found.units == (1, 2)


def test_a_negative_scene_is_refused(tmp_path):
    refused(tmp_path, responses_frame().assign(scene_id=[0, 0, -1, -1, 2, 2]), "count from 0")


def test_another_tier_is_refused(tmp_path):
    frame = responses_frame()
    refused(tmp_path / "a", frame.assign(train_vs_test="validation"), "tier 'validation'")
    refused(tmp_path / "b", change(frame, 1, "train_vs_test", "test"), "train_vs_test of scene_id 0")


def test_light_is_the_union_over_rows(tmp_path):
    frame = change(responses_frame(), 1, "opto_tranges", [[0.4, 0.7], [0.1, 0.2]])
    frame = change(frame, 2, "opto_tranges", [])
    (found,) = read(tmp_path, frame)
    np.testing.assert_array_equal(found.opto_epochs_s[:2], [[0.1, 0.2], [0.25, 0.7]])


def test_no_light_at_all_is_legal(tmp_path):
    (found,) = read(tmp_path, responses_frame().assign(opto_tranges=[[]] * 6))
    assert found.opto_epochs_s.shape == (0, 2)


@pytest.mark.parametrize("bad", [[[0.5, 0.2]], [[0.5, float("nan")]], [0.1, 0.2], None, "on", [[0.1]], [["0", "1"]]])
def test_light_of_another_form_is_refused(tmp_path, bad):
    refused(tmp_path, change(responses_frame(), 1, "opto_tranges", bad), "opto_tranges of row 1")


def test_scenes_that_overlap_in_time_are_refused(tmp_path):
    frame = responses_frame(units=1)
    frame = change(frame, 1, "trange", [0.5, 3.0])
    refused(tmp_path, frame, "two scenes cannot be on the screen at once")


def test_psth_and_other_columns_are_ignored(tmp_path):
    plain = read(tmp_path / "a", responses_frame())[0]
    more = read(tmp_path / "b", responses_frame().assign(psth=[np.ones(1000)] * 6, note="x"))[0]
    assert plain.presentations == more.presentations


def test_a_parquet_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "responses.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(RecordingError, match="not a Parquet file"):
        read_recordings(tmp_path)


def test_a_half_of_a_surrogate_pair_is_no_text(tmp_path):
    frame = responses_frame()
    frame["train_vs_test"] = frame["train_vs_test"].astype(object)
    frame.at[frame.index[3], "train_vs_test"] = "\ud800"
    with pytest.raises(RecordingError, match=r"row 3 is '.*ud800' \(str\), expected text"):
        read_recordings(write_recording(tmp_path, frame))


def test_a_signal_of_a_single_number_is_refused(tmp_path):
    frame = responses_frame()
    frame["run"] = [np.array(3)] * len(frame)
    with pytest.raises(RecordingError, match=r"run of scene_id 0 .* expected a 1-D array of numbers"):
        read_recordings(write_recording(tmp_path, frame))
