"""Deep Lake folders, decoded in a process of their own that is watched: it may crash, hang or lie.

The process is kept for the next folder, since it takes a third of a second to start, but never after a failure or a
folder that is not ours.
"""

import contextlib
import json
import math
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from dlgn_cnn.bounds import MB, check, limit
from dlgn_cnn.data.store.deeplake_child import LENGTH
from dlgn_cnn.errors import DlgnError
from dlgn_cnn.runtime.import_path import isolated
from dlgn_cnn.storage.rights import files_below

CODE = "from dlgn_cnn.data.store.deeplake_child import serve\nserve()\n"
# Of the variables, those that tell a program where it is: none that holds a secret.
VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
TRIES = 3  # Deep Lake 4.7 now and then ends with a memory fault over a sound folder of version 3
LOOK_S = 0.05
GRACE_S = 10  # after the bound of time, the process ends itself, in case that its parent is gone
LONGEST_HEADER = MB
NUMBERS = r"[<>|](b1|[iu][1248]|f[248])"
Keep = Callable[[int, str, np.ndarray], None]


class Undecoded(DlgnError):
    """Deep Lake cannot read a folder."""


class Stopped(Undecoded):
    """A folder's decoding was ended at a bound or by the system: on a less busy machine it may succeed."""


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
    with _Kept.lock:
        for _ in range(TRIES):
            child = _running()
            try:
                found = child.ask(folder, columns, keep)
            except _Crashed:
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


class _Crashed(Exception):
    """The process ended by itself."""


class _Child:
    """The process, and one request to it at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
        self.owner = os.getpid()
        asked, self._in = os.pipe()
        self._out, answered = os.pipe()
        # In a session of its own, so that a Ctrl-C in the worker's terminal does not reach it.
        streams: dict[str, Any] = {"stdin": asked, "stdout": answered, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(isolated(CODE), env=environment, start_new_session=True, **streams)
        os.close(asked)
        os.close(answered)
        self._watched = psutil.Process(self._process.pid)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)

    def usable(self) -> bool:
        """Whether it lives and is ours, not that of a parent of which this process is a copy."""
        return self.owner == os.getpid() and self._process.poll() is None

    def ask(self, folder: Path, columns: Collection[str], keep: Keep) -> tuple[list[str], int]:
        """See ``decode``."""
        self._folder, self._bytes = os.path.realpath(folder), sum(file.stat().st_size for file in files_below(folder))
        self._began = self._looked = time.monotonic()
        self._still, self._got, self._done = 0, 0, 0.0
        seconds = limit("deeplake.seconds") + self._bytes // MB + GRACE_S
        request = {"folder": self._folder, "columns": list(columns), "seconds": seconds}
        with contextlib.suppress(BrokenPipeError):  # the first read says so
            os.write(self._in, json.dumps(request).encode() + b"\n")
        try:
            return self._cells(columns, keep)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            if isinstance(error, DlgnError):
                raise
            raise Undecoded(f"{folder}: what the process that decodes it says has no sense ({error!r})") from error

    def end(self) -> int:
        """Kill the process with all that it started; its status."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._selector.close()
        os.close(self._in)
        os.close(self._out)
        return self._process.wait()

    def _cells(self, columns: Collection[str], keep: Keep) -> tuple[list[str], int]:
        said, total = self._header(), 0
        there, rows = [str(name) for name in said["columns"]], int(said["rows"])
        wanted = [name for name in columns if name in there]
        self._check("deeplake.cells", rows * max(len(wanted), 1))
        for row in range(rows):
            for name in wanted:
                cell = self._cell(total)
                total += cell.nbytes
                keep(row, name, cell)
        return there, rows

    def _cell(self, total: int) -> np.ndarray:
        """The next cell, if it fits into what is left of the bound after so many bytes."""
        said = self._header()
        kind, shape = ("|u1", [said["text"]]) if "text" in said else (said["dtype"], said["shape"])
        if not re.fullmatch(NUMBERS, kind) or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"{kind} {shape}"[:200])
        dtype = np.dtype(kind)
        self._check("deeplake.unpacked", total + math.prod(shape) * dtype.itemsize, self._bytes)
        cell = np.empty(shape, dtype)
        self._fill(cell.reshape(-1).view(np.uint8).data)
        return np.array(cell.tobytes().decode()) if "text" in said else cell

    def _header(self) -> dict[str, Any]:
        length = bytearray(LENGTH.size)
        self._fill(memoryview(length))
        text = bytearray(min(LENGTH.unpack(length)[0], LONGEST_HEADER))
        self._fill(memoryview(text))
        said: dict[str, Any] = json.loads(text)
        if "error" in said:
            raise Undecoded(f"{self._folder} cannot be read by Deep Lake ({said['error']})")
        return said

    def _fill(self, view: memoryview) -> None:
        """Read as many bytes as fit, and watch the process meanwhile."""
        while view:
            if self._selector.select(LOOK_S):
                got = os.readv(self._out, [view])
                if got == 0:
                    raise _Crashed
                view = view[got:]
                self._got += got
            if time.monotonic() - self._looked >= LOOK_S:
                self._look()

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            memory, done = self._use()
            self._still += 1
            if done >= self._done + 1:
                self._still, self._done = 0, done
            still_s = int(self._still * LOOK_S)  # of looks, not of a clock: this process may have been asleep too
            if still_s > limit("deeplake.idle") and self._waits_for_disk():
                self._still = still_s = 0
        except psutil.Error:  # it has just ended
            return
        self._check("deeplake.memory", memory, self._bytes)
        self._check("deeplake.idle", still_s)
        self._check("deeplake.seconds", int(self._looked - self._began) - self._bytes // MB)

    def _use(self) -> tuple[int, float]:
        """Bytes of memory, and work done: one for 64 kB read or sent, or 50 ms computed, which no idle thread does."""
        cpu = self._watched.cpu_times()
        read = self._watched.io_counters().read_chars if sys.platform == "linux" else 0
        return self._watched.memory_info().rss, (read + self._got) / 2**16 + 20 * (cpu.user + cpu.system)

    def _waits_for_disk(self) -> bool:
        """Whether a thread waits for a disk or a network drive, which may take any time."""
        threads = [thread.id for thread in self._watched.threads()] if sys.platform == "linux" else []
        return any(psutil.Process(thread).status() == psutil.STATUS_DISK_SLEEP for thread in threads)

    def _check(self, name: str, found: int, file_bytes: int = 0) -> None:
        check(name, found, f"{self._folder}, whose decoding was ended,", file_bytes, Stopped)


class _Kept:
    """The process that waits for the next folder."""

    lock = threading.Lock()
    child: _Child | None = None


def _running() -> _Child:
    if _Kept.child is None or not _Kept.child.usable():
        _Kept.child = _Child()
    return _Kept.child
