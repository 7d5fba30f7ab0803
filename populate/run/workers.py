"""Work on this machine: by a worker in this process, or by several, each a process."""

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.live import Live

import schemas
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.cores import usable_cores
from dlgn_cnn.runtime.device import pick_device
from populate.fleet.control import counts, fleet_view
from populate.fleet.launchers import chosen_gpus, environments
from populate.query.named_rows import find_table, restricted
from populate.worker import children
from populate.worker.core_share import asked_workers, best_count
from populate.worker.worker import WorkerOptions, WorkSummary, work
from schemas import experiment, training
from schemas.base.relational import U
from schemas.declaration.computed_tables import computed_tables

logger = logging.getLogger("dlgn")
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
LOOK_S, READ_S = 0.2, 10.0
LIVED_S = 60.0  # a worker that was killed after so long is replaced; a younger one would be killed again, as for memory
VIEW_S, VIEW_TIMES = 2.0, 10.0  # the view is drawn again after so long, or so many times what drawing it took


def populate_all(options: WorkerOptions | None = None) -> WorkSummary:
    """Work until nothing is left and log what was done.

    Raises ConfigError for a table that does not exist, and for a condition that is not SQL on the keys of its table.
    """
    given = options or WorkerOptions()
    summary = work(_checked(given), given)
    pruned = f", {summary.pruned} pruned" if summary.pruned else ""
    hint = "; see dlgn status" if summary.failed or summary.lacking else ""
    lacking = f", {summary.lacking} that no machine here can compute" if summary.lacking else ""
    logger.info("%d computed, %d failed%s%s%s", summary.computed, summary.failed, pruned, lacking, hint)
    return summary


def populate_together(options: WorkerOptions, workers: str | None, gpus: str | None = None, share: int = 1) -> int:
    """Run several workers, each a process, until nothing is left.

    Parameters
    ----------
    options : WorkerOptions
        Options of each.
    workers : str or None
        Their number, or ``auto`` for the number that computes fastest here.
    gpus : str, optional
        Instead of ``workers``, the GPUs: ``all``, or numbers as "0,1".
    share : int, default 1
        Workers on each GPU.

    Returns
    -------
    int
        The worst exit status.

    Raises
    ------
    ConfigError
        If both are given, for a number that is not valid, and for options that ``populate_all`` refuses.
    """
    if workers is not None and gpus is not None:
        raise ConfigError(f"--workers {workers} and --gpus {gpus}: give one of them; --share is for several on a GPU")
    chosen = environments(chosen_gpus(gpus, os.environ), share) if gpus is not None else None
    count = None if workers is None else asked_workers(workers)
    tables = _checked(options)
    if chosen is None:
        chosen = [{}] * (count or _fastest(tables))
    logger.info("%d worker%s", len(chosen), "s" * (len(chosen) != 1))
    words = [word for name in options.tables for word in ("--table", name)]
    words += [] if options.where is None else ["--where", options.where]
    words += ["--retry-errors"] * options.retry_errors + ["--stay"] * options.stay
    return supervise([*words, "--together", str(len(chosen))], chosen, fleet_view)


def _fastest(tables: Sequence[Any]) -> int:
    """Number of workers that computes fastest, as measured; one on a GPU, which one process keeps busy."""
    settings = schemas.open_database()
    if pick_device(settings.device).type != "cpu":
        return 1
    pending = max(sum(counts(table)[2] for table in tables), _fits_to_come(tables))
    return best_count(usable_cores(), pending, settings.threads)


def _fits_to_come(tables: Sequence[Any]) -> int:
    """Planned fits that are not done, also those without a stored dataset, if these tables have any."""
    if training.TrainedModel not in tables:
        return 0
    wanted = experiment.Experiment.Fit.proj() - training.TrainedModel.proj()
    return len(U(*training.TrainedModel.primary_key) & wanted)


def _checked(options: WorkerOptions) -> Sequence[Any]:
    """Open the database and return the tables to fill, after a test of the condition. Raises ConfigError."""
    if options.where is not None and len(options.tables) != 1:
        raise ConfigError(
            f"--where {options.where!r} needs one table whose keys it restricts: add --table TrainedModel"
        )
    schemas.open_database()
    tables = [find_table(name) for name in options.tables] or computed_tables()
    if options.where is not None:
        restricted(tables[0].jobs, options.where, tables[0].__name__)
    return tables


def supervise(
    arguments: Sequence[str], environments: Sequence[Mapping[str, str]], view: Callable[[], RenderableType]
) -> int:
    """Run ``dlgn populate`` once for each environment, until all processes have ended.

    A signal to this process reaches each of them once, since they are in sessions of their own; SIGHUP, of a terminal
    that is closed, as SIGTERM. If this process cannot go on, they hand their keys back and end, too. A worker that was
    killed, as one that hung, is replaced.

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
    crew = _Crew(arguments, environments, console)
    with _forwarding(crew.workers) as forwarded, _all_ended(crew.workers):
        crew.start()
        with Live(console=console, auto_refresh=False) if console.is_terminal else nullcontext() as live:
            due = 0.0
            while crew.at_work(not forwarded):
                if live is not None and time.monotonic() >= due:
                    due = _draw(live, view)
                time.sleep(LOOK_S)
            if live is not None:
                _draw(live, view)
    for reader in crew.readers:
        reader.join(READ_S)
    return max(128 - worker.returncode if worker.returncode < 0 else worker.returncode for worker in crew.workers)


class _Crew:
    """The processes of one command, each with the variables of its place."""

    def __init__(self, arguments: Sequence[str], environments: Sequence[Mapping[str, str]], console: Console) -> None:
        self.workers: list[subprocess.Popen[str]] = []
        self.readers: list[threading.Thread] = []
        self._arguments, self._environments, self._console = arguments, environments, console
        self._started_s: list[float] = []

    def start(self) -> None:
        """Start one in each place."""
        for variables in self._environments:
            self.workers.append(_start(self._arguments, variables))
            self._started_s.append(time.monotonic())
            self._read(len(self.workers) - 1)

    def at_work(self, replace: bool) -> bool:
        """Whether any process goes on, once those that were killed are replaced, if they are to be."""
        for place, worker in enumerate(self.workers):
            lived_s = time.monotonic() - self._started_s[place]
            if replace and worker.poll() == -signal.SIGKILL and lived_s >= LIVED_S:
                self._console.print(f"[{place + 1}] was killed: another worker takes its place", markup=False)
                self.workers[place] = _start(self._arguments, self._environments[place])
                self._started_s[place] = time.monotonic()
                self._read(place)
        return any(worker.poll() is None for worker in self.workers)

    def _read(self, place: int) -> None:
        self.readers.append(_reader(self.workers[place], f"[{place + 1}] ", self._console))


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
def _forwarding(workers: Sequence[subprocess.Popen[str]]) -> Iterator[list[int]]:
    """Within the block, signals reach all workers; those that came are listed."""
    forwarded: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:
        forwarded.append(number)
        for worker in workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

    # A process that must outlive its terminal, as under nohup, was started to ignore SIGHUP.
    heard = [one for one in FORWARDED if one != signal.SIGHUP or signal.getsignal(one) != signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heard}
    try:
        yield forwarded
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
