"""What is written is there whole or not at all, whatever ends the writer."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dlgn_cnn.storage import atomic


def test_a_file_and_a_folder_appear_when_the_block_ends(tmp_path):
    with atomic.whole_file(tmp_path / "new" / "file") as file:
        file.write_text("whole")
        assert not (tmp_path / "new" / "file").exists()
    with atomic.whole_folder(tmp_path / "new" / "folder") as folder:
        (folder / "one").write_text("1")
        assert not (tmp_path / "new" / "folder").exists()
    assert (tmp_path / "new" / "file").read_text() == "whole"
    assert os.listdir(tmp_path / "new" / "folder") == ["one"]
    assert sorted(os.listdir(tmp_path / "new")) == ["file", "folder"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_was_there_stays_where_the_block_fails(tmp_path, error):
    atomic.write_text(tmp_path / "file", "before: é")
    for whole in (atomic.whole_file(tmp_path / "file"), atomic.whole_folder(tmp_path / "folder")):
        with pytest.raises(error), whole:
            raise error
    assert (tmp_path / "file").read_bytes() == "before: é".encode()
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_takes_the_place_of_an_empty_one_and_of_no_other(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("one", "two"):
        try:
            with atomic.whole_folder(tmp_path / "folder") as folder:
                (folder / name).touch()
        except OSError:
            assert name == "two"
    assert os.listdir(tmp_path / "folder") == ["one"]
    assert os.listdir(tmp_path) == ["folder"]


def test_a_killed_writer_leaves_the_file_of_before_and_a_hidden_one(tmp_path):
    atomic.write_bytes(tmp_path / "file", b"before")
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom dlgn_cnn.storage.atomic import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as file:\n"
        "    file.write_bytes(b'half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "file")], cwd=root)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "file").read_bytes() == b"before"
    (left,) = tmp_path.glob(".file-*.tmp")
    assert left.read_bytes() == b"half"


def test_durable_bytes_are_on_the_disk_before_they_get_their_name(tmp_path, monkeypatch):
    seen = []

    def synced(handle: int) -> None:
        seen.append((os.fstat(handle).st_size, (tmp_path / "file").exists()))

    monkeypatch.setattr(os, "fsync", synced)
    atomic.write_bytes(tmp_path / "plain", b"bytes")
    assert seen == []
    atomic.write_bytes(tmp_path / "file", b"bytes", durable=True)
    assert seen == [(5, False)]


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    (tmp_path / "folder").mkdir()
    atomic.write_bytes(tmp_path / "file", b"")
    with atomic.whole_folder(tmp_path / "whole"):
        pass
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in os.listdir(tmp_path)}
    assert modes["file"] == modes["plain"]
    assert modes["whole"] == modes["folder"]
