"""Several workers of one machine under one command: a process each, their messages and progress in one place."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import IO

from rich.console import Console, RenderableType
from rich.live import Live

from populate.worker import children

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
LOOK_S, READ_S = 0.2, 10.0
VIEW_S, VIEW_TIMES = 2.0, 10.0  # the view is drawn again after so long, or so many times what drawing it took


def supervise(
    arguments: Sequence[str], environments: Sequence[Mapping[str, str]], view: Callable[[], RenderableType]
) -> int:
    """Run ``dlgn populate`` once for each environment, until all processes have ended.

    A signal to this process reaches each of them once, since they are in sessions of their own; SIGHUP, of a terminal
    that is closed, as SIGTERM. If this process cannot go on, they hand their keys back and end, too.

    Parameters
    ----------
    arguments : sequence of str
        Arguments of ``dlgn populate``.
    environments : sequence of mapping
        Variables that each process has besides those of this one.
    view : callable
        Progress of all, drawn below the messages where the error stream is a terminal.

    Returns
    -------
    int
        The worst exit status; 128 + n for a process that signal n ended.
    """
    console = Console(stderr=True)
    started: list[subprocess.Popen[str]] = []
    readers = []
    with _forwarding(started), _all_ended(started):
        for number, variables in enumerate(environments, start=1):
            started.append(_start(arguments, variables))
            readers.append(_reader(started[-1], f"[{number}] ", console))
        with Live(console=console, auto_refresh=False) if console.is_terminal else nullcontext() as live:
            due = 0.0
            while any(worker.poll() is None for worker in started):
                if live is not None and time.monotonic() >= due:
                    due = _draw(live, view)
                time.sleep(LOOK_S)
            if live is not None:
                _draw(live, view)
    for reader in readers:
        reader.join(READ_S)
    return max(128 - worker.returncode if worker.returncode < 0 else worker.returncode for worker in started)


@contextmanager
def _all_ended(workers: Sequence[subprocess.Popen[str]]) -> Iterator[None]:
    """After the block, all processes have ended; after an error, they are terminated."""
    try:
        yield
    except BaseException:
        for worker in workers:
            if worker.poll() is None:
                worker.terminate()
        raise
    finally:
        for worker in workers:
            worker.wait()


def _start(arguments: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        children.command("populate", *arguments),
        env=children.environment({"PYTHONUNBUFFERED": "1", **variables}),
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _reader(worker: subprocess.Popen[str], prefix: str, console: Console) -> threading.Thread:
    """Print the lines of a worker's error stream until it ends."""

    def read(stream: IO[str]) -> None:
        for line in stream:
            console.print(prefix + line.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)

    thread = threading.Thread(target=read, args=(worker.stderr,), daemon=True)
    thread.start()
    return thread


@contextmanager
def _forwarding(workers: Sequence[subprocess.Popen[str]]) -> Iterator[None]:
    def forward(number: int, frame: FrameType | None) -> None:
        for worker in workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

    # A process that must outlive its terminal, as under nohup, was started to ignore SIGHUP.
    heard = [one for one in FORWARDED if one != signal.SIGHUP or signal.getsignal(one) != signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _draw(live: Live, view: Callable[[], RenderableType]) -> float:
    """Draw the view; the time at which to draw it again."""
    began = time.monotonic()
    try:
        shown = view()
    except Exception as error:  # the workers go on while the database is away
        shown = f"no progress to show: {type(error).__name__}: {error}"
    live.update(shown, refresh=True)
    ended = time.monotonic()
    return ended + max(VIEW_S, VIEW_TIMES * (ended - began))
