"""NWB files are read by a copy of another process, which may crash, hang, swell or lie."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest

from dlgn_cnn import bounds
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.nwb import reader
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime import watched
from tests.hostile.test_near_files import nwb

ANSWER = """
import json, os, sys, time
import numpy as np
from dlgn_cnn.runtime.answering import serve
def answer(answers, request):
    {act}
serve(answer, copies=True)
"""
TEXTS = (
    '{{"session": ["M1", 1, 1], "scenes": [["f", 0, "{file}", "", 20, 30.0, 32, 16, ""]], "signals": [], "notes": []}}'
)
SENT = """answers.send({texts!r})
    for value in ([[0.0, 0.6]], {rows}, [], [1], [2], [0.1, 0.3], np.zeros((0, 2))):
        answers.send(np.array(value, float if value != {rows} and value != [1] and value != [2] else int))"""


@pytest.fixture
def process(monkeypatch):
    """Sets what the process does, and gives the processes there were."""
    seen, real = [], watched.Watched.__init__

    def noted(self, *given) -> None:
        real(self, *given)
        seen.append(self._process.pid)

    monkeypatch.setattr(watched.Watched, "__init__", noted)
    monkeypatch.setattr(reader._kept, "child", None)

    def set_act(act: str | None) -> list[int]:
        monkeypatch.setattr(reader._kept, "child", None)
        if act is not None:
            monkeypatch.setattr(reader, "CODE", ANSWER.format(act=act))
        return seen

    return set_act


def sentence(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        read_recordings(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


STOPS = {
    "hdf5.computing": (0, "any(iter(int, 1))"),
    "hdf5.seconds": (0, "time.sleep(1000)"),
    "hdf5.memory": (300 * bounds.MB, "kept = [bytearray(os.urandom(1000) * 1000) for _ in range(10**6)]"),
    "hdf5.sent": (10**6, "answers.say(dtype='<f8', shape=[10**12])"),
}


@pytest.mark.parametrize("name", STOPS)
def test_a_process_that_goes_beyond_a_bound_is_killed_with_its_copy(tmp_path, process, monkeypatch, name):
    most, act = STOPS[name]
    monkeypatch.setitem(bounds.BOUNDS, name, replace(bounds.BOUNDS[name], most=most, per_byte=0))
    noted = f"open({str(tmp_path / 'pid')!r}, 'w')"  # an empty file, since it can write no byte
    seen = process(f"{noted}; answers.say(progress=[os.getpid(), 0]); {act}")
    said = sentence(nwb(tmp_path / "a"))
    assert f"beyond the bound {name} of {most}" in said
    assert (tmp_path / "pid").exists()
    assert not psutil.pid_exists(seen[0])


@pytest.mark.parametrize("act", ["os.kill(os.getpid(), 11)", "os._exit(3)", "answers.say(text=99); os.abort()"])
def test_a_crash_is_a_sentence_and_the_next_file_is_read(tmp_path, process, monkeypatch, act):
    path = nwb(tmp_path / "a")
    with monkeypatch.context() as patch:
        patch.setattr(reader, "CODE", ANSWER.format(act=act))
        assert "the libraries that read NWB crashed over it" in sentence(path)
    (found,) = read_recordings(path)
    assert found.units == (1,)


LIES = {
    "no JSON": "answers.send('{')",
    "a list": "answers.send('[]')",
    "words without an array": "answers.say(nothing=1)",
    "objects": "answers.say(dtype='|O', shape=[1])",
    "a negative size": "answers.say(dtype='<f8', shape=[-1])",
    "a file elsewhere": SENT.format(texts=TEXTS.format(file="/etc/passwd"), rows=[[0, 0, 0]]),
    "a scene that is not there": SENT.format(texts=TEXTS.format(file="{path}"), rows=[[7, 0, 0]]),
    "onsets that are not there": SENT.format(texts=TEXTS.format(file="{path}"), rows=[[0, 0, 9]]),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_the_process_says_is_checked(tmp_path, process, lie):
    path = nwb(tmp_path / "a")
    process(LIES[lie].replace("{path}", str(path)))
    assert str(path.parent) in sentence(path) or "presentation" in sentence(path)


def test_it_sees_no_secret_and_writes_nothing(tmp_path, process, monkeypatch):
    for name in ("DLGN_DATABASE_PASSWORD", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "sesame-open")
    file = f"open({str(tmp_path / 'ran')!r}, 'wb', 0)"
    process(f"raise RuntimeError(repr(sorted(os.environ.values()))) if {file} else None")
    assert "RuntimeError" in (said := sentence(nwb(tmp_path / "a")))
    assert "sesame" not in said
    process(f"{file}.write(b'x')")
    assert "OSError" in sentence(tmp_path / "a" / "session.nwb")
    assert (tmp_path / "ran").read_bytes() == b""


def test_one_process_serves_every_file_by_copies_of_itself(tmp_path, process):
    seen = process(None)
    for name in ("a", "b"):
        (found,) = read_recordings(nwb(tmp_path / name))
        (scene,) = found.scenes.values()
        assert scene_frames(scene, (16, 32)).shape == (20, 16, 32)
    assert len(seen) == 1


def test_what_hangs_pynwb_is_ended_at_a_bound(tmp_path):
    """Ids that refer to the table that they are ids of: objects are made of them without end."""
    path = nwb(tmp_path / "a")
    with h5py.File(path, "r+") as file:
        table = file["units"]
        attributes = dict(table["id"].attrs)
        del table["id"]
        made = table.create_dataset("id", data=np.array([table.ref], h5py.ref_dtype), dtype=h5py.ref_dtype)
        made.attrs.update(attributes)
    assert "beyond the bound hdf5." in sentence(path)
