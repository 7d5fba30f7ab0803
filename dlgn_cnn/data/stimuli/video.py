"""Scene files in and out: every codec, size and rate becomes gray frames on one clock. The one door to PyAV."""

import functools
import io
import itertools
import math
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import VideoReformatter

from dlgn_cnn.bounds import check, limit
from dlgn_cnn.data.binning import on_clock, on_screen
from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.errors import MissingFile, RecordingError
from dlgn_cnn.shapes import Frames
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import present_file, raise_if_forbidden

_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)
# The last two: the name of a damaged codec leaves none, and damaged labels are not UTF-8.
_UNREADABLE = (av.FFmpegError, IndexError, OSError, AttributeError, ValueError)


# Where and how the files of each format begin, and its demuxer in FFmpeg.
_DEMUXERS = (
    (0, b"RIFF", "avi"),
    *((4, box, "mov") for box in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"jP  ")),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"\x00\x00\x01\xb3", "mpegvideo"),
    (0, b"\x30\x26\xb2\x75", "asf"),
    (0, b"FLV", "flv"),
    (0, b"OggS", "ogg"),
    (0, b"GIF8", "gif"),
    (0, b"G", "mpegts"),  # its byte of synchronization
    (0, b"nut/multimed", "nut"),
    (0, b"DKIF", "ivf"),
    (0, b"YUV4MPEG2", "yuv4mpegpipe"),
    (0, b"\x89PNG\r\n\x1a\n", "png_pipe"),
    (0, b"\xff\xd8\xff", "jpeg_pipe"),
)


_INDEXED = ("avi", "mov", "matroska")
_UNSTAMPED = ("mpegvideo",)  # without a container there are no time stamps, and FFmpeg makes some up
_PICTURES = ("png_pipe", "jpeg_pipe")  # without a clock: what says how long they stay is the presentation


class Codec(NamedTuple):
    """How frames are encoded: name and options of the codec, and the layout of its pixels."""

    name: str
    pixels: str
    options: dict[str, str]


