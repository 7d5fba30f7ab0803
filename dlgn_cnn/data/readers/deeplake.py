"""Reader of Deep Lake folders of version 3, which hold a row a trial.

A process of its own opens the folder (``dlgn_cnn.data.store.decoder``), and its cells are copied to files.
"""

import functools
import os
import tempfile
from pathlib import Path

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import numbers
from dlgn_cnn.data.readers.shared.near_files import inside
from dlgn_cnn.data.readers.shared.trial_arrays import (
    BEHAVIOR_ROWS,
    OF_UNUSED_TIER,
    OPTIONAL,
    UNRECORDED,
    UNUSED_TIER,
    ArrayTrial,
    recording_of,
    unpadded,
)
from dlgn_cnn.data.recording import SessionKey, SessionRecording
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES, array_scene, as_gray
from dlgn_cnn.data.store.decoder import Stopped, Undecoded, decode
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats, Frames
from dlgn_cnn.storage.rights import files_below, present_file, require_readable

MARKS = ("dataset_meta.json", "version_control_info.json")
TIERS = ("tiers", "tier")
COLUMNS = ("videos", "responses", *OPTIONAL, *TIERS)


class DeepLakeRows:
    """A folder's rows, ``count`` of them. The copies of their cells lie in a temporary folder for as long as this does.

    The folder carries no hashes, so a chunk that was damaged before it came to us reads as zeros and cannot be told
    from data. Raises RecordingError for one that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="dlgn-deeplake-")
        try:
            self.columns, self.count = decode(folder, COLUMNS, self._keep, ours=False)
        except Undecoded as error:
            require_readable(folder)
            expected = ": expected a whole folder of version 3 whose columns hold the data themselves"
            raise RecordingError(f"{error}{'' if isinstance(error, Stopped) else expected}") from error

    def cell(self, row: int, column: str) -> np.ndarray:
        """The array of one cell of ``COLUMNS``; a text is an array without axes."""
        found: np.ndarray = np.load(self._file(row, column), allow_pickle=False)
        return found

    def _keep(self, row: int, column: str, cell: np.ndarray) -> None:
        np.save(self._file(row, column), cell, allow_pickle=False)

    def _file(self, row: int, column: str) -> Path:
        return Path(self._place.name) / f"{row}.{column}.npy"


def deeplake_rows(folder: Path) -> DeepLakeRows:
    """The rows of a folder; those of the last one are kept, since its scenes are asked for one by one."""
    resolved = folder.resolve()
    for place, folders, names in os.walk(resolved):
        for name in (*folders, *names):
            inside(resolved, str(Path(place) / name), f"{folder}: an entry")
    require_readable(resolved)  # in a process of its own, Deep Lake would say that the folder is damaged
    changed_ns = max((file.stat().st_mtime_ns for file in files_below(resolved)), default=0)
    return _kept(resolved, changed_ns)


@functools.lru_cache(maxsize=1)
def _kept(folder: Path, changed_ns: int) -> DeepLakeRows:
    return DeepLakeRows(folder)


@reader("deeplake", lambda path: all(present_file(path / name) for name in MARKS))
def read_deeplake(
    path: Path,
    *,
    mouse: str,
    series: int,
    experiment: int,
    rate_hz: float,
    units: list[int] | None = None,
    behavior_rows: list[str] | None = None,
    progress: Progress = silent,
) -> list[SessionRecording]:
    """Read one session from a Deep Lake folder with a row a trial.

    Columns ``videos`` (time, height, width) or (height, width, time), gray levels, a leading axis of one allowed;
    ``responses`` (unit, time); ``tiers`` or ``tier``, "train" for training and any other word for testing; and, if they
    exist, ``opto`` (time,) share lit, ``behavior`` (2, time) and ``pupil_center`` (x, y; time). A row ends where its
    video or its responses turn NaN. Left out are rows of tier "none", rows whose responses are NaN throughout, and
    those of a tier of tests whose responses are all 0, which is how a competition withholds them.

    Parameters
    ----------
    path : Path
        The folder, of version 3.
    mouse : str
        Name of the mouse; the folder does not know its session.
    series, experiment : int
        Numbers that complete the session's name.
    rate_hz : float
        Frames a second; the folder has no clock.
    units : list of int, optional
        Numbers of the rows of responses (default: from 0).
    behavior_rows : list of str, optional
        What the two rows of ``behavior`` are (default: pupil size, running).
    progress : callable, optional
        Called with the rows read and their number.

    Returns
    -------
    list of SessionRecording
        The one session.

    Raises
    ------
    RecordingError
        If the folder contradicts this; the error names row and column.
    """
    rows = deeplake_rows(path)
    tier = next((name for name in TIERS if name in rows.columns), None)
    if tier is None or not {"videos", "responses"} <= set(rows.columns):
        raise RecordingError(f"{path} has the columns {rows.columns}: expected videos, responses and tiers among them")
    trials: list[ArrayTrial | str] = []
    for row in range(rows.count):
        trials.append(_trial(path, rows, row, str(rows.cell(row, tier)), rate_hz))
        progress(row + 1, rows.count)
    session = SessionKey(mouse, series, experiment)
    return [recording_of(session, units, trials, path, behavior_rows or BEHAVIOR_ROWS)]


@FRAME_SOURCES.register("deeplake")
def deeplake_frames(path: Path, address: str) -> Frames:
    """The frames (time, height, width) ``row:stop`` of one row, all of them without a stop."""
    number, _, stop = address.partition(":")
    rows, row = deeplake_rows(path), int(number)
    found = _frames(path, row, rows.cell(row, "videos"), rows.cell(row, "responses").shape[-1])
    return found[: int(stop or len(found))]


def _trial(path: Path, rows: DeepLakeRows, row: int, tier: str, rate_hz: float) -> ArrayTrial | str:
    """The trial, or why it is left out."""
    if tier == UNUSED_TIER:
        return OF_UNUSED_TIER
    responses = _numbers(path, rows, row, "responses", 2)
    if np.isnan(responses).all():
        return UNRECORDED
    frames = _frames(path, row, rows.cell(row, "videos"), responses.shape[-1])
    optional = {name: _numbers(path, rows, row, name) for name in OPTIONAL if name in rows.columns}
    if "opto" in optional:
        optional["opto"] = optional["opto"].reshape(-1)
    time = min(len(frames), unpadded(responses, f"{path}, row {row}: responses"))
    scene = array_scene(path, f"deeplake:{row}{f':{time}' if time < len(frames) else ''}", frames[:time], rate_hz)
    padding = responses.shape[-1] - time
    cut = {name: array[..., : array.shape[-1] - padding] for name, array in optional.items()}
    return ArrayTrial(f"{row} of {path}", tier, scene, responses[:, :time], cut, padding > 0)


def _numbers(path: Path, rows: DeepLakeRows, row: int, column: str, ndim: int | None = None) -> Floats:
    cell = rows.cell(row, column)
    plain = cell.astype(np.uint8) if cell.dtype == bool else cell
    return numbers(plain, f"{path}, row {row}: {column}", ndim).astype(np.float32)


def _frames(path: Path, row: int, video: np.ndarray, time: int) -> Frames:
    """The video with time first, known by being as long as the responses."""
    plain = video[0] if video.ndim == 4 and len(video) == 1 else video
    ends = [axis for axis in (0, 2) if plain.ndim == 3 and plain.shape[axis] == time]
    if len(ends) != 1:
        raise RecordingError(
            f"{path}, row {row}: videos have shape {video.shape} and responses {time} frames: expected "
            "(time, height, width) or (height, width, time), and time to be told from the other"
        )
    shown, where = np.moveaxis(plain, ends[0], -1), f"{path}, row {row}"
    return np.ascontiguousarray(as_gray(np.moveaxis(shown[..., : unpadded(shown, where)], -1, 0), where))
