"""Files that lead elsewhere: what a recording names outside its own folder is never opened."""

import os
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile
from pynwb.file import Subject
from pynwb.image import ImageSeries

from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import probe
from dlgn_cnn.errors import RecordingError
from tests.factories import write_scene
from tests.listening import listening

SHAPE = (20, 16, 32)
FILM = "stimulus/templates/film"


def nwb(folder: Path, external: str | None = None) -> Path:
    """A session of one scene, within the file or in another one."""
    folder.mkdir(parents=True, exist_ok=True)
    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC))
    file.subject = Subject(subject_id="M1")
    file.add_unit(id=1, spike_times=np.array([0.1, 0.3]))
    content = {"data": np.zeros(SHAPE, np.uint8), "unit": "n.a."}
    if external is not None:
        content = {"external_file": [external], "format": "external", "starting_frame": [0], "num_samples": 20}
    file.add_stimulus_template(ImageSeries(name="film", rate=30.0, starting_time=0.0, **content))
    file.add_trial_column("stimulus", "what was shown")
    file.add_trial_column("tier", "what for")
    file.add_trial(start_time=0.0, stop_time=0.6, stimulus="film", tier="train")
    with NWBHDF5IO(str(folder / "session.nwb"), "w") as io:
        io.write(file)
    return folder / "session.nwb"


def other(path: Path) -> Path:
    """An HDF5 file of another owner."""
    with h5py.File(path, "w") as file:
        file["d"] = np.full(SHAPE, 77, np.uint8)
    return path


def with_data(path: Path, make) -> None:
    """Replace the frames of the file's movie by what ``make(group)`` puts there."""
    with h5py.File(path, "r+") as file:
        attributes = dict(file[f"{FILM}/data"].attrs)
        del file[f"{FILM}/data"]
        made = make(file[FILM])
        if made is not None:
            made.attrs.update(attributes)


def link(target: str):
    def make(group) -> None:
        group["data"] = h5py.ExternalLink(target, "/d")

    return make


def storage(target: str):
    return lambda group: group.create_dataset("data", SHAPE, "u1", external=[(target, 0, int(np.prod(SHAPE)))])


def virtual(target: str):
    layout = h5py.VirtualLayout(SHAPE, "u1")
    layout[:] = h5py.VirtualSource(target, "d", shape=SHAPE)
    return lambda group: group.create_virtual_dataset("data", layout)


def sentence(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        read_recordings(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("make", [link, storage, virtual])
@pytest.mark.parametrize("absolute", [True, False])
def test_an_hdf5_file_that_reads_one_elsewhere_is_refused(tmp_path, monkeypatch, make, absolute):
    target, path = other(tmp_path / "other.h5"), nwb(tmp_path / "recording")
    monkeypatch.chdir(tmp_path)
    with_data(path, make(str(target) if absolute else os.path.relpath(target, path.parent)))
    assert "outside the recording's folder" in sentence(path) or make is storage
    sentence(path)


@pytest.mark.parametrize("make", [link, virtual])
def test_a_name_that_hdf5_would_look_for_in_the_current_folder_is_refused(tmp_path, monkeypatch, make):
    other(tmp_path / "other.h5")
    path = nwb(tmp_path / "recording")
    monkeypatch.chdir(tmp_path)
    with_data(path, make("other.h5"))
    assert "which is not there" in sentence(path)


def test_external_storage_is_looked_for_where_hdf5_does(tmp_path, monkeypatch):
    """Relative to the current folder: the same name is inside from one place, and outside from another."""
    path = nwb(tmp_path / "recording")
    for folder, value in ((tmp_path, b"s"), (path.parent, b"o")):
        (folder / "raw.bin").write_bytes(value * int(np.prod(SHAPE)))
    with_data(path, storage("raw.bin"))
    monkeypatch.chdir(tmp_path)
    assert "outside" in sentence(path)
    monkeypatch.chdir(path.parent)
    (found,) = read_recordings(path)
    assert (scene_frames(next(iter(found.scenes.values())), SHAPE[1:]) == ord("o")).all()


@pytest.mark.parametrize("make", [link, virtual])
def test_a_file_that_is_linked_must_not_lead_on(tmp_path, make):
    path, target = nwb(tmp_path / "recording"), other(tmp_path / "other.h5")
    with h5py.File(path.parent / "near.h5", "w") as file:
        file["d"] = h5py.ExternalLink(str(target), "/d")
    with_data(path, make("near.h5"))
    assert "outside" in sentence(path)


@pytest.mark.parametrize("make", [link, virtual])
def test_a_file_in_the_same_folder_is_read(tmp_path, make):
    path = nwb(tmp_path / "recording")
    other(path.parent / "near.h5")
    with_data(path, make("near.h5"))
    (found,) = read_recordings(path)
    assert (scene_frames(next(iter(found.scenes.values())), SHAPE[1:]) == 77).all()


@pytest.mark.parametrize(
    "name", ["../outside.avi", "{folder}/outside.avi", "/etc/passwd", "http://127.0.0.1:9/x.avi", "linked.avi"]
)
def test_a_movie_outside_the_folder_is_refused(tmp_path, name):
    write_scene(tmp_path / "outside.avi", np.zeros(SHAPE, np.uint8), 30.0)
    folder = tmp_path / "recording"
    folder.mkdir()
    (folder / "linked.avi").symlink_to(tmp_path / "outside.avi")
    assert "outside the recording's folder" in sentence(nwb(folder, name.format(folder=tmp_path)))


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 5000 + "x", "x\0y"], ids=len)
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(RecordingError, match="which is not a path"):
        inside(tmp_path, name, "the recording")


