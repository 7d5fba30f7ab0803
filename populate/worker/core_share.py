"""A worker's share of the cores: those that it may run on, divided by the workers that share them now."""

import logging
import platform

from dlgn_cnn.runtime import threads
from dlgn_cnn.runtime.cores import Cores, core_set_id
from schemas import fleet

logger = logging.getLogger("dlgn")


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
