import pytest

from dlgn_cnn.data.readers import READERS, read_recordings
from dlgn_cnn.errors import ConfigError, RecordingError
from tests.factories import write_recording


def test_the_file_itself_can_be_named_and_the_reader_too(tmp_path):
    write_recording(tmp_path)
    by_file = read_recordings(tmp_path / "responses.pkl")
    by_name = read_recordings(tmp_path, reader="lab")
    assert by_file[0].presentations == by_name[0].presentations
    assert "lab" in READERS.names()


def test_a_folder_of_something_else_is_not_recognized(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(RecordingError, match=r"recognized by no reader.*lab"):
        read_recordings(tmp_path)
    with pytest.raises(RecordingError, match="does not exist"):
        read_recordings(tmp_path / "nowhere")


def test_two_frames_in_one_folder_are_ambiguous(tmp_path):
    write_recording(tmp_path)
    write_recording(tmp_path, parquet=True)
    with pytest.raises(RecordingError, match="both"):
        read_recordings(tmp_path)


def test_unknown_readers_and_options_list_the_choices(tmp_path):
    write_recording(tmp_path)
    with pytest.raises(ConfigError, match="choose from deeplake, lab, npz, nwb, sensorium"):
        read_recordings(tmp_path, reader="nwbb")
    with pytest.raises(ConfigError, match="spikes_outside"):
        read_recordings(tmp_path, spikes_outsid="drop")
    with pytest.raises(ConfigError, match="'error' or 'drop'"):
        read_recordings(tmp_path, spikes_outside="keep")


def test_progress_counts_scene_files(tmp_path):
    seen = []
    read_recordings(write_recording(tmp_path), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
