"""A folder that Deep Lake 3.9.52 wrote, eight trials of three units, next to the arrays that were written."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from dlgn_cnn.data.readers import deeplake as reader
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.sessions.dataset import DatasetSpec, build_sessions
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.store import decoder
from dlgn_cnn.errors import ConfigError, RecordingError

DATA = Path(__file__).resolve().parents[1] / "data"
NAMED = {"mouse": "Ntsr1Cre_2019_0007", "series": 3, "experiment": 7, "rate_hz": 60.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    unpacked = tmp_path_factory.mktemp("deeplake")
    with zipfile.ZipFile(DATA / "deeplake_3.9.52.zip") as archive:
        archive.extractall(unpacked)
    return unpacked / "old"


@pytest.fixture(scope="module")
def written() -> dict[str, np.ndarray]:
    return dict(np.load(DATA / "deeplake_3.9.52.npz"))


def test_trials_are_read_as_they_were_written(folder, written):
    (found,) = read_recordings(folder, **NAMED)
    assert [shown.tier for shown in found.presentations] == ["train"] * 6 + ["test"] * 2
    assert found.presentations[6].scene == found.presentations[7].scene
    for trial, shown in enumerate(found.presentations):
        frames = scene_frames(found.scenes[shown.scene], (6, 9))
        np.testing.assert_array_equal(frames, written[f"videos_{trial}"])
    every = np.concatenate([written[f"responses_{trial}"] for trial in range(8)], axis=1)
    np.testing.assert_array_equal(found.binned.values, every)
    np.testing.assert_array_equal(found.signals["pupil_size"].values[:20], written["behavior_0"][0])


def test_a_dataset_of_them_holds_the_same_arrays(folder, written):
    (found,) = read_recordings(folder, **NAMED, units=[7, 3, 5], behavior_rows=["running", "pupil_size"])
    spec = DatasetSpec((str(found.session),), size_px=(6, 9), validation_share=0.34, min_rate_hz=0)
    (data,) = build_sessions([found], spec).values()
    assert data.units == (3, 5, 7)
    for trial, row in enumerate(data.trials):
        np.testing.assert_allclose(row.responses, written[f"responses_{trial}"][[1, 2, 0]], atol=1e-4)
        np.testing.assert_allclose(row.opto, written[f"opto_{trial}"], atol=1e-5)
        np.testing.assert_allclose(row.behavior, written[f"behavior_{trial}"], atol=1e-5)
        np.testing.assert_allclose(row.pupil_center, written[f"pupil_center_{trial}"], atol=1e-5)


def test_what_the_folder_does_not_know_must_be_given(folder):
    with pytest.raises(ConfigError, match="mouse"):
        read_recordings(folder)
    with pytest.raises(RecordingError, match="behavior_rows"):
        read_recordings(folder, **NAMED, behavior_rows=["running", "pupil"])


def test_a_folder_that_only_looks_like_one_is_refused(tmp_path):
    for name in ("dataset_meta.json", "version_control_info.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(RecordingError, match=r"Deep Lake|columns"):
        read_recordings(tmp_path, **NAMED)


def test_a_child_that_crashes_is_started_again(folder, monkeypatch, tmp_path):
    """As Deep Lake's query engine crashes now and then: here the child kills itself, once."""
    whole, mark = reader.DeepLakeRows(folder), tmp_path / "mark"
    died = f"import os, signal, sys\nfrom pathlib import Path\nmark = Path({str(mark)!r})\nif not mark.exists():\n"
    died += "    mark.touch()\n    sys.stdin.buffer.readline()\n    os.kill(os.getpid(), signal.SIGSEGV)\n"
    monkeypatch.setattr(decoder, "CODE", died + decoder.CODE)
    again = reader.DeepLakeRows(folder)
    assert mark.exists()
    assert (again.columns, again.count) == (whole.columns, whole.count)
    np.testing.assert_array_equal(again.cell(3, "responses"), whole.cell(3, "responses"))
