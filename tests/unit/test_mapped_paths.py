"""Paths of recordings that hosts have under different folders."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import ConfigError, MissingFile
from schemas import Settings
from schemas.connection.mapped_paths import on_this_host, read_paths

names = st.text("abλ .-=", min_size=1, max_size=4).filter(lambda name: set(name) - set(" .=") and name == name.strip())
folders = st.lists(names.filter(lambda name: "=" not in name), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.dictionaries(folders, folders, max_size=4), folders, st.lists(names, max_size=2))
def test_the_longest_folder_of_whole_names_decides_and_is_replaced_once(pairs, folder, below):
    stored = "/".join([folder, *below])
    found = on_this_host(stored, read_paths(",".join(f"{old}={new}" for old, new in pairs.items())))
    parts = stored.split("/")
    longest = next((n for n in range(len(parts), 1, -1) if "/".join(parts[:n]) in pairs), 0)
    expected = "/".join([pairs["/".join(parts[:longest])], *parts[longest:]]) if longest else stored
    assert str(found) == expected


@pytest.mark.parametrize("text", ["/mnt/lab", "mnt=/data", "/mnt=data", "/mnt=", "=/data", "/a=/b=/c", "/a=/b,/a/=/c"])
def test_another_form_is_refused(text):
    with pytest.raises(ConfigError, match="DLGN_PATHS"):
        Settings.from_environment({"DLGN_PATHS": text})


def test_slashes_and_spaces_around_do_not_matter():
    settings = Settings.from_environment({"DLGN_PATHS": " /mnt/lab/ = /data/lab/ , /mnt=/other, "})
    assert settings.here("/mnt/lab/a/b.avi") == Path("/data/lab/a/b.avi")
    assert settings.here("/mnt/lab") == Path("/data/lab")
    assert settings.here("/mnt/labs/b.avi") == Path("/other/labs/b.avi")
    assert settings.here("/home/x") == Path("/home/x")


def test_the_error_of_a_missing_file_names_both_paths_the_host_and_both_remedies(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "gpu7")
    file = SceneFile(tmp_path / "a.avi", "", 1, 60.0, 8, 8, stored="/mnt/lab/a.avi")
    with pytest.raises(MissingFile) as caught:
        scene_frames(file, (8, 8))
    for word in ("/mnt/lab/a.avi", str(tmp_path / "a.avi"), "host gpu7", "dlgn ingest", "DLGN_PATHS"):
        assert word in str(caught.value)
