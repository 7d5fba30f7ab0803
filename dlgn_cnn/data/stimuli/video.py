"""Scene files in and out: every codec, size and rate becomes gray frames on one clock. The one door to PyAV."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dlgn_cnn.data.binning import on_screen
from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.data.stimuli.containers import declared_bytes
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Frames
from dlgn_cnn.storage.files import file_sha256

CODEC, LOSSLESS_CODEC = "mpeg4", "ffv1"
QUANTIZER = 3  # the codec's scale runs from 1, finest, to 31; at 3 its blocks are invisible at 424x264
# The last two: a damaged codec's name leaves no codec, and damaged labels are no UTF-8.
_UNREADABLE = (av.FFmpegError, IndexError, OSError, AttributeError, ValueError)


@dataclass(frozen=True)
class _Facts:
    """What the container says of its video stream."""

    rate_hz: float
    width_px: int
    height_px: int


def probe(path: Path) -> SceneFile:
    """Describe a scene file: digest of its bytes, frames counted by decoding them all, frames a second, size in px.

    Raises RecordingError for a file that is missing, cut short, without frames, or no video at all.
    """
    facts, frames = _facts(path), sum(1 for _ in _decoded(path))
    _require_frames(path, frames)
    return SceneFile(path, file_sha256(path), frames, facts.rate_hz, facts.width_px, facts.height_px)


def decode_gray(
    path: Path, size_px: tuple[int, int] = (33, 53), rate_hz: float = 60.0, duration_s: float | None = None
) -> Frames:
    """Gray frames (time, height, width) uint8 at ``rate_hz``, scaled bilinearly to ``size_px`` (height, width).

    A frame of the file stays on the screen until the next one: each output frame is the one that is on at its center,
    so 30 to 60 Hz shows every frame twice. The file's rate is taken as constant. ``time`` is the file's frames over its
    rate times ``rate_hz``, rounded; ``duration_s`` keeps the first seconds only. Raises RecordingError as ``probe``
    does, and where the movie is shorter than ``duration_s``.
    """
    if min(size_px) < 1 or rate_hz <= 0:
        raise RecordingError(
            f"size_px {size_px} and rate_hz {rate_hz}: expected (height, width) in px and a rate above 0"
        )
    source_rate_hz = _facts(path).rate_hz
    shown = read_gray(path, size_px)
    time = round(len(shown) / source_rate_hz * rate_hz)
    if duration_s is not None:
        if round(duration_s * rate_hz) > time:
            raise RecordingError(f"{path} lasts {time / rate_hz:.3f} s, less than the {duration_s:.3f} s asked for")
        time = round(duration_s * rate_hz)
    return shown[on_screen(time, rate_hz, len(shown), source_rate_hz)]


def read_gray(path: Path, size_px: tuple[int, int]) -> Frames:
    """All of the file's own frames (time, height, width) uint8. Raises RecordingError as ``probe`` does."""
    _facts(path)
    shown = list(stream_gray(path, size_px))
    _require_frames(path, len(shown))
    return np.stack(shown)


def stream_gray(path: Path, size_px: tuple[int, int]) -> Iterator[np.ndarray]:
    """The file's own frames in order, each gray (height, width) uint8: for files too long to hold in memory."""
    height, width = size_px
    scaler = VideoReformatter()  # kept from frame to frame: building one takes longer than using it
    for frame in _decoded(path):
        yield scaler.reformat(frame, width, height, "gray", interpolation="BILINEAR", threads=1).to_ndarray()


def scale_gray(frames: Frames, size_px: tuple[int, int]) -> Frames:
    """Gray frames (time, height, width) uint8 scaled to ``size_px`` as those of a video file are."""
    if frames.shape[1:] == size_px:
        return frames
    (height, width), scaler = size_px, VideoReformatter()
    scaled = [
        scaler.reformat(_frame(frame), width, height, "gray", interpolation="BILINEAR", threads=1).to_ndarray()
        for frame in frames
    ]
    return np.stack(scaled)


def write_gray(path: Path, frames: Iterable[np.ndarray], rate_hz: float, size_px: tuple[int, int]) -> None:
    """Encode gray images (height, width) uint8, each scaled to ``size_px`` (height, width), without visible blocks.

    Raises RecordingError for an image of another form, for none, and for a size that is odd, which MPEG-4 cannot carry.
    """
    height, width = size_px
    if height < 2 or width < 2 or height % 2 or width % 2:
        raise RecordingError(f"a movie of {height} by {width} px cannot be written: expected even numbers of 2 or more")
    scaler, written = VideoReformatter(), 0
    with av.open(str(path), "w") as container:
        stream = cast(av.VideoStream, container.add_stream(CODEC, rate=Fraction(rate_hz).limit_denominator(1001)))
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.qmin = stream.codec_context.qmax = QUANTIZER
        for image in frames:
            frame = _frame(image)
            container.mux(
                stream.encode(scaler.reformat(frame, width, height, "yuv420p", interpolation="BILINEAR", threads=1))
            )
            written += 1
        container.mux(stream.encode(None))
    _require_frames(path, written)


def write_lossless(path: Path, frames: Frames, rate_hz: float) -> None:
    """Encode gray frames (time, height, width) uint8 as FFV1, which ``read_gray`` gives back bit for bit.

    Raises RecordingError for frames of another form, and for none.
    """
    _require_frames(path, len(frames))
    with av.open(str(path), "w") as container:
        rate = Fraction(rate_hz).limit_denominator(1001)
        stream = cast(av.VideoStream, container.add_stream(LOSSLESS_CODEC, rate=rate))
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "gray"
        for image in frames:
            container.mux(stream.encode(_frame(image)))
        container.mux(stream.encode(None))


def _frame(image: np.ndarray) -> av.VideoFrame:
    if image.ndim != 2 or image.dtype != np.uint8 or image.size == 0:
        raise RecordingError(f"an image of shape {image.shape} and type {image.dtype}: expected (height, width) uint8")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray")


def _facts(path: Path) -> _Facts:
    if not path.is_file():
        raise RecordingError(f"video file {path} is missing: restore it, or correct the name that leads to it")
    size, declared = path.stat().st_size, declared_bytes(path)
    if declared is not None and size < declared:
        raise RecordingError(
            f"{path} is cut short: it says it has {declared} bytes but {size} are there; copy it again"
        )
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate
            facts = _Facts(float(rate or 0), stream.codec_context.width, stream.codec_context.height)
    except _UNREADABLE as error:
        raise RecordingError(f"{path} is no video that can be read ({error}): expected such as .avi or .mp4") from error
    if facts.rate_hz <= 0:
        raise RecordingError(f"{path} does not say its frames a second: write it again with a constant rate")
    return facts


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # scene files are small: threads cost more than they bring
            yield from container.decode(stream)
    except _UNREADABLE as error:
        raise RecordingError(f"{path} cannot be decoded to its end ({error}): it is damaged; copy it again") from error


def _require_frames(path: Path, frames: int) -> None:
    if frames == 0:
        raise RecordingError(f"{path} holds no frames: expected a movie; copy or export it again")
