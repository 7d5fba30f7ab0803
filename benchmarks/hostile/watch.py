"""What no input may reach: files outside its folder, programs, addresses; and how a process sees that one did."""

import contextlib
import ctypes
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Read = Callable[[], None]
ROOT = Path(__file__).resolve().parents[2]
OPENED, MADE, WRITTEN, MOVED = 0x20, 0x100, 0x2, 0xC0  # of inotify
CALLS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.spawn",
    "os.startfile",
    "pty.spawn",
    "webbrowser.open",
)
CALLS += ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "pickle.find_class")
FILES = ("open", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
FILES += ("shutil.rmtree", "shutil.copyfile", "shutil.move")


class Watch:
    """A folder for inputs, another one and a port that they must not reach, and an audit hook of this process.

    The hook sees Python's calls, and inotify and the port what native code and other processes do.
    """

    def __init__(self, folder: Path) -> None:
        self.inside, self.outside, self.armed, self._seen = folder / "inside", folder / "outside", False, list[str]()
        for place in (self.inside, self.outside, folder / "tmp"):
            place.mkdir(parents=True)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "tmp")
        self.ran = self.outside / "ran"
        (self.outside / "canary.py").write_text("def mark(*a, **k): pass\n")
        (self.outside / "secret.txt").write_text("secret\n")
        self._port = socket.create_server(("127.0.0.1", 0))
        self._port.setblocking(False)
        self.address = f"127.0.0.1:{self._port.getsockname()[1]}"
        own = [ROOT / one for one in ("dlgn_cnn", "schemas", "populate", "benchmarks", ".venv")]
        system = ["/usr", "/lib", "/proc", "/sys", "/dev/null", "/dev/urandom", "/etc/localtime", "/etc/mime.types"]
        installed = [sys.prefix, sys.base_prefix, *filter(os.path.isdir, sys.path)]
        installed += [os.environ["DLGN_HOME"]] if "DLGN_HOME" in os.environ else []
        places = [self.inside, folder / "tmp", *own, *installed, *system]
        self._roots = tuple({f"{os.path.realpath(one)}{end}" for one in places for end in ("", "/")})
        sys.path.append(str(self.outside))
        self._libc = ctypes.CDLL(None)
        self._notes = self._libc.inotify_init1(os.O_NONBLOCK)
        sys.addaudithook(self._hook)

    def start(self) -> None:
        """From now on, whatever is reached counts."""
        self._libc.inotify_add_watch(self._notes, bytes(self.outside), OPENED | MADE | WRITTEN | MOVED)
        self.reached()
        self.armed = True

    def reached(self) -> list[str]:
        """What was reached since the last time that this was asked."""
        self.armed, seen, self._seen = False, self._seen, []
        with contextlib.suppress(BlockingIOError):
            self._port.accept()[0].close()
            seen.append("the port was called")
        with contextlib.suppress(BlockingIOError):
            notes = os.read(self._notes, 65536)
            while notes:
                length = int.from_bytes(notes[12:16], sys.byteorder)
                name, notes = notes[16 : 16 + length].strip(b"\0"), notes[16 + length :]
                seen += [f"outside: {name!r}"] if name else []  # none: the folder was listed, as those of modules are
        return seen

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "subprocess.Popen":
            if args[0] != sys.executable or "-I" not in args[1]:
                self._seen.append(f"{event} {args[0]!r:.80}")
        elif event in CALLS:
            self._seen.append(f"{event} {args!r:.80}")
        elif event in FILES and isinstance(args[0], str | bytes | os.PathLike):
            self._see_path(event, args[0])
        elif event == "import" and args[1]:
            self._see_path(event, args[1])

    def _see_path(self, event: str, path: Any) -> None:
        with contextlib.suppress(ValueError):  # a name with a zero byte, which opens nothing
            real = os.path.realpath(os.fsdecode(path))
            if not any(real == root or (root[-1] == "/" and real.startswith(root)) for root in self._roots):
                self._seen.append(f"{event} {real:.200}")
