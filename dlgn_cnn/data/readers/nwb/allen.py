"""Allen Institute's layout: a table for each stimulus with a row for each frame, and pixels in files of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.readers.nwb.stimuli import Shown, named
from dlgn_cnn.data.readers.shared.arrays import seconds, whole_numbers
from dlgn_cnn.data.readers.shared.movie_stretches import LAYOUT
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.recording import PresentationTimes, SceneFile, SceneKey
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.values import number

SUFFIX = "_presentations"
FRAME = ("frame", "movie_frame_index")
MISSING = ("", "N/A", "null", "nan", "None")


def tables_of_frames(tables: Mapping[str, Any]) -> dict[str, Any]:
    """The tables that have a row for each frame, by the name of their stimulus."""
    found = {name.removesuffix(SUFFIX): table for name, table in tables.items() if name.endswith(SUFFIX)}
    return {name: table for name, table in found.items() if set(FRAME) & set(table.colnames)}


def frames_shown(
    path: Path, tables: Mapping[str, Any], movies: Mapping[str, str], clip_s: float, test_share: float
) -> Shown:
    """What tables with a row for each frame show.

    Parameters
    ----------
    path : Path
        The file.
    tables : mapping of str to TimeIntervals
        Tables by the name of their stimulus.
    movies, clip_s, test_share
        Options of ``reader.read_nwb``.

    Returns
    -------
    Shown
        A presentation for each clip of each repeat of a movie, and for each image.

    Raises
    ------
    RecordingError
        If no pixels are given, or a table contradicts itself.
    """
    if not tables:
        raise RecordingError(f"{path} has no table with a row for each frame: leave out the option movies")
    if not movies:
        rows = ", ".join(f"{name} ({len(table)} rows)" for name, table in tables.items())
        raise RecordingError(
            f"{path} has rows for each frame of {rows}, and no pixels: give them by the option "
            f"movies={{{next(iter(tables))}: FILE}}, each FILE a movie or a .npy array (time, height, width) in the "
            "recording's folder"
        )
    number("clip_s", clip_s, 0, above=True)
    number("test_share", test_share, 0, 1)
    left = sorted(set(tables) - set(movies))
    notes = [f"option movies names no file for {', '.join(left)}: left out"] if left else []
    shown = Shown({}, [], notes)
    for name, file in movies.items():
        table = named(path, "table of frames of", tables, name)
        _add(shown, path, name, table, inside(path.parent, str(file), f"{path}: movies"), clip_s, test_share)
    return shown


def fold(frames: np.ndarray, blocks: np.ndarray, clips: np.ndarray) -> list[np.ndarray]:
    """Rows of each presentation of a clip: one begins where the frame does not rise, in another block or another clip.

    Parameters
    ----------
    frames, blocks, clips : ndarray of int, shape (row,)
        Frame of the movie, block of the session, and clip of each row, in order of time.

    Returns
    -------
    list of ndarray
        Row numbers of each presentation.

    Examples
    --------
    >>> [rows.tolist() for rows in fold(np.array([0, 1, 3, 0, 1]), np.zeros(5), np.array([0, 0, 1, 0, 0]))]
    [[0, 1], [2], [3, 4]]
    """
    new = (np.diff(frames) <= 0) | (np.diff(blocks) != 0) | (np.diff(clips) != 0)
    return np.split(np.arange(len(frames)), np.flatnonzero(new) + 1)


def _add(shown: Shown, path: Path, name: str, table: Any, file: Path, clip_s: float, test_share: float) -> None:
    """Add what one table shows: all is a movie's clips, of which those of images are one frame long."""
    columns = _rows(f"{path}: {table.name}", table)
    frames, blocks, starts, stops = (one[columns[0] >= 0] for one in columns)
    if len(frames) == 0:
        raise RecordingError(f"{path}: {table.name} has no row with a frame: leave it out of the option movies")
    steps, total = np.diff(frames) == 1, int(frames.max()) + 1
    moves = len(steps) > 0 and np.mean(steps) > 0.5  # else images, in any order
    rate_hz = float(1 / np.median(np.diff(starts)[steps] if moves else stops - starts))
    length = max(1, round(clip_s * rate_hz)) if moves else 1
    firsts = [*range(0, total, length)][: max(1, round(total / length))]
    clips = np.searchsorted(firsts, frames, side="right") - 1
    there = np.unique(clips).tolist()
    tests = max(int(test_share > 0), round(test_share * len(there))) if len(there) > 1 else 0
    dropped = 0
    for rows in fold(frames, blocks, clips):
        clip = int(clips[rows[0]])
        first, stop = firsts[clip], (*firsts, total)[clip + 1]
        part, key = f"{LAYOUT}{first}:{stop}", SceneKey(name, clip)
        shown.scenes[key] = SceneFile(file, f"{file}|{part}", stop - first, rate_hz, 0, 0, part)
        onsets = np.full(stop - first, np.nan)
        onsets[frames[rows] - first] = starts[rows]
        dropped += int(np.isnan(onsets).sum())
        tier = "test" if clip in there[len(there) - tests :] else "train"
        edges = float(starts[rows[0]]), float(stops[rows[-1]])
        shown.presentations.append(
            PresentationTimes(len(shown.presentations), key, *edges, tier, tuple(onsets.tolist()))
        )
    scenes = f"clips of {length} frames" if moves else "images"
    shown.notes.append(
        f"{name}: {len(frames)} rows show {len(there)} {scenes}, the last {tests} of them for testing; "
        f"{dropped} frames were dropped; {len(columns[0]) - len(frames)} rows show none"
    )


def _rows(where: str, table: Any) -> tuple[np.ndarray, ...]:
    """Frame, block, start and stop of the rows, in order of time; frame -1 is a gray screen, or none."""
    starts, stops = (seconds(table[name][:], f"{where}: {name}") for name in ("start_time", "stop_time"))
    frame = next(name for name in FRAME if name in table.colnames)
    frames, blocks = (
        _numbers(f"{where}: {name}", table[name][:]) if name in table.colnames else np.zeros(len(starts), np.int64)
        for name in (frame, "stimulus_block")
    )
    order = np.argsort(starts, kind="stable")
    ends = np.minimum(stops[order], np.append(starts[order][1:], np.inf))
    return frames[order], blocks[order], starts[order], ends


def _numbers(where: str, values: Any) -> np.ndarray:
    """A column of whole numbers, or of texts of them; -1 where it says that there is none."""
    try:
        found = np.array(["-1" if str(value) in MISSING else str(value) for value in values], np.float64)
    except ValueError as error:
        raise RecordingError(f"{where}: {error}, expected whole numbers") from error
    return whole_numbers(found, where)
