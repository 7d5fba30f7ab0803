"""Background writer: sends a fit's statements to the database, so that none can fail the fit or make it wait."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from dlgn_cnn.runtime.outages import Outage

logger = logging.getLogger("dlgn")
Statement = Callable[[Any], None]
RETRY_S = 10.0
CLOSE_S = 10.0


class BackgroundWriter:
    """Thread with a connection of its own that runs statements in turn; use it as a context.

    While the database is away, statements wait; those that still wait at the end are dropped, and the log says so. A
    statement that the database refuses is dropped at once. The log says why, once for each kind of error.

    Parameters
    ----------
    connect : callable or None
        Opens the connection. If None, all statements are dropped, as while a row is recomputed.
    retry_s : float
        Seconds between two tries to connect.
    close_s : float
        Seconds that the end of the context waits for statements.
    """

    def __init__(self, connect: Callable[[], Any] | None, retry_s: float = RETRY_S, close_s: float = CLOSE_S) -> None:
        self._connect, self._retry_s, self._close_s = connect, retry_s, close_s
        self._sent: queue.SimpleQueue[Statement | None] = queue.SimpleQueue()
        self._waiting: deque[Statement] = deque()
        self._connection: Any = None
        self._closing = False
        self._away, self._refused = Outage("the database answers again: a fit's curves and checkpoints are written"), 0
        self._kinds: set[tuple[object, ...]] = set()  # of refusals that were logged
        self._thread = threading.Thread(target=self._run, name="background writer", daemon=True)

    def __enter__(self) -> "BackgroundWriter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sent.put(None)
        self._thread.join(self._close_s)
        if self._thread.is_alive() or self._waiting:
            logger.warning("%d rows of a fit's curves and checkpoints were never written", len(self._waiting))
        if self._refused > len(self._kinds):
            logger.warning("the database refused %d statements of a fit for the reasons above", self._refused)

    def send(self, statement: Statement) -> None:
        """Run ``statement(connection)`` as soon as possible."""
        if self._connect is not None:
            self._sent.put(statement)

    def _run(self) -> None:
        while not self._closing:
            self._take()
            self._work()
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> None:
        """Wait for a statement, or for the time to try again; take all that are there."""
        try:
            received = self._sent.get(timeout=self._retry_s if self._waiting else None)
            while True:
                if received is None:
                    self._closing = True
                else:
                    self._waiting.append(received)
                received = self._sent.get_nowait()
        except queue.Empty:
            pass

    def _work(self) -> None:
        while self._waiting:
            tried_before = self._connection is not None
            try:
                if self._connection is None and self._connect is not None:
                    self._connection = self._connect()
                self._waiting[0](self._connection)
            except Exception as error:
                if self._connection is None or not self._connection.is_connected:
                    self._connection = None
                    if tried_before:  # a server closes what was idle for hours
                        continue
                    self._away.failed("the database is away: a fit's curves and checkpoints wait for it (%s)", error)
                    return
                self._refuse(error)
            self._waiting.popleft()
            self._away.passed()

    def _refuse(self, error: Exception) -> None:
        """Log a refusal of a kind that was not logged yet."""
        self._refused += 1
        code = getattr(error, "pgcode", None) or next((one for one in error.args if isinstance(one, int)), None)
        kind = type(error), code
        if kind not in self._kinds:
            self._kinds.add(kind)
            logger.warning("the database refused what a fit wrote to its curves, checkpoints or study: %s", error)
