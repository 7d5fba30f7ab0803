"""Cores shared by workers: each worker's share, and the number of workers that computes fastest, as measured."""

import contextlib
import logging
import platform
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import psutil

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime import threads
from dlgn_cnn.runtime.cores import Cores, core_set_id
from populate.worker import children
from schemas import fleet

logger = logging.getLogger("dlgn")
AUTO = "auto"
SECONDS = 3.0  # of each measurement
WORKER_BYTES = 2e9  # of memory, for a session of an hour and its model
MOST = 1024
Measure = Callable[[int, int], float]


class CoreShare:
    """Sets the threads of a worker from the number of workers.

    Parameters
    ----------
    asked : int or None
        Number of threads that the user asks for, which takes precedence.
    cores : Cores
        Cores of this process.
    together : int, default 1
        Workers that were started together, this one among them. They count until as many have registered, so that
        the first does not begin a long fit with the cores of those that start a moment later.
    """

    def __init__(self, asked: int | None, cores: Cores, together: int = 1) -> None:
        self._asked, self._cores, self._together = asked, cores, together
        if limit := threads.describe_limit(asked, cores):
            logger.warning("%s", limit)

    def take(self) -> int:
        """Let torch compute with this worker's share from now on; the number of threads is returned."""
        number = threads.thread_count(self._asked, self._cores, *self._workers())
        threads.use(number)
        return number

    def _workers(self) -> tuple[int, int]:
        """Workers alive in this container and on these cores, this one included."""
        if self._asked is not None:
            return 1, 1
        alive = fleet.Worker & {"core_set": core_set_id()} & fleet.ALIVE
        hosts = list(alive.to_arrays("host"))
        here = hosts.count(platform.node())
        if here >= self._together:
            self._together = 1
        return max(here, self._together), max(len(hosts), self._together)


def asked_workers(text: str) -> int | None:
    """Number of workers that ``--workers`` names; None for ``auto``.

    Raises
    ------
    ConfigError
        For anything else than ``auto`` or a whole number from 1 to ``MOST``.
    """
    if text == AUTO:
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST):
        raise ConfigError(f"--workers {text}: expected a whole number from 1 to {MOST}, or auto")
    return int(text)


def best_count(cores: Cores, pending: int, asked_threads: int | None = None, measure: Measure | None = None) -> int:
    """Number of workers that train on most windows a second.

    Parameters
    ----------
    cores : Cores
        Cores that the workers share.
    pending : int
        Keys that are left to compute: more workers than keys have nothing to do.
    asked_threads : int, optional
        Threads of each worker, where the user asks for a number.
    measure : callable, optional
        Windows a second of (workers, threads of each) together; by default, measured by processes of that number.

    Returns
    -------
    int
        1 or more; the smaller number where two are within 5 %.
    """
    found: dict[int, float] = {}
    for count in _candidates(cores.whole, pending):
        each = threads.thread_count(asked_threads, cores, count, count)
        found[count] = (measure or measured_rate)(count, each)
        logger.info("workers x threads %d x %d: %.1f windows/s together", count, each, found[count])
    fastest = max(found.values(), default=0.0)
    return min((count for count, rate in found.items() if rate >= 0.95 * fastest), default=1)


def measured_rate(workers: int, each: int) -> float:
    """Windows a second of a small fit, summed over processes that train at the same time; 0 where one of them fails."""
    command = children.command("dlgn_cnn.training.rate", str(each), str(SECONDS))
    environment = children.environment({})
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with contextlib.ExitStack() as stack:
        started: list[Any] = []
        for _ in range(workers):
            process = stack.enter_context(subprocess.Popen(command, env=environment, start_new_session=True, **options))
            stack.callback(process.kill)
            started.append(process)
        try:
            if not all(process.stdout.readline() for process in started):
                raise ChildProcessError("it ended before it was ready")
            return sum(float(process.communicate("\n")[0]) for process in started)
        except (OSError, ValueError) as error:  # as without memory
            logger.warning("%d workers cannot be measured (%s): they are not chosen", workers, error)
            return 0.0


def _candidates(cores: int, pending: int) -> Sequence[int]:
    """1, 2, 4, ... and the number of cores, as far as there are keys and memory for so many; none for one core."""
    room = int(psutil.virtual_memory().available // WORKER_BYTES)
    most = max(1, min(cores, pending, room))
    return sorted({min(2**power, most) for power in range(most.bit_length() + 1)}) if most > 1 else []
