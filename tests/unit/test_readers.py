from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.readers import READERS, read_recordings
from dlgn_cnn.data.readers.shared.arrays import load_array
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


def test_a_reader_that_finds_no_session_says_so(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(RecordingError, match="holds no session that the reader experanto finds"):
        read_recordings(tmp_path, reader="experanto")


def test_two_frames_in_one_folder_are_ambiguous(tmp_path):
    write_recording(tmp_path)
    write_recording(tmp_path, parquet=True)
    with pytest.raises(RecordingError, match="both"):
        read_recordings(tmp_path)


def test_unknown_readers_and_options_list_the_choices(tmp_path):
    write_recording(tmp_path)
    with pytest.raises(
        ConfigError, match="choose from alf, deeplake, experanto, hdf5, lab, mat, npz, nwb, phy, sensorium"
    ):
        read_recordings(tmp_path, reader="nwbb")
    with pytest.raises(ConfigError, match="spikes_outside"):
        read_recordings(tmp_path, spikes_outsid="drop")
    with pytest.raises(ConfigError, match="'error' or 'drop'"):
        read_recordings(tmp_path, spikes_outside="keep")


def test_progress_counts_scene_files(tmp_path):
    seen = []
    read_recordings(write_recording(tmp_path), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@given(
    code=st.integers(0x110000, 2**32 - 1),
    place=st.integers(0, 5),
    order=st.sampled_from("<>"),
    kind=st.sampled_from(["text", "truth values"]),
)
def test_bytes_that_are_no_values_of_their_type_are_refused(code, place, order, kind):
    """numpy takes them on trust, and Python's own text then fails with an error that is no sentence."""
    raw = np.full(6, ord("a"), f"{order}u4") if kind == "text" else np.ones(6, np.uint8)
    raw[place] = code if kind == "text" else 2 + code % 254
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tiers.npy"
        np.save(path, raw.view(f"{order}U2" if kind == "text" else bool))
        with pytest.raises(RecordingError, match="its bytes are not values of"):
            load_array(path)