@pytest.mark.parametrize("name", ["film.avi", "films/film.avi", "{folder}/film.avi", "annexed.avi"])
def test_a_movie_within_the_folder_is_read(tmp_path, name):
    """Also one that git-annex keeps: there, each file is a link into the repository's own objects."""
    folder = tmp_path / "recording"
    objects = tmp_path / ".git" / "annex" / "objects"
    for place in (folder / "film.avi", folder / "films" / "film.avi", objects / "key.avi"):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_scene(place, np.zeros(SHAPE, np.uint8), 30.0)
    (folder / "annexed.avi").symlink_to(objects / "key.avi")
    (found,) = read_recordings(nwb(folder, name.format(folder=folder)))
    assert next(iter(found.scenes.values())).frames == SHAPE[0]


@pytest.fixture
def server():
    """Address of a listener, and the requests that reached it."""
    with listening(lambda one: one.recv(300), 1) as (port, reached):
        yield f"127.0.0.1:{port}", reached


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "dash": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation>'
    "<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "pls": "[playlist]\nFile1={target}\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("remote", [True, False])
def test_a_playlist_is_not_a_video(tmp_path, server, kind, remote):
    address, reached = server
    write_scene(tmp_path / "outside.avi", np.zeros(SHAPE, np.uint8), 30.0)
    target = f"http://{address}/x.ts" if remote else str(tmp_path / "outside.avi")
    path = tmp_path / "film.avi"
    path.write_text(PLAYLISTS[kind].format(target=target))
    with pytest.raises(RecordingError, match="not a video of a known format"):
        probe(path)
    assert not reached


@pytest.mark.parametrize("name", ["concat:a.avi|b.avi", "http:x.avi", "pipe:0", "subfile,,start,0,end,0,,:a.avi"])
def test_a_name_is_never_an_address(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_scene(Path("plain.avi"), np.zeros(SHAPE, np.uint8), 30.0)
    Path("plain.avi").rename(name)
    assert probe(Path(name)).frames == SHAPE[0]


def test_a_column_of_links_is_refused(tmp_path, server):
    import deeplake

    address, reached = server
    types, folder = deeplake.types, tmp_path / "rows"
    rows = deeplake.create(str(folder))
    rows.add_column("videos", types.Link(types.Image()))
    rows.add_column("responses", types.Array("float32", 2))
    rows.add_column("tiers", "text")
    rows.append(
        {"videos": [f"http://{address}/x.png"], "responses": [np.ones((2, 20), np.float32)], "tiers": ["train"]}
    )
    rows.commit()
    for name in ("dataset_meta.json", "version_control_info.json"):
        (folder / name).write_text("{}")
    given = {"mouse": "M1", "series": 1, "experiment": 1, "rate_hz": 30.0}
    with pytest.raises(RecordingError, match=r"columns \['videos'\] hold links"):
        read_recordings(folder, **given)
    assert not reached
