import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from dlgn_cnn.data.binning import on_screen
from dlgn_cnn.data.stimuli import video
from dlgn_cnn.data.stimuli.video import decode_gray, length_and_size, probe, read_gray, stream_gray, write_gray
from dlgn_cnn.errors import RecordingError
from tests.factories import write_scene


def ramp(frames, height=16, width=32):
    """Frames whose gray level says which they are: 4, 12, 20, ..."""
    level = (4 + 8 * np.arange(frames)).astype(np.uint8)
    return np.broadcast_to(level[:, None, None], (frames, height, width)).copy()


def frame_numbers(decoded):
    return np.round((decoded.mean((1, 2)) - 4) / 8).astype(int)


@pytest.mark.parametrize(("rate", "frames"), [(30, 30), (12.5, 25), (10, 20), (60, 30), (120, 30)])
def test_the_frame_on_the_screen_at_each_center_is_shown(tmp_path, rate, frames):
    path = write_scene(tmp_path / "a.avi", ramp(frames), rate)
    decoded = decode_gray(path, (16, 32), 60.0)
    assert decoded.shape == (round(frames / rate * 60), 16, 32)
    assert decoded.dtype == np.uint8
    expected = [min(frames - 1, int((k + 0.5) * rate / 60)) for k in range(len(decoded))]
    assert frame_numbers(decoded).tolist() == expected


def test_thirty_hertz_is_doubled():
    assert on_screen(6, 60, 3, 30).tolist() == [0, 0, 1, 1, 2, 2]


def test_scaling_equals_the_decoders_own_bilinear(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (4, 264, 424), dtype=np.uint8)
    path = write_scene(tmp_path / "a.avi", image, 30)
    with av.open(str(path)) as container:
        plain = [f.reformat(53, 33, "gray", interpolation="BILINEAR").to_ndarray() for f in container.decode(video=0)]
    np.testing.assert_array_equal(decode_gray(path, (33, 53), 30), np.stack(plain))


def test_gray_levels_survive_writing_and_reading(tmp_path):
    image = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8), (3, 32, 64))
    decoded = decode_gray(write_scene(tmp_path / "a.avi", image, 30), (32, 64), 30)
    assert np.abs(decoded.astype(int) - image).max() <= 4
    assert decoded.min() <= 3
    assert decoded.max() >= 252


