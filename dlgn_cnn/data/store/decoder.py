"""Deep Lake folders, decoded in a process of their own that is watched: it may crash, hang or lie.

The process is kept for the next folder, since it takes a third of a second to start, but never after a failure or a
folder that is not ours.
"""

import os
import signal
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from dlgn_cnn.errors import DlgnError
from dlgn_cnn.runtime.watched import Crashed, KeptProcess, Stopped, Undecoded, Watched
from dlgn_cnn.storage.rights import present_file

CODE = """
from dlgn_cnn.data.store.deeplake_child import answer
from dlgn_cnn.runtime.answering import serve
serve(answer)
"""
TRIES = 3  # Deep Lake 4.7 now and then ends with a memory fault over a sound folder of version 3
Keep = Callable[[int, str, np.ndarray], None]
_kept = KeptProcess()


def decode(folder: Path, columns: Collection[str], keep: Keep, ours: bool = True) -> tuple[list[str], int]:
    """Copy cells of a Deep Lake folder, of version 3 or 4, out of the process that opens it.

    Parameters
    ----------
    folder : Path
        The Deep Lake folder.
    columns : collection of str
        Columns to copy, as far as they exist.
    keep : callable
        Called with row, column and array of each cell, in order of the rows; a text is an array without axes. If the
        process crashes, it is called from the beginning again.
    ours : bool, default True
        Whether this product wrote the folder; for any other, the process is not kept.

    Returns
    -------
    tuple of list of str and int
        The names of all columns, and the number of rows.

    Raises
    ------
    Undecoded
        If the folder or a cell cannot be read, or a column holds links, which lead to files elsewhere.
    Stopped
        If it asks for more than a bound, or the process was killed by the system.
    """
    with _kept.lock:
        for _ in range(TRIES):
            child = _kept.running(CODE, "deeplake")
            try:
                found = _cells(child, folder, columns, keep)
            except Crashed:
                status = child.end()
                continue
            except BaseException:
                child.end()
                raise
            if not ours:
                child.end()
            return found
    if status == -signal.SIGKILL:
        raise Stopped(f"{folder}: the system killed the process that decodes it, as where memory is short: free some")
    raise Undecoded(f"{folder}: Deep Lake crashed {TRIES} times while reading it (signal {-status})")


def _cells(child: Watched, folder: Path, columns: Collection[str], keep: Keep) -> tuple[list[str], int]:
    child.begin(os.path.realpath(folder), _size(folder), columns=list(columns))
    try:
        said = child.words()
        there, rows = [str(name) for name in said["columns"]], int(said["rows"])
        wanted = [name for name in columns if name in there]
        child.check("cells", rows * max(len(wanted), 1))
        for row in range(rows):
            for name in wanted:
                keep(row, name, child.array())
        return there, rows
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, DlgnError):
            raise
        raise Undecoded(f"{folder}: what the process that decodes it says has no sense ({error!r})") from error


def _size(folder: Path) -> int:
    """Bytes of a folder. Raises Undecoded for what is in it and is no file, such as a device, a pipe or a dead link."""
    size = 0
    for place, _, names in os.walk(folder):
        for path in (Path(place) / name for name in names):
            if not present_file(path):
                raise Undecoded(f"{path} is neither a file nor a folder, which no Deep Lake folder holds: remove it")
            size += path.stat().st_size
    return size
