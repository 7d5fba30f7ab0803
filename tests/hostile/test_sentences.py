"""Every error is one sentence on one line, whatever the input that it quotes."""

import io
import pickle
import zipfile

import av
import numpy as np
import pytest

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.errors import LONGEST, ConfigError, DlgnError, RecordingError, within
from dlgn_cnn.storage.rights import raise_if_forbidden
from tests.factories import responses_frame, write_recording
from tests.layouts import npz_arrays


@pytest.mark.parametrize(
    "said", ["a\nb", "a\r\n  b", "a\u2028b", "a\x1b[2Jb", "a\0b", "a\ud800b", "a\u202eb", "x" * 10**6]
)
def test_what_an_error_quotes_neither_breaks_its_line_nor_reaches_the_terminal(said):
    with pytest.raises(ConfigError) as caught, within(said):
        raise ConfigError(f"given {said}: expected another")
    for text in (str(DlgnError(f"{said}: do this")), str(caught.value)):
        assert text.isprintable()
        assert len(text.splitlines()) == 1
        assert len(text) < LONGEST + 10
        assert text.endswith((": do this", ": expected another"))
    assert str(pickle.loads(pickle.dumps(caught.value))).isprintable()


def test_words_of_all_languages_and_spaces_stay_as_they_are():
    said = "mouse 'Mäuschen  鼠' at /a  b: expected another"
    assert str(RecordingError(said)) == said


def test_a_member_of_an_archive_that_is_no_array_is_named(tmp_path):
    (recording,) = read_recordings(write_recording(tmp_path / "lab", responses_frame()))
    with zipfile.ZipFile(tmp_path / "one.npz", "w") as file:
        for name, array in npz_arrays(recording).items():
            content = io.BytesIO()
            np.save(content, array)
            file.writestr(f"{name}.npy", b"no array" if name == "units" else content.getvalue())
    with pytest.raises(RecordingError, match=r"units is not a plain \.npy array: write the file"):
        read_recordings(tmp_path / "one.npz")


def test_a_damaged_video_is_not_one_that_may_not_be_read(tmp_path):
    """FFmpeg says "permission denied" of some damage, by an error of its own."""
    (tmp_path / "film.asf").write_bytes(b"")
    raise_if_forbidden(av.error.PermissionError(13, "Permission denied", "film.asf"), tmp_path / "film.asf")
    with pytest.raises(PermissionError):
        raise_if_forbidden(PermissionError(13, "Permission denied", "film.asf"), tmp_path / "film.asf")
