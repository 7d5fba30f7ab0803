"""Inputs that native code parses: NWB files and movies."""

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.inspection import pictures
from dlgn_cnn.data.inspection.facts import recording_facts
from dlgn_cnn.data.inspection.text import WIDTH, pages
from dlgn_cnn.data.readers import read_recordings
from dlgn_cnn.data.recording import SessionRecording
from dlgn_cnn.data.stimuli.scenes import scene_frames
from dlgn_cnn.data.stimuli.video import decode_gray, probe, read_gray, webm, write_gray, write_lossless
from dlgn_cnn.errors import DlgnError
from hostile.damage import NUMBERS, array, damaged, odd, texts, words
from hostile.watch import Read, Watch

SHAPE = (6, 16, 32)
MARKS = b"\x89HDF OHDR OCHK TREE SNOD HEAP GCOL FRHP FHDB BTHD FSHD neurodata_type".split()
MOVIES = words("""avi:mjpeg:yuvj420p: avi:rawvideo:gray: avi:huffyuv:yuv422p: avi:png:gray: mp4:libx264::
    mp4:mpeg2video:: mp4:libsvtav1:: mkv:libvpx::matroska mkv:libvpx-vp9::matroska mkv:libx264::matroska
    mkv:mpeg1video::matroska flv:flv1:: asf:wmv2:: mpg:mpeg1video::mpeg m1v:mpeg1video::mpeg1video
    gif:gif:gray: ivf:libvpx:: nut:mpeg4::
    png:png:gray:image2pipe jpg:mjpeg:yuvj420p:image2pipe apng:apng:gray:
    y4m:wrapped_avframe::yuv4mpegpipe ts:mpeg2video::mpegts ogv:libtheora::ogg""")


def agree(recordings: list[SessionRecording]) -> None:
    """Raise AssertionError unless what was read agrees with itself, as frames with their description, and is said."""
    for one in recordings:
        assert one.units, "no unit"
        for file in one.scenes.values():
            frames = scene_frames(file, (file.height_px, file.width_px))
            assert frames.shape == (file.frames, file.height_px, file.width_px), f"frames {frames.shape}, not {file}"
        for times in one.spike_times_s.values():
            assert np.isfinite(times).all(), "spikes that are not finite"
        assert one.binned is None or np.isfinite(one.binned.values).all(), "counts that are not finite"
        with contextlib.suppress(DlgnError):  # what no dataset can be made of
            drawn = pictures.triggered_averages(pictures.few_units(one), 1)
            assert all(np.isfinite(field).all() for fields in drawn.values() for field in fields), "no field"
    facts = recording_facts(recordings[0].source or Path("x"), "x", True, {}, recordings)
    json.dumps(facts, allow_nan=False)
    for line in pages(facts).split("\n"):
        assert line.isprintable(), f"a page that prints {line!r}"
        assert len(line) <= WIDTH, f"a page of {len(line)} columns"


def movies() -> Iterator[tuple[str, str, str, str]]:
    """Ending, codec, pixels and container of each kind of movie that this machine can write."""
    for line in MOVIES:
        ending, codec, pixels, container = line.split(":")
        yield ending, codec, pixels or "yuv420p", container or ending


def write_movies(folder: Path, frames: np.ndarray) -> list[Path]:
    """A movie of each kind."""
    import av

    for name in ("a.avi", "a.mp4", "a.mov", "a.mkv"):
        write_gray(folder / name, frames, 30.0, SHAPE[1:])
    write_lossless(folder / "lossless.avi", frames, 30.0)
    (folder / "a.webm").write_bytes(webm(frames, 30.0))
    for number, (ending, codec, pixels, container) in enumerate(movies()):
        path = folder / f"{number}.{ending}"
        try:
            with av.open(str(path), "w", format=container) as file:
                stream = file.add_stream(codec, rate=30 if container != "mpeg" else 25)
                stream.height, stream.width, stream.pix_fmt = *SHAPE[1:], pixels
                for frame in frames[:1] if container == "image2pipe" else frames:
                    file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray").reformat(format=pixels)))
                file.mux(stream.encode(None))
        except (av.FFmpegError, ValueError):  # a codec that this build of FFmpeg lacks
            path.unlink(missing_ok=True)
    return sorted(folder.iterdir())


