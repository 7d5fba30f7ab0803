"""Stretches of movies that a recording refers to: of one file, or of several that follow one another."""

import re
from collections.abc import Iterator
from pathlib import Path

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers.shared.arrays import map_array
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.recording import SceneFile
from dlgn_cnn.data.stimuli.scenes import BLOCK, FRAME_SOURCES, as_gray, in_blocks, streamed_scene
from dlgn_cnn.errors import MissingFile, RecordingError
from dlgn_cnn.shapes import Frames
from dlgn_cnn.storage.rights import present_file

LAYOUT = "movie:"


def movie_size(path: Path) -> tuple[int, int, int]:
    """Frames of a movie file or a ``.npy`` array (time, height, width), their height and width, from its head.

    Raises RecordingError for what is neither, MissingFile for none.
    """
    if path.suffix != ".npy":
        from dlgn_cnn.data.stimuli.video import length_and_size

        return length_and_size(path)
    if not present_file(path):
        raise MissingFile(f"{path} is missing: restore it, or correct the name that leads to it")
    shape = map_array(path).shape
    if len(shape) != 3 or 0 in shape:
        raise RecordingError(f"{path} has shape {shape}, expected (time, height, width)")
    check("movie.pixels", shape[1] * shape[2], path)
    return shape


def stretch_scene(path: Path, part: str, rate_hz: float) -> SceneFile:
    """Describe a stretch of movies, which is decoded once for its digest.

    Parameters
    ----------
    path : Path
        The movie that it begins in.
    part : str
        ``movie:`` and the address that ``movie_frames`` takes.
    rate_hz : float
        Frames a second.

    Returns
    -------
    SceneFile
        Known by the digest of its frames.

    Raises
    ------
    RecordingError
        If a movie cannot be read, or the frames of several differ in size.
    """
    address = part.removeprefix(LAYOUT)
    frames = sum(stop - start for _, start, stop in _pieces(path, address))
    return streamed_scene(path, part, movie_frames(path, address), frames, rate_hz)


@FRAME_SOURCES.register(LAYOUT.rstrip(":"))
def movie_frames(path: Path, address: str) -> Iterator[Frames]:
    """Frames ``start:stop`` of a movie, and of those that follow it in its folder, as ``200:240|second.avi:0:20``."""
    for file, start, stop in _pieces(path, address):
        frames, height, width = movie_size(file)
        if stop > frames:
            raise RecordingError(f"{file} has {frames} frames, and {start} to {stop} are asked for: restore the file")
        if file.suffix == ".npy":
            array, step = map_array(file), max(1, BLOCK // (height * width))
            for first in range(start, stop, step):
                yield as_gray(array[first : min(first + step, stop)], f"{file}, from frame {first} on")
        else:
            from dlgn_cnn.data.stimuli.video import stream_gray

            yield from in_blocks(stream_gray(file, (height, width), start, stop))


def _pieces(path: Path, address: str) -> list[tuple[Path, int, int]]:
    """Each file of an address, with its first frame and the one after its last."""
    found = [re.fullmatch(r"(.*):(\d{1,9}):(\d{1,9})", one, re.DOTALL) for one in f"{path.name}:{address}".split("|")]
    pieces = [(one[1], int(one[2]), int(one[3])) for one in found if one]
    if len(pieces) < len(found) or any(start >= stop for _, start, stop in pieces):
        raise RecordingError(f"{path}: {address!r:.200} names no stretch of frames: ingest the recording again")
    return [(inside(path.parent, name, f"{path} ({address:.200})"), start, stop) for name, start, stop in pieces]
