"""Outages in the log: a line when one begins and a line when it ends, however often something is tried meanwhile."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger("dlgn")


class Outage:
    """The times in which something that is tried again and again fails.

    Parameters
    ----------
    ended : str
        What is logged at the end, before the duration and the number of tries.
    clock : callable
        Seconds on any clock that only goes forward.
    """

    def __init__(self, ended: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._ended, self._clock = ended, clock
        self._since: float | None = None
        self.tries = 0

    def failed(self, message: str, *arguments: object) -> None:
        """Note a failure, and log the first of an outage.

        Parameters
        ----------
        message : str
            What is logged, with ``%s`` for each argument.
        *arguments : object
            The arguments.
        """
        self.tries += 1
        if self._since is None:
            self._since = self._clock()
            logger.warning(message, *arguments)

    def passed(self) -> None:
        """Note a success, and log the end of an outage, if there was one."""
        if self._since is not None:
            tries = f"{self.tries} failed {'tries' if self.tries > 1 else 'try'}"
            logger.warning("%s, after %.0f s and %s", self._ended, self._clock() - self._since, tries)
        self._since, self.tries = None, 0
