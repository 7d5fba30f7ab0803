"""A scene's frames, from wherever a layout keeps them: a video file of their own, or a part of another file."""

import contextlib
import hashlib
import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import Registry
from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.storage.files import file_sha256, missing_file
from dlgn_cnn.storage.rights import present

# By layout: a function of (path, address) that returns frames (time, height, width) uint8, or blocks of them, one after
# the other, where they may be too many to hold in memory. Readers register theirs.
FRAME_SOURCES = Registry("layout of frames", "dlgn_cnn.data.readers", given=("path", "address"))
LUMA = np.array([0.299, 0.587, 0.114])  # of red, green and blue in gray (ITU-R BT.601)
BLOCK = 2**24  # pixels that are read, digested and scaled at a time


def scene_frames(file: SceneFile, size_px: tuple[int, int]) -> Frames:
    """A scene's frames (time, height, width) at its own rate, scaled bilinearly to ``size_px`` (height, width).

    Raises RecordingError where they are no longer those that were ingested, or cannot be read.
    """
    from dlgn_cnn.data.stimuli.video import read_gray, scale_gray

    if not present(file.path):
        raise missing_file("scene file", file.path, file.stored)
    changed = "has changed since it was ingested: restore it or ingest again"
    if not file.part:
        if file.sha256 != file_sha256(file.path):
            raise RecordingError(f"scene file {file.path} {changed}")
        return read_gray(file.path, size_px)
    layout, _, address = file.part.partition(":")
    digest, scaled = _digest((file.frames, file.height_px, file.width_px)), []
    with contextlib.closing(_blocks(FRAME_SOURCES.get(layout)(file.path, address))) as blocks:
        for block in blocks:
            if block.shape[1:] != (file.height_px, file.width_px):
                break
            digest.update(np.ascontiguousarray(block).data)
            scaled.append(scale_gray(block, size_px))
    if file.sha256 != digest.hexdigest():
        raise RecordingError(f"scene file {file.path} ({file.part}) {changed}")
    return scaled[0] if len(scaled) == 1 else np.concatenate(scaled)


def _blocks(found: Frames | Iterable[Frames]) -> Generator[Frames, None, None]:
    """Frames as blocks of them, from a source that ends, with what it holds, when this is closed."""
    yield from [found] if isinstance(found, np.ndarray) else found


def in_blocks(frames: Iterable[np.ndarray]) -> Iterator[Frames]:
    """Single frames (height, width) as blocks (time, height, width) of at most ``BLOCK`` pixels, or one frame."""
    rest = iter(frames)
    for first in rest:
        more = max(0, BLOCK // max(1, first.size) - 1)
        yield np.stack([first, *itertools.islice(rest, more)])


def array_scene(path: Path, part: str, frames: Frames, rate_hz: float) -> SceneFile:
    """Describe frames that lie within another file.

    Parameters
    ----------
    path : Path
        The file.
    part : str
        Where in it they lie, "layout:address".
    frames : ndarray of uint8, shape (time, height, width)
        The frames.
    rate_hz : float
        Frames a second.

    Returns
    -------
    SceneFile
        Known by the digest of the frames.

    Raises
    ------
    RecordingError
        If there are no frames, or the rate is not above 0.
    """
    if frames.ndim != 3 or frames.size == 0:
        raise RecordingError(f"{path} ({part}): frames have shape {frames.shape}, expected (time, height, width)")
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise RecordingError(f"{path} ({part}): {rate_hz} frames a second, expected a rate above 0")
    time, height, width = frames.shape
    return SceneFile(path, frames_sha256(frames), time, float(rate_hz), width, height, part)


def streamed_scene(path: Path, part: str, blocks: Iterable[Frames], time: int, rate_hz: float) -> SceneFile:
    """Describe frames that lie within another file and come in blocks, so that never all are in memory.

    Parameters
    ----------
    path : Path
        The file.
    part : str
        Where in it they lie, "layout:address".
    blocks : iterable of ndarray of uint8, shape (time, height, width)
        The frames, one block after the other.
    time : int
        How many they are.
    rate_hz : float
        Frames a second.

    Returns
    -------
    SceneFile
        Known by the digest of the frames, as ``array_scene`` has it.

    Raises
    ------
    RecordingError
        If there are more or fewer frames, or their size changes.
    """
    done, size, digest = 0, None, hashlib.sha256()
    for block in blocks:
        if size is None:
            size, digest = block.shape[1:], _digest((time, *block.shape[1:]))
        if block.shape[1:] != size:
            raise RecordingError(f"{path} ({part}): frames of {block.shape[1:]} px follow those of {size} px")
        digest.update(np.ascontiguousarray(block).data)
        done += len(block)
    if size is None or done != time:
        raise RecordingError(f"{path} ({part}): {done} frames are there, expected {time}")
    return SceneFile(path, digest.hexdigest(), time, float(rate_hz), size[1], size[0], part)


def as_gray(values: np.ndarray, where: str, gray_range: Sequence[float] | Times | None = None) -> Frames:
    """Return gray levels as uint8.

    Parameters
    ----------
    values : ndarray
        Gray levels as they are, or within ``gray_range``.
    where : str
        How errors begin.
    gray_range : sequence of float, optional
        Values of black and white, which are stretched over 0..255 and rounded (default: 0 and 255, and numbers must be
        whole).

    Returns
    -------
    ndarray of uint8
        Gray levels, of the same shape.

    Raises
    ------
    RecordingError
        If a value is NaN, outside the range, or would be changed by rounding unasked.

    Examples
    --------
    >>> as_gray(np.array([0.0, 0.2, 1.0]), "frames", (0.0, 1.0))
    array([  0,  51, 255], dtype=uint8)
    """
    if values.dtype == np.uint8 and gray_range is None:
        return values
    if values.dtype.kind not in "iuf":
        raise RecordingError(f"{where}: frames are of type {values.dtype}, expected numbers")
    black, white = map(float, (0, 255) if gray_range is None else gray_range)
    if not 0 < white - black < np.inf:
        raise RecordingError(f"{where}: gray_range [{black}, {white}], expected black below white, both finite")
    levels = (values.astype(np.float32) - np.float32(black)) * np.float32(255 / (white - black))
    if not np.isfinite(levels).all() or levels.min(initial=0) < -0.01 or levels.max(initial=0) > 255.01:
        raise RecordingError(
            f"{where}: frames hold values outside [{black}, {white}] or NaN: correct or state gray_range"
        )
    whole = np.rint(levels)
    if gray_range is None and np.abs(whole - levels).max(initial=0) > 0.01:
        raise RecordingError(
            f"{where}: frames are not whole gray levels: state gray_range, the values of black and white"
        )
    return whole.astype(np.uint8)


def frames_sha256(frames: Frames) -> str:
    """Hex digest of frames and their shape."""
    digest = _digest(frames.shape)
    digest.update(np.ascontiguousarray(frames).data)
    return digest.hexdigest()


def _digest(shape: tuple[int, ...]) -> "hashlib._Hash":
    """The beginning of the digest of gray frames of this shape; their bytes follow."""
    return hashlib.sha256(f"{np.dtype(np.uint8).str}{shape}".encode())
