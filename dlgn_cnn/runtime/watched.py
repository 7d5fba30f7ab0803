"""A process that decodes files of others while this one watches it: it may crash, hang, swell or lie.

It is given no secret and answers with numbers and texts alone, which are checked here; ``dlgn_cnn.runtime.answering``
is its side.
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
from typing import Any

import numpy as np
import psutil

from dlgn_cnn.bounds import BOUNDS, MB, SETTING, check, limit
from dlgn_cnn.errors import DlgnError
from dlgn_cnn.runtime.answering import LENGTH
from dlgn_cnn.runtime.import_path import isolated
from dlgn_cnn.runtime.progress import Progress, silent

# Of the variables, those that tell a program where it is, and the bounds: none that holds a secret.
VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", SETTING)
LOOK_S = 0.05
GRACE_S = 10  # after the bound of time, the process ends itself, in case that its parent is gone
LONGEST_HEADER = MB
NUMBERS = r"[<>|](b1|[iu][1248]|f[248])"


class Undecoded(DlgnError):
    """A file cannot be read by the library of its format; ``kind`` is the error's name, ``file`` what it names."""

    def __init__(self, said: str, kind: str = "", file: str = "") -> None:
        super().__init__(said)
        self.kind, self.file = kind, file


class Stopped(Undecoded):
    """A file's decoding was ended at a bound or by the system: on a less busy machine it may succeed."""


class Crashed(Exception):
    """The process ended by itself."""


class Watched:
    """The process, and one request to it at a time.

    Parameters
    ----------
    code : str
        What it runs: a call of ``dlgn_cnn.runtime.answering.serve``.
    kind : str
        Format that it decodes, the first word of its bounds: ``memory``, ``seconds``, ``idle``, ``computing`` and
        ``sent``, of those that there are.
    """

    def __init__(self, code: str, kind: str) -> None:
        environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
        self.owner, self.kind = os.getpid(), kind
        asked, self._in = os.pipe()
        self._out, answered = os.pipe()
        # In a session of its own, so that a Ctrl-C in the worker's terminal does not reach it.
        streams: dict[str, Any] = {"stdin": asked, "stdout": answered, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(isolated(code), env=environment, start_new_session=True, **streams)
        os.close(asked)
        os.close(answered)
        self._watched = psutil.Process(self._process.pid)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)

    def usable(self) -> bool:
        """Whether it lives and is ours, not that of a parent of which this process is a copy."""
        return self.owner == os.getpid() and self._process.poll() is None

    def begin(self, place: str, size: int, progress: Progress = silent, **request: Any) -> None:
        """Ask it to decode a file.

        Parameters
        ----------
        place : str
            The file or folder.
        size : int
            Its bytes.
        progress : callable, optional
            Called with what is done and what there is to do, as the process says.
        **request : object
            What is asked of it, as JSON can say.
        """
        self.place, self._bytes, self._progress = place, size, progress
        self._watched = psutil.Process(self._process.pid)
        self._began = self._looked = time.monotonic()
        self._still, self._got, self._done, self._total = 0, 0, 0.0, 0
        seconds = limit(f"{self.kind}.seconds") + size // MB + GRACE_S
        with contextlib.suppress(BrokenPipeError):  # the first read says so
            os.write(self._in, json.dumps({"place": place, "seconds": seconds, **request}).encode() + b"\n")

    def end(self) -> int:
        """Kill the process with all that it started; its status."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._selector.close()
        os.close(self._in)
        os.close(self._out)
        status = self._process.wait()
        if self._watched.pid != self._process.pid:
            with contextlib.suppress(psutil.Error):  # until it has let go of the file, another cannot write there
                self._watched.wait(GRACE_S)
        return status

    def words(self) -> dict[str, Any]:
        """The next words that it says. Raises Undecoded for those of an error."""
        while True:
            length = bytearray(LENGTH.size)
            self._fill(memoryview(length))
            text = bytearray(min(LENGTH.unpack(length)[0], LONGEST_HEADER))
            self._fill(memoryview(text))
            said: dict[str, Any] = json.loads(text)
            if "error" in said:
                raise Undecoded(str(said["error"]), str(said["kind"]), str(said["file"]))
            if "progress" in said:
                self._progress(*map(int, said["progress"]))
            elif "pid" in said:  # of the copy of itself that decodes this file
                with contextlib.suppress(psutil.NoSuchProcess):  # it has been fast
                    self._watched = psutil.Process(int(said["pid"]))
            else:
                return said

    def array(self) -> np.ndarray:
        """The next array, if it fits into what is left of the bound; a text is an array without axes."""
        said = self.words()
        kind, shape = ("|u1", [said["text"]]) if "text" in said else (said["dtype"], said["shape"])
        if not re.fullmatch(NUMBERS, kind) or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"{kind} {shape}"[:200])
        dtype = np.dtype(kind)
        self.check("sent", self._total + math.prod(shape) * dtype.itemsize)
        found = np.empty(shape, dtype)
        self._fill(found.reshape(-1).view(np.uint8).data)
        self._total += found.nbytes
        return np.array(found.tobytes().decode()) if "text" in said else found

    def check(self, name: str, found: int) -> None:
        """Raise Stopped if what it asks for is beyond a bound of its kind."""
        if f"{self.kind}.{name}" in BOUNDS:
            where = f"{self.place}, whose decoding was ended,"
            check(f"{self.kind}.{name}", found, where, self._bytes, Stopped)

    def _fill(self, view: memoryview) -> None:
        """Read as many bytes as fit, and watch the process meanwhile."""
        while view:
            if self._selector.select(LOOK_S):
                got = os.readv(self._out, [view])
                if got == 0:
                    raise Crashed
                view = view[got:]
                self._got += got
            if time.monotonic() - self._looked >= LOOK_S:
                self._look()

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            memory, computed_s, done = self._use()
            self._still += 1
            if done >= self._done + 1:
                self._still, self._done = 0, done
            still_s = int(self._still * LOOK_S)  # of looks, not of a clock: this process may have been asleep too
            if still_s > 1 and self._waits_for_disk():
                self._still = still_s = 0
        except psutil.Error:  # it has just ended
            return
        self.check("memory", memory)
        self.check("idle", still_s)
        if self._watched.pid != self._process.pid:  # whose computing would count that of earlier files too
            self.check("computing", int(computed_s) - self._bytes // MB)
        self.check("seconds", int(self._looked - self._began) - self._bytes // MB)

    def _use(self) -> tuple[int, float, float]:
        """Bytes of memory, seconds computed, and work done: one for 64 kB read or sent, or 50 ms computed.

        No idle thread does that much.
        """
        cpu = self._watched.cpu_times()
        computed_s = cpu.user + cpu.system
        read = self._watched.io_counters().read_chars if sys.platform == "linux" else 0
        return self._watched.memory_info().rss, computed_s, (read + self._got) / 2**16 + 20 * computed_s

    def _waits_for_disk(self) -> bool:
        """Whether a thread waits for a disk or a network drive, which may take any time."""
        threads = [thread.id for thread in self._watched.threads()] if sys.platform == "linux" else []
        return any(psutil.Process(thread).status() == psutil.STATUS_DISK_SLEEP for thread in threads)


class KeptProcess:
    """A process that waits for the next file; ``lock`` is held while it is asked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.child: Watched | None = None

    def running(self, code: str, kind: str) -> Watched:
        """The process, started again where it has ended; ``code`` and ``kind`` are those of ``Watched``."""
        if self.child is None or not self.child.usable():
            self.child = Watched(code, kind)
        return self.child