class Movies:
    """Movies of all containers, damaged, or made to name other codecs and sizes."""

    MARKS = b"RIFF hdrl avih strh strf movi idx1 00dc moov stsd stsz stco stts tkhd mdhd elst FLV GIF8 OggS".split()
    MARKS += [
        b"FRAME",
        b"YUV4",
        b"DKIF",
        b"\x1a\x45\xdf\xa3",
        b"\x16\x54\xae\x6b",
        b"\x1f\x43\xb6\x75",
        b"\0\0\1\xb3",
        b"\0\0\1\xba",
    ]

    def __init__(self, watch: Watch) -> None:
        sound = watch.inside / "sound"
        sound.mkdir()
        self.frames = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
        self.sound = [(path.suffix, path.read_bytes()) for path in write_movies(sound, self.frames)]
        self.watch, self.path = watch, watch.inside / "movie"
        import av

        self.codecs = sorted(av.codecs_available)

    def __call__(self, draw: random.Random) -> Read:
        suffix, data = draw.choice(self.sound)
        changed = bytearray(data if draw.random() < 0.05 else damaged(data, draw, self.MARKS))
        if draw.random() < 0.15:
            at = max(0, changed.find(draw.choice((b"FMP4", b"mp4v", b"vids", b"V_MPEG4", b"V_VP9", b"MJPG", b"FFV1"))))
            changed[at : at + 4] = draw.choice(self.codecs).upper().encode()[:4].ljust(4)
        if draw.random() < 0.1:
            other = draw.choice((f"{self.watch.outside}/secret.txt", f"http://{self.watch.address}/x"))
            changed = bytearray(
                draw.choice((f"#EXTM3U\n#EXTINF:1,\n{other}\n", f"ffconcat version 1.0\nfile '{other}'\n")).encode()
            )
        path = self.path.with_suffix(suffix)
        path.write_bytes(changed)
        size, whole = draw.choice((SHAPE[1:], (33, 53))), bytes(changed) == data

        def read() -> None:
            found = probe(path)
            shown = read_gray(path, size)
            assert shown.shape == (found.frames, *size), f"{shown.shape} of {found}"
            assert decode_gray(path, size, 60.0).shape[1:] == size
            assert not whole or found.frames == (1 if suffix in (".png", ".jpg") else SHAPE[0]), (
                f"{found.frames} frames of a sound movie"
            )

        return read


def nwb(path: Path, external: list[str] | None, stretch: bool) -> bytes:
    """A session of three scenes, in the file or in movies next to it, with light and behavior."""
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries
    from pynwb.behavior import SpatialSeries
    from pynwb.epoch import TimeIntervals
    from pynwb.file import Subject
    from pynwb.image import ImageSeries

    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Mouse_1_s03_e07")
    file.subject = Subject(subject_id="Mouse_1")
    for unit in (4, 9):
        seen = [[0.0, 3.0], [4.05, 9.0]] if unit == 9 else [[0.0, 9.0]]
        file.add_unit(id=unit, spike_times=np.array([0.1, 0.2, 2.05, 4.1]) + unit / 100, obs_intervals=seen)
    frames = np.random.default_rng(0).integers(0, 256, (18, *SHAPE[1:]), dtype=np.uint8)
    table = TimeIntervals(name="shown", description="presentations")
    table.add_column(name="tier", description="what for")
    where = {"external_file": external, "format": "external", "num_samples": 18 if stretch else 6}
    where["starting_frame"] = [0, 12][: len(external or ())]
    if stretch:
        clock = {"rate": 30.0, "starting_time": 0.0}
        if external is None:
            clock = {"timestamps": np.concatenate([2.0 * scene + np.arange(6) / 30 for scene in range(3)])}
        movie = ImageSeries(name="movie", unit="n.a.", **clock, **(where if external else {"data": frames}))
        series = [movie] * 3
        file.add_stimulus(series[0])
    else:
        table.add_column(name="stimulus", description="what was shown")
        series = [
            ImageSeries(
                name=f"scene{n}",
                unit="n.a.",
                rate=30.0,
                starting_time=0.0,
                **(where if external else {"data": frames[6 * n : 6 * n + 6]}),
            )
            for n in range(3)
        ]
        for one in series:
            file.add_stimulus_template(one)
    for scene in range(3):
        given = {"timeseries": [series[scene]]} if stretch else {"stimulus": f"scene{scene}"}
        start = scene * (0.2 if stretch and external else 2.0)
        table.add_interval(
            start_time=start,
            stop_time=start + 0.2,
            tier="test" if scene == 2 and not external else "train",
            **given,
        )
    file.add_time_intervals(table)
    light = TimeIntervals(name="opto_pulses", description="light")
    light.add_interval(start_time=0.05, stop_time=0.1)
    file.add_time_intervals(light)
    module = file.create_processing_module("behavior", "behavior")
    module.add(TimeSeries(name="running_speed", data=np.arange(80.0), unit="cm/s", rate=10.0, starting_time=0.5))
    module.add(
        SpatialSeries(
            name="pupil_position", data=np.ones((80, 2)), rate=10.0, starting_time=0.0, reference_frame="camera"
        )
    )
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file, cache_spec=stretch)
    return path.read_bytes()