def test_color_becomes_luma(tmp_path):
    with av.open(str(tmp_path / "c.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        red = np.broadcast_to(np.array([255, 0, 0], np.uint8), (16, 32, 3)).copy()
        container.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        container.mux(stream.encode(None))
    luma = 255 * 0.299  # ITU-R BT.601
    assert decode_gray(tmp_path / "c.mp4", (8, 16), 25).mean() == pytest.approx(luma, abs=4)


def test_probe_counts_frames_and_digests_bytes(tmp_path):
    import hashlib

    path = write_scene(tmp_path / "a.avi", ramp(7), 15)
    found = probe(path)
    assert (found.frames, found.rate_hz, found.width_px, found.height_px) == (7, 15.0, 32, 16)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def damage(tmp_path, how):
    path = write_scene(tmp_path / ("a.mp4" if how == "cut mp4" else "a.avi"), ramp(30), 30)
    if how == "missing":
        path.unlink()
    elif how.startswith("cut"):
        path.write_bytes(path.read_bytes()[:-200])
    elif how == "text":
        path.write_text("not a movie")
    elif how == "empty":
        path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "missing"),
        ("cut avi", "cut short"),
        ("cut mp4", "cut short"),
        ("text", "not a video of a known format"),
        ("empty", "not a video of a known format"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, how, words):
    path = damage(tmp_path, how)
    for read in (probe, decode_gray):
        with pytest.raises(RecordingError, match=words) as error:
            read(path)
        assert path.name in str(error.value)


def test_a_movie_without_frames_is_refused_both_ways(tmp_path):
    with pytest.raises(RecordingError, match="no frames"):
        write_gray(tmp_path / "a.avi", [], 30, (16, 32))
    with av.open(str(tmp_path / "b.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        container.start_encoding()
    for read in (probe, decode_gray):
        with pytest.raises(RecordingError, match="no frames"):
            read(tmp_path / "b.avi")


def test_odd_sizes_and_other_types_are_refused(tmp_path):
    with pytest.raises(RecordingError, match="even"):
        write_gray(tmp_path / "a.avi", ramp(2), 30, (15, 32))
    with pytest.raises(RecordingError, match="float64"):
        write_gray(tmp_path / "a.avi", ramp(2).astype(float), 30, (16, 32))


FRAMES_AND_SECONDS = {
    "GUVRatiof1.avi": (150, 5.0),
    "vtest.avi": (795, 79.5),
    "cockatoo.mp4": (280, 14.0),
    "car-detection.mp4": (377, 30.16),
    "cup.mp4": (217, 8.1),
    "tree.avi": (444, 444 / 15),  # of which 68 pictures: the others were dropped when it was filmed
}


@pytest.mark.parametrize("name", FRAMES_AND_SECONDS)
def test_filmed_movies_of_every_codec_are_read(shared_data, name):
    frames, seconds = FRAMES_AND_SECONDS[name]
    path = shared_data / "movies" / name
    assert probe(path).frames == frames
    decoded = decode_gray(path)
    assert decoded.shape == (pytest.approx(seconds * 60, abs=1), 33, 53)
    assert decoded.std() > 5


LOST = (5, 6, 20)


@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mp4"])
@pytest.mark.parametrize("rate", [12, 60, 240])
def test_a_picture_stays_until_the_next_ones_time_stamp(tmp_path, name, rate):
    kept = [place for place in range(30) if place not in LOST]
    path = write_pictures(tmp_path / name, ramp(30)[kept], Fraction(1, rate), kept)
    file = probe(path)
    assert (file.frames, file.rate_hz) == (30, pytest.approx(rate))
    assert "2 of 27 pictures stay for up to 3 frames: some were dropped, or the rate varies" in file.notes
    assert probe(write_pictures(tmp_path / f"b{path.suffix}", ramp(30), Fraction(1, rate), range(30))).notes == ()
    shown = [place if place not in LOST else max(one for one in kept if one < place) for place in range(30)]
    assert frame_numbers(read_gray(path, (16, 32))).tolist() == shown


def test_null_frames_of_an_avi_show_the_picture_before(tmp_path):
    """Captured files hold a chunk without bytes for each dropped picture."""
    path = write_pictures(tmp_path / "a.avi", ramp(30), Fraction(1, 60), range(30))
    data = path.read_bytes()
    chunks, at = [], data.index(b"movi") + 4
    while len(chunks) < 30:
        kind, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        chunks.append((at, kind, size))
        at += 8 + size + size % 2
    changed = bytearray(data)
    index = data.index(b"idx1", at)
    for place in LOST:  # the chunk is left where it is, and both of its sizes say that it is empty, followed by junk
        start, _, size = chunks[place]
        changed[start + 4 : start + 8] = struct.pack("<I", 0)
        changed[start + 8 : start + 16] = b"JUNK" + struct.pack("<I", size + size % 2 - 8)
        entry = index + 8 + 16 * place
        changed[entry + 12 : entry + 16] = struct.pack("<I", 0)
    path.write_bytes(changed)
    file = probe(path)
    assert (file.frames, file.rate_hz) == (30, 60.0)
    assert file.notes[1:] == ("its container announces 30 pictures and holds 27",)
    expected = [4 if place in (5, 6) else 19 if place == 20 else place for place in range(30)]
    assert frame_numbers(read_gray(path, (16, 32))).tolist() == expected


def test_a_movie_of_variable_rate_shows_each_picture_at_its_time(tmp_path):
    """A screen recording: pictures come when something changes."""
    stamps_ms = [0, 33, 75, 90, 240, 260, 301, 400]
    path = write_pictures(tmp_path / "a.mkv", ramp(8), Fraction(1, 1000), stamps_ms)
    file = probe(path)
    decoded = decode_gray(path, (16, 32), 60.0)
    centers_ms = (np.arange(len(decoded)) + 0.5) * 1000 / 60
    expected = np.searchsorted(stamps_ms, centers_ms, side="right") - 1
    near = np.abs(centers_ms[:, None] - stamps_ms).min(axis=1) < 1000 / file.rate_hz  # within a step of its own clock
    assert (frame_numbers(decoded)[~near] == expected[~near]).all()
    assert (~near).sum() > 10


def write_pictures(path, frames, time_base, stamps):
    """A file of pictures at these time stamps, without loss but for MP4."""
    lossless = path.suffix != ".mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1" if lossless else "mpeg4", rate=1 / time_base)
        stream.height, stream.width, stream.pix_fmt = 16, 32, "gray" if lossless else "yuv420p"
        stream.codec_context.time_base, stream.codec_context.gop_size = time_base, 1
        for image, stamp in zip(frames, stamps, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="gray").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


KEY_FRAMES = {  # frames between key frames, B-frames, open groups: where a stretch can go wrong
    "a.avi": ("mpeg4", "yuv420p", {"g": "12"}),
    "b.avi": ("mpeg4", "yuv420p", {"g": "15", "bf": "2"}),
    "lossless.avi": ("ffv1", "gray", {}),
    "open.mkv": ("libx264", "yuv420p", {"g": "20", "bf": "3", "x264-params": "open-gop=1"}),
    "refresh.mkv": ("libx264", "yuv420p", {"g": "20", "bf": "0", "x264-params": "intra-refresh=1"}),
    "open.mp4": ("libx264", "yuv420p", {"g": "20", "bf": "3", "x264-params": "open-gop=1"}),
    "b.ts": ("mpeg2video", "yuv420p", {"g": "12", "bf": "2"}),
    "dropped.mkv": ("libx264", "yuv420p", {"g": "12", "bf": "2"}),
}


@pytest.mark.parametrize("name", KEY_FRAMES)
def test_a_stretch_of_any_movie_is_what_decoding_it_all_shows_there(tmp_path, name):
    codec, pixels, options = KEY_FRAMES[name]
    generator = np.random.default_rng(0)
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        stream.height, stream.width, stream.pix_fmt = 64, 64, pixels
        for number, image in enumerate(generator.integers(0, 256, (90, 64, 64), dtype=np.uint8)):
            if name.startswith("dropped") and number % 7 == 3:
                continue
            frame = av.VideoFrame.from_ndarray(image, format="gray").reformat(format=pixels)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    whole = read_gray(tmp_path / name, (16, 16))
    assert length_and_size(tmp_path / name) == (len(whole), 64, 64)
    drawn = [sorted(generator.choice(len(whole) + 1, 2, replace=False).tolist()) for _ in range(12)]
    for start, stop in [(0, len(whole)), (len(whole) - 1, len(whole)), (0, 1), (11, 13), *drawn]:
        np.testing.assert_array_equal(
            np.stack([*stream_gray(tmp_path / name, (16, 16), start, stop)]), whole[start:stop]
        )


def test_only_the_pictures_of_a_stretch_are_decoded(tmp_path, monkeypatch):
    path = write_scene(tmp_path / "a.avi", ramp(120), 30)
    seen = []
    monkeypatch.setattr(video, "check", lambda name, *_: seen.append(name) if name == "movie.decoded" else None)
    assert len([*stream_gray(path, (16, 32), 100, 102)]) == 2
    assert len(seen) < 20