# The quantizer runs from 1, finest, to 31; at 3 the blocks of MPEG-4 are invisible at 424x264.
MPEG4 = Codec("mpeg4", "yuv420p", {"qmin": "3", "qmax": "3"})
LOSSLESS = Codec("ffv1", "gray", {})
# Constant quality at which no block shows in gray noise, and the encoder's faster half: a clip takes well below 1 s.
VP9 = Codec("libvpx-vp9", "yuv420p", {"crf": "18", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"})


def declared_bytes(path: Path) -> int | None:
    """Bytes that the outermost chunks of an AVI or MP4 file announce; None where the format announces none."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and len(head) >= 8:
            length = struct.unpack("<I", head[4:8])[0]
            return None if length in _UNKNOWN_LENGTHS else 8 + int(length)
        return _boxes_end(file) if head[4:8] == b"ftyp" else None


def _boxes_end(file: BinaryIO) -> int | None:
    """End of the last top-level box (ISO/IEC 14496-12): 32-bit length, or 1 and a 64-bit one; 0 runs to the end."""
    start, size = 0, file.seek(0, 2)
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length = int(struct.unpack(">I", head[:4])[0])
        if length == 1 and len(head) == 16:
            length = int(struct.unpack(">Q", head[8:])[0])
        if length < 8:
            return None
        start += length
    return start


def probe(path: Path) -> SceneFile:
    """Describe a scene file: digest of its bytes, frames counted by decoding them all, frames a second, size in px.

    A picture stays until the next one's time stamp: one whose next was dropped counts as two frames.

    Raises RecordingError for a file that is missing, cut short, without frames, or no video at all.
    """
    facts, held = _facts(path), [held for _, held in _shown(path)]
    _require_frames(path, sum(held))
    notes = _clock_notes(facts.announced, held)
    return SceneFile(path, file_sha256(path), sum(held), facts.rate_hz, facts.width, facts.height, notes=notes)


def _clock_notes(announced: int, held: list[int]) -> tuple[str, ...]:
    """What is odd about a movie's clock, whose pictures stay for so many frames each."""
    longer, most = sum(frames > 1 for frames in held), max(held)
    said = {
        f"{longer} of {len(held)} pictures stay for up to {most} frames: some were dropped, or the rate varies": longer,
        f"its container announces {announced} pictures and holds {len(held)}": announced not in (0, len(held)),
    }
    return tuple(words for words, holds in said.items() if holds)


def decode_gray(path: Path, size_px: tuple[int, int] = (33, 53), rate_hz: float = 60.0) -> Frames:
    """Decode a movie to gray frames on a clock of its own.

    A frame of the file stays on the screen until the next one: each output frame is the one that is on at its center,
    so that 30 to 60 Hz shows every frame twice. The file's rate is taken as constant.

    Parameters
    ----------
    path : Path
        Movie of any codec, size and rate.
    size_px : tuple of int, default (33, 53)
        Height and width to scale to, bilinearly.
    rate_hz : float, default 60
        Frames a second of the result.

    Returns
    -------
    ndarray of uint8, shape (time, height, width)
        Gray levels. ``time`` is the file's duration times ``rate_hz``, rounded.

    Raises
    ------
    RecordingError
        If the file cannot be read, see ``probe``.
    """
    source_rate_hz = _facts(path).rate_hz
    shown = read_gray(path, size_px)
    check("recording.scene_seconds", len(shown) / source_rate_hz, path)
    time = round(len(shown) / source_rate_hz * rate_hz)
    return shown[on_screen(time, rate_hz, len(shown), source_rate_hz)]


def read_gray(path: Path, size_px: tuple[int, int]) -> Frames:
    """All of the file's own frames (time, height, width) uint8. Raises RecordingError as ``probe`` does."""
    _facts(path)
    shown = list(stream_gray(path, size_px))
    _require_frames(path, len(shown))
    return np.stack(shown)


def stream_gray(path: Path, size_px: tuple[int, int], start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
    """The file's own frames in order, each gray (height, width) uint8: for files too long to hold in memory.

    Parameters
    ----------
    path : Path
        Movie.
    size_px : tuple of int
        Height and width to scale to, bilinearly.
    start : int, default 0
        First frame, on the file's clock. Decoding begins at the key frame before it.
    stop : int, optional
        Frame after the last (default: to the end).

    Yields
    ------
    ndarray of uint8, shape (height, width)
        One frame.
    """
    scaler = VideoReformatter()  # kept from frame to frame: building one takes longer than using it
    for frame, held in _shown(path, start, stop):
        yield from itertools.repeat(_scaled(scaler, frame, size_px, "gray").to_ndarray(), held)


def length_and_size(path: Path) -> tuple[int, int, int]:
    """Frames on a movie's clock, their height and their width, without decoding. Raises RecordingError as ``probe``."""
    if not present_file(path):
        raise MissingFile(f"video file {path} is missing: restore it, or correct the name that leads to it")
    return _length_and_size(path, *_state(path))


@functools.lru_cache(maxsize=4096)
def _length_and_size(path: Path, *state: int) -> tuple[int, int, int]:
    facts = _facts(path)
    frames = max(facts.places.values(), default=-1) + 1 or sum(held for _, held in _shown(path))
    _require_frames(path, frames)
    return frames, facts.height, facts.width


def _state(path: Path) -> tuple[int, int]:
    """Bytes of a file and when it changed: what is kept of it holds while these stay."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def scale_gray(frames: Frames, size_px: tuple[int, int]) -> Frames:
    """Gray frames (time, height, width) uint8 scaled to ``size_px`` as those of a video file are."""
    if frames.shape[1:] == size_px:
        return frames
    scaler = VideoReformatter()
    return np.stack([_scaled(scaler, _frame(frame), size_px, "gray").to_ndarray() for frame in frames])


def write_gray(path: Path, frames: Iterable[np.ndarray], rate_hz: float, size_px: tuple[int, int]) -> None:
    """Encode gray images as MPEG-4 without visible blocks.

    Parameters
    ----------
    path : Path
        File to write; its ending names the container.
    frames : iterable of ndarray of uint8, shape (height, width)
        Images of any size.
    rate_hz : float
        Frames a second.
    size_px : tuple of int
        Even height and width that each image is scaled to.

    Raises
    ------
    RecordingError
        If an image has another form, there is none, or the size is odd, which MPEG-4 cannot carry.
    """
    _encode(str(path), MPEG4, frames, rate_hz, size_px)


def write_lossless(path: Path, frames: Frames, rate_hz: float) -> None:
    """Encode gray frames as FFV1, which ``read_gray`` gives back bit for bit.

    Parameters
    ----------
    path : Path
        File to write; its ending names the container.
    frames : ndarray of uint8, shape (time, height, width)
        Gray levels.
    rate_hz : float
        Frames a second.

    Raises
    ------
    RecordingError
        If the frames have another form, or there are none.
    """
    _encode(str(path), LOSSLESS, frames, rate_hz)


def webm(frames: Iterable[np.ndarray], rate_hz: float) -> bytes:
    """Encode gray images (height, width) uint8, of even sides, as WebM with VP9, which every browser plays.

    Raises RecordingError for an image of another form, and for none.
    """
    target = io.BytesIO()
    _encode(target, VP9, frames, rate_hz)
    return target.getvalue()


def _encode(
    target: str | io.BytesIO,
    codec: Codec,
    images: Iterable[np.ndarray],
    rate_hz: float,
    size_px: tuple[int, int] | None = None,
) -> None:
    """Encode gray images, each scaled to ``size_px`` (default: the size of the first)."""
    scaler, stream = VideoReformatter(), None
    with av.open(target, "w", format=None if isinstance(target, str) else "webm") as container:
        for image in images:
            frame = _frame(image)
            if stream is None:
                stream = _add_stream(container, codec, rate_hz, size_px or image.shape)
            size = stream.height, stream.width
            container.mux(stream.encode(_scaled(scaler, frame, size, codec.pixels)))
        if stream is None:
            raise RecordingError("no frames: a movie without frames cannot be written, expected one or more")
        container.mux(stream.encode(None))


def _add_stream(container: OutputContainer, codec: Codec, rate_hz: float, size_px: tuple[int, ...]) -> av.VideoStream:
    height, width = size_px
    if codec.pixels == "yuv420p" and (height % 2 or width % 2 or min(size_px) < 2):
        raise RecordingError(f"a movie of {height} by {width} px cannot be written: expected even numbers of 2 or more")
    rate = Fraction(rate_hz).limit_denominator(1001)
    stream = cast(av.VideoStream, container.add_stream(codec.name, rate=rate, options=dict(codec.options)))
    stream.height, stream.width, stream.pix_fmt = height, width, codec.pixels
    return stream


def _scaled(scaler: VideoReformatter, frame: av.VideoFrame, size_px: tuple[int, int], pixels: str) -> av.VideoFrame:
    height, width = size_px
    return scaler.reformat(frame, width, height, pixels, interpolation="BILINEAR", threads=1)


def _frame(image: np.ndarray) -> av.VideoFrame:
    if image.ndim != 2 or image.dtype != np.uint8 or image.size == 0:
        raise RecordingError(f"an image of shape {image.shape} and type {image.dtype}: expected (height, width) uint8")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray")


def _opened(path: Path) -> av.container.InputContainer:
    """A video, open for reading by the demuxer of its first bytes, which opens no other file and no address.

    Playlists and lists of files are no videos here. Raises RecordingError for a format that is not known.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    demuxer = next((name for start, mark, name in _DEMUXERS if head[start:].startswith(mark)), None)
    if demuxer is None:
        raise RecordingError(
            f"{path} is not a video of a known format: expected AVI, MP4, MOV, Matroska, WebM, MPEG, ASF, FLV, Ogg, "
            "GIF, NUT, IVF or Y4M, or a picture as PNG or JPEG; convert it"
        )
    if demuxer == "png_pipe" and b"acTL" in head:  # an animated one
        demuxer = "apng"
    return av.open(f"file:{path}", format=demuxer, options={"protocol_whitelist": "file"})


class _Facts(NamedTuple):
    """A video's clock and size: frames a second, and the place on that clock of each picture by its time stamp.

    ``indexed``: its container says where key frames are, and every picture has a time stamp of its own; ``announced``:
    as many pictures it says that there are, 0 if it does not.
    """

    rate_hz: float
    width: int
    height: int
    places: dict[int, int]
    indexed: bool
    announced: int


def _facts(path: Path) -> _Facts:
    """Clock and size of a video. Raises RecordingError for what is none."""
    if not present_file(path):
        raise MissingFile(f"video file {path} is missing: restore it, or correct the name that leads to it")
    size, declared = path.stat().st_size, declared_bytes(path)
    if declared is not None and size < declared:
        raise RecordingError(
            f"{path} is cut short: it says it has {declared} bytes but {size} are there; copy it again"
        )
    try:
        with _opened(path) as container:
            stream = container.streams.video[0]
            width, height = stream.codec_context.width, stream.codec_context.height
            check("movie.pixels", width * height, path)
            rates = [rate for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate) if rate]
            pictures = [packet.pts for packet in container.demux(stream) if packet.size]  # a dropped one has no bytes
            stamps = sorted({stamp for stamp in pictures if stamp is not None})
            indexed = len(stamps) == len(pictures) and container.format.name.startswith(_INDEXED)
            tick_s, announced = float(stream.time_base or 0), stream.frames
            if container.format.name in _UNSTAMPED or tick_s <= 0:
                stamps = []
    except RecordingError:  # a ValueError too
        raise
    except _UNREADABLE as error:
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} is not a readable video ({error}): expected a file as .avi or .mp4") from error
    if container.format.name in _PICTURES and len(stamps) > 1:
        raise RecordingError(f"{path} holds {len(stamps)} pictures without a clock: expected one picture a file")
    if not rates and (len(stamps) < 2 or (stamps[-1] - stamps[0]) * tick_s <= 0):
        raise RecordingError(f"{path} does not say its frames a second: write it again with a constant rate")
    times_s = (np.array(stamps, np.float64) - stamps[0]) * tick_s if stamps else np.zeros(0)
    rate_hz, places = on_clock(times_s, [float(rate) for rate in rates], tick_s)
    check("movie.frames", int(places[-1]) + 1 if len(places) else 0, path, size)
    return _Facts(rate_hz, width, height, dict(zip(stamps, places.tolist(), strict=True)), indexed, announced)


@functools.lru_cache(maxsize=8)
def _kept_facts(path: Path, *state: int) -> _Facts:
    """Facts of the movies that stretches were last asked of: many are asked of one."""
    return _facts(path)


def _shown(path: Path, start: int = 0, stop: int | None = None) -> Iterator[tuple[av.VideoFrame, int]]:
    """Each picture, and for how many frames from ``start`` to ``stop`` of the file's clock it stays; the last for one.

    A picture that stays for none of these is left out.
    """
    part = start > 0 or stop is not None
    facts = _kept_facts(path, *_state(path)) if part else _facts(path)
    end, before = math.inf if stop is None else stop, None
    for frame in _from(path, facts, start):
        place = 0 if before is None else before[1] + 1
        if frame.pts is not None:
            place = facts.places.get(frame.pts, place)
        if before is not None:
            place = max(place, before[1])
            if (held := min(place, end) - max(before[1], start)) > 0:
                yield before[0], int(held)
            if place >= end:
                return
        before = frame, place
    if before is not None and start <= before[1] < end:
        yield before[0], 1


def _from(path: Path, facts: _Facts, start: int) -> Iterator[av.VideoFrame]:
    """Pictures in order, from one that is on at frame ``start`` or before it."""
    stamps = [stamp for stamp, place in facts.places.items() if place <= start] if start and facts.indexed else []
    if stamps:
        pictures = _decoded(path, stamps[-1])
        first = next(pictures, None)
        if first is not None and first.pts in facts.places and first.pts <= stamps[-1]:
            yield first
            yield from pictures
            return
    yield from _decoded(path)


def _decoded(path: Path, stamp: int | None = None) -> Iterator[av.VideoFrame]:
    """Pictures in order, from the key frame before a time stamp (default: all)."""
    try:
        with _opened(path) as container:
            stream = container.streams.video[0]
            if stamp is not None:
                container.seek(stamp, stream=stream)
            stream.thread_type = "NONE"  # scene files are small: threads cost more than they bring
            stream.codec_context.options = {"max_pixels": str(limit("movie.pixels"))}
            size, pixels = path.stat().st_size, 0
            for number, frame in enumerate(container.decode(stream), 1):
                pixels += frame.width * frame.height
                check("movie.decoded", pixels, path, size)
                check("movie.frames", number, path, size)
                yield frame
    except RecordingError:  # a ValueError too
        raise
    except _UNREADABLE as error:
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} cannot be decoded to its end ({error}): it is damaged; copy it again") from error


def _require_frames(path: Path, frames: int) -> None:
    if frames == 0:
        raise RecordingError(f"{path} holds no frames: expected a movie; copy or export it again")