def allen(path: Path) -> bytes:
    """A session in the layout of Allen's Neuropixels files: a row for each frame, pixels next to the file."""
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries
    from pynwb.core import DynamicTable, VectorData
    from pynwb.epoch import TimeIntervals

    file = NWBFile("movies", "one", datetime(2026, 1, 1, tzinfo=UTC), session_id="Mouse_1_s03_e07")
    group = file.create_electrode_group("probeA", "x", "brain", file.create_device("probe"))
    for column in ("peak_channel_id", "quality", "amplitude_cutoff", "presence_ratio", "isi_violations"):
        file.add_unit_column(column, column)
    for unit, (area, quality) in enumerate((("LGd", "good"), ("LGd-sh", "good"), ("VISp", "noise")), 4):
        file.add_electrode(id=unit + 100, location=area, group=group, group_name="probeA")
        columns = {"amplitude_cutoff": 0.05, "presence_ratio": 0.99, "isi_violations": 0.1, "quality": quality}
        file.add_unit(id=unit, spike_times=[0.1, 0.2, 2.05, 4.1], peak_channel_id=unit + 100, **columns)
    for name, frames in (("movie", [0, 1, 2, 3, 4, 5] * 3), ("images", [3, -1, 1, 2, 0, 4])):
        table = TimeIntervals(name=f"{name}_presentations", description="presentations")
        for column in ("frame", "stimulus_block"):
            table.add_column(name=column, description=column)
        first = 0.0 if name == "movie" else 4.0
        for row, frame in enumerate(frames):
            start = first + row / 30
            table.add_interval(start_time=start, stop_time=start + 1 / 30, frame=float(frame), stimulus_block=0.0)
        file.add_time_intervals(table)
    file.add_invalid_time_interval(start_time=9.0, stop_time=9.5, tags=["EcephysProbe", "1", "probeA"])
    clock = np.arange(8.0)
    gaze = file.create_processing_module("raw_gaze_mapping", "x")
    gaze.add(TimeSeries(name="eye_area", data=clock, unit="cm", timestamps=clock))
    fits = [VectorData(name=name, description=name, data=clock) for name in ("width", "height")]
    module = file.create_processing_module("eye_tracking", "x")
    module.add(DynamicTable(name="pupil_ellipse_fits", description="x", columns=fits))
    with NWBHDF5IO(str(path), "w") as io:
        io.write(file, cache_spec=False)
    return path.read_bytes()


