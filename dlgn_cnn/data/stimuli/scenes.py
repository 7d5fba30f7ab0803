"""A scene's frames, from wherever a layout keeps them: a video file of their own, or a part of another file."""

import hashlib
from pathlib import Path

import numpy as np

from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import Registry
from dlgn_cnn.shapes import Frames
from dlgn_cnn.storage.files import file_sha256

# By layout: a function of (path, address) that returns frames (time, height, width) uint8. Readers register theirs.
FRAME_SOURCES = Registry("layout of frames", "dlgn_cnn.data.readers", given=("path", "address"))


def scene_frames(file: SceneFile, size_px: tuple[int, int]) -> Frames:
    """A scene's frames (time, height, width) at its own rate, scaled bilinearly to ``size_px`` (height, width).

    Raises RecordingError where they are no longer those that were ingested, or cannot be read.
    """
    from dlgn_cnn.data.stimuli.video import read_gray, scale_gray

    if not file.path.exists():
        raise RecordingError(f"scene file {file.path} is missing: restore it")
    if not file.part:
        if file_sha256(file.path) != file.sha256:
            raise _changed(file)
        return read_gray(file.path, size_px)
    layout, _, address = file.part.partition(":")
    frames = FRAME_SOURCES.get(layout)(file.path, address)
    if frames_sha256(frames) != file.sha256:
        raise _changed(file)
    return scale_gray(frames, size_px)


def array_scene(path: Path, part: str, frames: Frames, rate_hz: float) -> SceneFile:
    """Describe frames (time, height, width) that lie within ``path`` at ``part``, "layout:address".

    Raises RecordingError where there are none, or the rate is not above 0.
    """
    if frames.ndim != 3 or frames.size == 0:
        raise RecordingError(f"{path} ({part}): frames have shape {frames.shape}, expected (time, height, width)")
    if not (np.isfinite(rate_hz) and rate_hz > 0):
        raise RecordingError(f"{path} ({part}): {rate_hz} frames a second, expected a rate above 0")
    time, height, width = frames.shape
    return SceneFile(path, frames_sha256(frames), time, float(rate_hz), width, height, part)


def as_gray(values: np.ndarray, where: str, gray_range: tuple[float, float] | None = None) -> Frames:
    """Gray levels as uint8: as they are, or ``gray_range`` (black, white) stretched over 0..255 and rounded.

    Without a range, numbers of another type must be whole gray levels. Raises RecordingError, which begins with
    ``where``, for values outside the range, NaN, and anything that rounding would change unasked.
    """
    if values.dtype == np.uint8 and gray_range is None:
        return values
    if values.dtype.kind not in "iuf":
        raise RecordingError(f"{where}: frames are of type {values.dtype}, expected numbers")
    black, white = gray_range or (0.0, 255.0)
    if not white > black:
        raise RecordingError(f"{where}: gray_range [{black}, {white}], expected black below white")
    levels = (values.astype(np.float32) - np.float32(black)) * np.float32(255 / (white - black))
    if not np.isfinite(levels).all() or levels.min(initial=0) < -0.01 or levels.max(initial=0) > 255.01:
        raise RecordingError(
            f"{where}: frames hold values outside [{black}, {white}] or NaN: correct or state gray_range"
        )
    whole = np.rint(levels)
    if gray_range is None and np.abs(whole - levels).max(initial=0) > 0.01:
        raise RecordingError(
            f"{where}: frames are no whole gray levels: state gray_range, the values of black and white"
        )
    return whole.astype(np.uint8)


def frames_sha256(frames: Frames) -> str:
    """Hex digest of frames and their shape."""
    digest = hashlib.sha256(f"{frames.dtype.str}{frames.shape}".encode())
    digest.update(np.ascontiguousarray(frames).data)
    return digest.hexdigest()


def _changed(file: SceneFile) -> RecordingError:
    where = f"{file.path} ({file.part})" if file.part else str(file.path)
    return RecordingError(f"scene file {where} has changed since it was ingested: restore it or ingest again")
