"""Read-only access of the live page to the database: one question at a time, also where the server comes and goes."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from dlgn_cnn.errors import ConfigError, DlgnError
from populate.errors.explain import explain
from populate.errors.transient import is_transient
from schemas.connection.server import reconnect
from schemas.declaration.database import open_database

T = TypeVar("T")
DRIVERS = ("datajoint", "pymysql", "psycopg2")
AGAIN_S = 2.0  # a server that did not answer is not asked again before
READ_ONLY = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


class Away(DlgnError):
    """The database does not answer."""

    def __init__(self) -> None:
        super().__init__("The database does not answer. This page asks again by itself; look after the server.")


class Reader:
    """Questions to the tables, each answered in a transaction in which the server itself refuses to write.

    The tables have one connection a process, so questions of several browsers wait for one another.
    """

    def __init__(self) -> None:
        open_database()
        from schemas import fleet

        self.connection = fleet.schema.connection
        # A driver that reconnects by itself would forget that it is to read only.
        self.connection._config["database.reconnect"] = False
        self._lock = threading.RLock()
        self._refuse_writes()
        self._ready, self._failed = True, 0.0

    def __call__(self, question: Callable[[], T]) -> T:
        """What ``question`` returns, which may ask the tables anything.

        Raises Away where no server answers, and ConfigError for what a server refuses to answer.
        A connection may be stale while the server is there, so a question is asked twice, then on a fresh one.
        """
        with self._lock:
            for _ in range(2):
                self._return()
                try:
                    return question()
                except Exception as error:
                    if not is_transient(error):
                        raise _refused(error) from error
                    self._ready, failure = False, error
            raise Away from failure

    def rows(self, query: str, arguments: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query in SQL."""
        return self(lambda: [tuple(row) for row in self.connection.query(query, args=arguments).fetchall()])

    def _return(self) -> None:
        if self._ready:
            return
        if time.monotonic() - self._failed < AGAIN_S:
            raise Away
        try:
            reconnect()
            self._refuse_writes()
        except Exception as error:
            self._failed = time.monotonic()
            raise Away from error
        self._ready = True

    def _refuse_writes(self) -> None:
        self.connection.query(READ_ONLY[self.connection.adapter.backend])


def _refused(error: Exception) -> Exception:
    """The error for the page: what a server says of a question that a URL asked, or the error itself."""
    if type(error).__module__.partition(".")[0] not in DRIVERS:
        return error
    return ConfigError(f"The database cannot answer this ({explain(error)}): correct the URL")