class Nwb:
    """NWB files, damaged, or with objects, links, types, attributes and values exchanged."""

    def __init__(self, watch: Watch) -> None:
        import h5py

        self.watch, self.path = watch, watch.inside / "one" / "session.nwb"
        self.path.parent.mkdir()
        write_gray(self.path.parent / "film.avi", np.zeros(SHAPE, np.uint8), 30.0, SHAPE[1:])
        levels = np.arange(18, dtype=np.uint8).repeat(512).reshape(18, *SHAPE[1:])
        write_lossless(self.path.parent / "a.avi", levels[:12], 30.0)
        write_lossless(self.path.parent / "b.avi", levels[12:], 30.0)
        np.save(self.path.parent / "film.npy", levels[:6])
        kinds = ((None, False), (["film.avi"], False), (None, True), (["a.avi", "b.avi"], True))
        self.sound: list[tuple[bytes, dict[str, Any], int, bool]] = [
            (nwb(self.path, external, stretch), {"trials": "shown"}, 3, not (external and stretch))
            for external, stretch in kinds
        ]
        film = {"movies": {"movie": "film.npy", "images": "film.npy"}, "clip_s": 0.1}
        self.sound += [(allen(self.path), film | {"area": "LGd"}, 11, False), (allen(self.path), film, 11, False)]
        with h5py.File(watch.outside / "other.h5", "w") as file:
            file["d"] = np.full(SHAPE, 77, np.uint8)
        (watch.outside / "film.avi").write_bytes((self.path.parent / "film.avi").read_bytes())

    def __call__(self, draw: random.Random) -> Read:
        data, options, count, shown_late = draw.choice(self.sound)
        whole, structure = draw.random() < 0.03, draw.random() < 0.5
        self.path.write_bytes(data if whole or structure else damaged(data, draw, MARKS))
        if structure and not whole:
            import h5py

            with h5py.File(self.path, "r+") as file:
                for _ in range(draw.choice((1, 1, 2))):
                    with contextlib.suppress(Exception):  # what HDF5 cannot write
                        self.change(file, draw)

        def read() -> None:
            found = read_recordings(self.path, reader="nwb", **options)
            agree(found)
            observed = [9] if shown_late else []
            assert not whole or (len(found[0].presentations), [*found[0].observed_s]) == (count, observed)
            for one in found:
                for file in one.scenes.values():
                    assert not (scene_frames(file, SHAPE[1:]) == 77).all(), "frames of another file"

        return read

    def change(self, file: Any, draw: random.Random) -> None:
        """Change one object of a file in one way."""
        import h5py

        names = list[str]()
        file.visit(names.append)
        likely = [
            name
            for name in names
            if any(
                word in name
                for word in ("scene", "movie", "shown", "units", "opto", "behav", "presen", "electr", "eye")
            )
        ]
        name = draw.choice(likely if likely and draw.random() < 0.8 else names)
        found, parent, last = file[name], file[name].parent, name.rpartition("/")[2]
        if draw.random() < 0.25:
            self.change_attribute(found, draw)
            return
        kept = dict(found.attrs)
        plain = isinstance(found, h5py.Dataset) and found.dtype.kind != "O" and (found.size or 0) < 10**6
        value = found[()] if plain else np.arange(3.0)
        del parent[last]
        made = draw.choice(list(self.makers(parent, last, np.asarray(value), draw).values()))()
        if made is not None and draw.random() < 0.9:
            with_attributes(made, kept)

    def makers(self, parent: Any, name: str, value: np.ndarray, draw: random.Random) -> dict[str, Callable[[], Any]]:
        """What may stand where an object was."""
        import h5py

        target = draw.choice(
            (f"{self.watch.outside}/other.h5", "../../outside/other.h5", "session.nwb", "nowhere.h5", "film.avi")
        )
        huge = tuple(draw.choice((10**5, 10**6, 2**20)) for _ in range(max(1, value.ndim)))
        layout = h5py.VirtualLayout(SHAPE, "u1")
        layout[:] = h5py.VirtualSource(target, "d", shape=SHAPE)
        changed = array(value, draw)
        text = draw.choice([one for one in texts(self.watch) if "\0" not in one and "\ud800" not in one])
        return {
            "nothing": lambda: None,
            "external link": lambda: parent.__setitem__(name, h5py.ExternalLink(target, "/d")),
            "storage": lambda: parent.create_dataset(name, SHAPE, "u1", external=[(target, 0, int(np.prod(SHAPE)))]),
            "virtual": lambda: parent.create_virtual_dataset(name, layout),
            "soft link": lambda: parent.__setitem__(
                name, h5py.SoftLink(draw.choice((parent.name, f"{parent.name}/{name}", "/x", "/")))
            ),
            "circle": lambda: parent.__setitem__(name, parent),
            "huge": lambda: parent.create_dataset(name, huge, draw.choice(("u1", "f8")), chunks=(1,) * len(huge)),
            "bomb": lambda: parent.create_dataset(
                name, data=np.zeros(2**25, np.uint8), compression="gzip", chunks=(2**20,)
            ),
            "group": lambda: parent.create_group(name),
            "text": lambda: parent.create_dataset(name, data=text, dtype=h5py.string_dtype()),
            "reference": lambda: parent.create_dataset(name, data=[parent.ref] * 3, dtype=h5py.ref_dtype),
            "compound": lambda: parent.create_dataset(name, data=np.zeros(3, [("a", "i4"), ("b", "f8")])),
            "array": lambda: parent.create_dataset(name, data=changed if changed.dtype.kind not in "OU" else text),
            "values": lambda: parent.create_dataset(name, data=array(value, draw).astype("S")),
        }

    def change_attribute(self, found: Any, draw: random.Random) -> None:
        """Change one attribute of an object."""
        name = draw.choice([*found.attrs, "neurodata_type", "namespace", "object_id", "conversion", "rate"])
        value = draw.choice(
            (
                odd(draw, self.watch),
                draw.choice(NUMBERS[:9]),
                "TimeSeries",
                "NWBFile",
                "DynamicTable",
                "ImageSeries",
                "hdmf-common",
                found.ref,
            )
        )
        try:
            found.attrs[name] = value
        except (TypeError, ValueError, OSError, OverflowError, RuntimeError, UnicodeError):
            found.attrs.pop(name, None)


def with_attributes(made: Any, kept: dict[str, Any]) -> None:
    """Give an object the attributes of the one whose place it takes."""
    for name, value in kept.items():
        made.attrs[name] = value
