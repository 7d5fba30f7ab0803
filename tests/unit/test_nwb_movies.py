"""Trials that show stretches of movies next to an NWB file: as the same frames stored inside show."""

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from pynwb.image import ImageSeries

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.nwb.stimuli import stored_frames
from dlgn_cnn.data.stimuli import scenes
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import write_lossless
from dlgn_cnn.errors import MissingFile, RecordingError
from tests.unit.test_nwb_reader import blank, write

RATE = 30.0
FRAMES = np.random.default_rng(0).integers(0, 256, (80, 16, 32), dtype=np.uint8)
FRAMES[60:80] = FRAMES[0:20]  # the last clip is the first again
CLIP = 20


def movies(folder: Path, **files: tuple[int, int]) -> dict:
    """Movies of stretches of ``FRAMES``, and how an image series refers to them."""
    folder.mkdir(exist_ok=True)
    for name, (start, stop) in files.items():
        write_lossless(folder / f"{name}.avi", FRAMES[start:stop], RATE)
    first = np.cumsum([0, *(stop - start for start, stop in files.values())])[:-1].tolist()
    names = [f"{name}.avi" for name in files]
    return {"external_file": names, "starting_frame": first, "format": "external"}


def session(folder: Path, stamped: bool = False, clip: int = CLIP, samples: int = 80, **given) -> Path:
    """One movie from 0 s on, whose every ``clip`` frames are a trial."""
    folder.mkdir(exist_ok=True)
    clock = {"timestamps": np.arange(samples) / RATE} if stamped else {"rate": RATE, "starting_time": 0.0}
    if not stamped and "external_file" in given:
        clock["num_samples"] = samples
    file, series = blank(), ImageSeries(name="movie", unit="n.a.", **clock, **given)
    file.add_stimulus(series)
    file.add_trial_column("tier", "what for")
    for trial in range(len(FRAMES) // clip):
        start, stop = trial * clip / RATE, (trial + 1) * clip / RATE
        file.add_trial(start_time=start, stop_time=stop, tier="train", timeseries=[series])
    return write(folder, file)


def shown(path: Path) -> list[tuple]:
    """What each trial of a file shows: its scene, the pixels, the onsets."""
    (found,) = read_recordings(path)
    sizes = {key: (file.height_px, file.width_px) for key, file in found.scenes.items()}
    frames = {key: scene_frames(file, sizes[key]) for key, file in found.scenes.items()}
    return [(one.scene.scene, frames[one.scene].tolist(), one.frame_onsets_s) for one in found.presentations]


WAYS = {
    "one": {"one": (0, 80)},
    "two": {"one": (0, 40), "two": (40, 80)},
    "three, not at the clips' edges": {"one": (0, 33), "two": (33, 37), "three": (37, 80)},
}


@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_stretch_of_movies_shows_what_the_same_frames_inside_show(tmp_path, way, stamped):
    inside = shown(session(tmp_path / "inside", stamped, data=FRAMES))
    outside = shown(session(tmp_path / "outside", stamped, **movies(tmp_path / "outside", **WAYS[way])))
    assert [scene for scene, *_ in inside] == [0, 1, 2, 0]
    assert outside == inside
    assert [frames for _, frames, _ in outside] == FRAMES.reshape(4, CLIP, 16, 32).tolist()


@pytest.mark.parametrize("block", [1, 16 * 32, 5 * 16 * 32])
def test_frames_are_the_same_however_many_are_read_at_a_time(tmp_path, monkeypatch, block):
    given = movies(tmp_path, one=(0, 33), two=(33, 80))
    expected = shown(session(tmp_path, **given))
    monkeypatch.setattr(scenes, "BLOCK", block)
    assert shown(session(tmp_path, **given)) == expected


def test_an_array_may_stand_for_a_movie(tmp_path):
    np.save(tmp_path / "movie.npy", FRAMES)
    found = shown(session(tmp_path, external_file=["movie.npy"], starting_frame=[0], format="external"))
    assert [frames for _, frames, _ in found] == FRAMES.reshape(4, CLIP, 16, 32).tolist()


def changed_later(folder: Path) -> None:
    write_lossless(folder / "one.avi", FRAMES[::-1], RATE)


def shortened(folder: Path) -> None:
    write_lossless(folder / "one.avi", FRAMES[:10], RATE)


@pytest.mark.parametrize(("change", "words"), [(changed_later, "has changed"), (shortened, "one.avi has 10 frames")])
def test_a_movie_that_is_another_by_now_is_refused(tmp_path, change, words):
    (found,) = read_recordings(session(tmp_path, **movies(tmp_path, one=(0, 80))))
    change(tmp_path)
    with pytest.raises(RecordingError, match=words):
        scene_frames(found.scenes[found.presentations[1].scene], (16, 32))


WRONG = {
    "starting_frame": ({"starting_frame": [0, 30]}, r"starting_frame \[0, 30\], but they hold \[40, 40\] frames"),
    "no order": ({"starting_frame": [0, 0]}, r"starting_frame \[0, 0\].*expected \[0, 40\]"),
    "samples": ({"samples": 90}, "has 90 samples.*hold 80 frames"),
    "fewer samples": ({"samples": 79}, "has 79 samples.*hold 80 frames"),
    "a file outside": ({"external_file": ["one.avi", "../two.avi"]}, "outside the recording's folder"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_movies_that_contradict_their_series_are_refused(tmp_path, wrong):
    changes, words = WRONG[wrong]
    given = movies(tmp_path, one=(0, 40), two=(40, 80)) | changes
    with pytest.raises(RecordingError, match=words) as said:
        read_recordings(session(tmp_path, clip=10, **given))
    assert "session.nwb: stimulus 'movie'" in str(said.value)


def test_a_movie_that_is_missing_is_named(tmp_path):
    given = movies(tmp_path, one=(0, 40), two=(40, 80))
    (tmp_path / "two.avi").unlink()
    with pytest.raises(MissingFile, match=r"two\.avi is missing"):
        read_recordings(session(tmp_path, **given))


def test_a_stretch_beyond_the_series_is_refused(tmp_path):
    path = session(tmp_path, data=FRAMES)
    with h5py.File(path, "r+") as file:
        cells = file["intervals/trials/timeseries"]
        row = cells[2]
        row["count"] = 100
        cells[2] = row
    with pytest.raises(RecordingError, match="'movie' has 80 frames, and 40 to 140 are asked for"):
        read_recordings(path)
    with h5py.File(path, "r+") as file:
        cells = file["intervals/trials/timeseries"]
        row["count"] = -1
        cells[2] = row
    with pytest.raises(RecordingError, match="trials, row 2 refers to no frame of a time series"):
        read_recordings(path)


def test_frames_that_changed_leave_the_process_free_for_the_next_file(tmp_path):
    """The refusal still holds what was read so far, and the process must not wait for it."""
    path = session(tmp_path, data=FRAMES)
    (found,) = read_recordings(path)
    scene = replace(found.scenes[found.presentations[1].scene], height_px=32, width_px=16)
    with pytest.raises(RecordingError, match="has changed") as kept:
        scene_frames(scene, (16, 32))
    assert read_recordings(path)[0].units == found.units
    assert kept.value.__traceback__ is not None


class Asked:
    """A data set of ten gigabytes that notes how much is asked of it at once."""

    shape = (20_000, 540, 960)

    def __init__(self) -> None:
        self.pixels = []

    def __getitem__(self, part: slice) -> np.ndarray:
        self.pixels.append((part.stop - part.start) * self.shape[1] * self.shape[2])
        return np.zeros((part.stop - part.start, *self.shape[1:]), np.uint8)


def test_frames_are_read_a_block_at_a_time_whatever_their_number(tmp_path):
    data = Asked()
    blocks = stored_frames(tmp_path, SimpleNamespace(name="movie", data=data), 0, 20_000)
    assert [len(block) for block in itertools.islice(blocks, 3)] == [32, 32, 32]
    assert max(data.pixels) <= scenes.BLOCK
    one = Asked()
    one.shape = (10, 2**12 + 1, 2**12)
    with pytest.raises(RecordingError, match=r"beyond the bound movie\.pixels.*DLGN_BOUNDS"):
        next(stored_frames(tmp_path, SimpleNamespace(name="movie", data=one), 0, 10))


def test_files_are_not_looked_for_if_starting_frame_is_of_another_number(tmp_path):
    path = session(tmp_path, **movies(tmp_path, one=(0, 80)))
    with h5py.File(path, "r+") as file:
        series = file["stimulus/presentation/movie"]
        attributes = dict(series["external_file"].attrs)
        del series["external_file"]
        made = series.create_dataset("external_file", data=["one.avi"] * 100_000, dtype=h5py.string_dtype())
        made.attrs.update(attributes)
    with pytest.raises(RecordingError, match="lies in 100000 files, and starting_frame is of 1"):
        read_recordings(path)


def test_a_file_is_closed_once_its_frames_are_read(tmp_path):
    path = session(tmp_path, data=FRAMES)
    (found,) = read_recordings(path)
    for scene in found.scenes.values():
        scene_frames(scene, (16, 32))
        with h5py.File(path, "r+"):  # which HDF5 refuses while another process reads it
            pass
