"""Reader of Deep Lake folders of version 3, which hold a row a trial.

Deep Lake 4.7 reads folders of version 3 through its query engine, which on a busy machine now and then ends the process
with a segmentation fault. So a child process opens the folder, once, and copies its cells to files; if the child
dies, another is started, and the worker lives on.
"""

import functools
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from dlgn_cnn.data.readers import reader
from dlgn_cnn.data.readers.shared.arrays import numbers
from dlgn_cnn.data.readers.shared.trial_arrays import BEHAVIOR_ROWS, OPTIONAL, ArrayTrial, recording_of
from dlgn_cnn.data.recording import SessionKey, SessionRecording
from dlgn_cnn.data.stimuli.scenes import FRAME_SOURCES, array_scene, as_gray
from dlgn_cnn.data.store.session_store import ROWS_INDEX
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.import_path import isolated
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.shapes import Floats, Frames
from dlgn_cnn.storage.rights import files_below, present_file, require_readable

TRIES = 5
COPY = """
import sys
from pathlib import Path
from dlgn_cnn.data.store.session_store import copy_deeplake_rows
from dlgn_cnn.errors import RecordingError
try:
    copy_deeplake_rows(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
except RecordingError as error:
    sys.exit(str(error))
"""
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
        _copy(folder, self._place.name)
        index = json.loads((Path(self._place.name) / ROWS_INDEX).read_text())
        self.columns: list[str] = index["columns"]
        self.count = int(index["rows"])

    def cell(self, row: int, column: str) -> np.ndarray:
        """The array of one cell of ``COLUMNS``; a text is an array without axes."""
        found: np.ndarray = np.load(Path(self._place.name) / f"{row}.{column}.npy", allow_pickle=False)
        return found


def deeplake_rows(folder: Path) -> DeepLakeRows:
    """The rows of a folder; those of the last one are kept, since its scenes are asked for one by one."""
    resolved = folder.resolve()
    require_readable(resolved)  # in a process of its own, Deep Lake would say that the folder is damaged
    changed_ns = max((file.stat().st_mtime_ns for file in files_below(resolved)), default=0)
    return _kept(resolved, changed_ns)


@functools.lru_cache(maxsize=1)
def _kept(folder: Path, changed_ns: int) -> DeepLakeRows:
    return DeepLakeRows(folder)


def _copy(folder: Path, place: str) -> None:
    for _ in range(TRIES):
        done = subprocess.run(isolated(COPY, str(folder), place, *COLUMNS), capture_output=True, text=True)
        if done.returncode == 0:
            return
        if done.returncode > 0:
            raise RecordingError(done.stderr.strip().splitlines()[-1])
    raise RecordingError(
        f"{folder}: Deep Lake crashed {TRIES} times while reading it (signal {-done.returncode}): copy the folder "
        "again, or convert it with Deep Lake 3"
    )


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
    exist, ``opto`` (time,) share lit, ``behavior`` (2, time) and ``pupil_center`` (x, y; time). A row whose
    responses are NaN throughout is left out.

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
    trials = []
    for row in range(rows.count):
        trials += _trial(path, rows, row, tier, rate_hz)
        progress(row + 1, rows.count)
    session = SessionKey(mouse, series, experiment)
    return [recording_of(session, units, trials, path, behavior_rows or BEHAVIOR_ROWS)]


@FRAME_SOURCES.register("deeplake")
def deeplake_frames(path: Path, address: str) -> Frames:
    """The frames (time, height, width) of one row."""
    rows, row = deeplake_rows(path), int(address)
    return _frames(path, row, rows.cell(row, "videos"), rows.cell(row, "responses").shape[-1])


def _trial(path: Path, rows: DeepLakeRows, row: int, tier: str, rate_hz: float) -> list[ArrayTrial]:
    responses = _numbers(path, rows, row, "responses", 2)
    if np.isnan(responses).all():
        return []
    frames = _frames(path, row, rows.cell(row, "videos"), responses.shape[-1])
    optional = {name: _numbers(path, rows, row, name) for name in OPTIONAL if name in rows.columns}
    if "opto" in optional:
        optional["opto"] = optional["opto"].reshape(-1)
    scene = array_scene(path, f"deeplake:{row}", frames, rate_hz)
    return [ArrayTrial(f"{row} of {path}", str(rows.cell(row, tier)), scene, responses, optional)]


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
    return np.ascontiguousarray(as_gray(np.moveaxis(plain, ends[0], 0), f"{path}, row {row}"))
