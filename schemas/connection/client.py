"""Connections with a limit on the wait for a server that accepts them and then says nothing, as a dead tunnel does.

The limit holds for the opening: the handshake and the first answer. A statement on an open connection may take its
time, as one on a large database does, or one that waits for a lock; so may a fit between two statements.
"""

import contextlib
import math
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import datajoint
from datajoint.errors import LostConnectionError

from dlgn_cnn.errors import DlgnError
from schemas.connection.driver import UTC, MySQLConnection, is_timeout, timeouts
from schemas.connection.tls import PREFER, mysql_tls, postgresql_tls

SQL_MODE = (  # DataJoint's own
    "NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY"
)
KINDS = {"mysql": "a MySQL server", "postgresql": "a PostgreSQL server"}
LONGER = "give it longer with DLGN_ANSWER_S"
LISTENS = "see that {kind} listens there and answers, not a tunnel or firewall in its place, or {longer}"
BUSY = "see that it is not overloaded and that no session locks its tables, or {longer}"
EMBEDDED = "see that this machine is not overloaded, else end its postgres processes, or {longer}"


class DatabaseSilent(DlgnError, LostConnectionError):
    """A database did not answer in time while a connection was opened: asking again may help."""


class PromptConnection(datajoint.Connection):
    """DataJoint's connection, in UTC, with a limit on the time in which it is opened.

    Parameters
    ----------
    address : tuple
        Host, user, password, port and backend.
    answer_s : float
        Seconds that the server has to answer each time that the connection is opened.
    config : Config
        DataJoint's configuration.
    tls : str, default "prefer"
        How it is encrypted, as ``Settings.tls`` says.
    """

    def __init__(
        self, address: tuple[str, str, str, int, str], answer_s: float, config: Any, tls: str = PREFER
    ) -> None:
        host, user, password, port, backend = address
        self.answer_s, self.tls = answer_s, tls
        super().__init__(host, user, password, port, backend=backend, config_override=config)

    def connect(self) -> None:
        """Open it, encrypted as ``tls`` says. Raises DatabaseSilent, and what the driver says else."""
        given = self._build_connect_kwargs() | self._demanded()
        try:
            self._conn = self._opened(given)
        except DatabaseSilent:
            raise
        except Exception:
            if self.tls != PREFER:
                raise
            self._conn = self._opened(given | {"use_tls": False})
        with self.answering("did not answer a first question"), self._conn.cursor() as cursor:
            cursor.execute(UTC[self.adapter.backend])
        self._is_closed = False

    @contextlib.contextmanager
    def answering(self, wanting: str) -> Iterator[None]:
        """Within the block, every answer must have come before ``answer_s`` have passed.

        Raises DatabaseSilent, which says what is ``wanting``. Nothing is asked twice meanwhile.
        """
        database = self._config.database
        kept, database.reconnect = database.reconnect, False
        try:
            with _watched(self._conn.fileno(), self.answer_s) as ended:
                try:
                    yield
                except Exception as error:
                    if not ended.is_set():
                        raise
                    raise self._silent(wanting, BUSY) from error
            if ended.is_set():
                raise self._silent(wanting, BUSY)
        finally:
            database.reconnect = kept

    def _demanded(self) -> dict[str, Any]:
        """What DataJoint's adapter is told of an encryption that is demanded."""
        if self.tls == PREFER:
            return {}
        if self.adapter.backend == "mysql":
            return {"use_tls": mysql_tls(self.tls)["ssl"]}
        wanted = postgresql_tls(self.tls)
        if "sslrootcert" in wanted:  # which the adapter does not pass on, so that the driver takes it from here
            os.environ["PGSSLROOTCERT"] = wanted["sslrootcert"]
        return {"sslmode": wanted["sslmode"]}

    def _opened(self, given: dict[str, Any]) -> Any:
        """A driver's connection, its handshake over."""
        try:
            if self.adapter.backend == "mysql":
                return _open_mysql(given, self.answer_s)
            return self.adapter.connect(**given, connect_timeout=max(1, math.ceil(self.answer_s)))
        except Exception as error:
            if is_timeout(error):
                raise self._silent(f"did not let {self.conn_info['user']!r} in", LISTENS) from error
            raise

    def _silent(self, wanting: str, advice: str) -> DatabaseSilent:
        host, port = self.conn_info["host"], self.conn_info["port"]
        if host.startswith("/"):
            return silent(f"the embedded database in {os.path.realpath(host)} {wanting}", self.answer_s, EMBEDDED)
        return silent(f"the database at {host}:{port} {wanting}", self.answer_s, advice, self.adapter.backend)


def open_connection(address: tuple[str, str, str, int, str], answer_s: float, tls: str = PREFER) -> PromptConnection:
    """Open a connection with a configuration of its own.

    Parameters
    ----------
    address : tuple
        Host, user, password, port and backend.
    answer_s : float
        Seconds that the server has to answer each time that the connection is opened.
    tls : str, default "prefer"
        How it is encrypted, as ``Settings.tls`` says.

    Returns
    -------
    PromptConnection
        The connection.

    Raises
    ------
    DatabaseSilent
        If the server does not answer.
    Exception
        What the driver says of a server that is not there or refuses the account.
    """
    config = datajoint.settings.Config()  # without the datajoint.json of the current folder and those above it
    config.database.backend = address[-1]
    config.loglevel = "ERROR"  # its warnings are advice on type names; its errors reach us as exceptions
    return PromptConnection(address, answer_s, config, tls)


def silent(what: str, answer_s: float, advice: str = LISTENS, backend: str = "mysql") -> DatabaseSilent:
    """Make the error of a database that did not answer.

    Parameters
    ----------
    what : str
        The database, and what it did not do.
    answer_s : float
        Seconds that it had.
    advice : str
        What to check.
    backend : str
        ``mysql`` or ``postgresql``.

    Returns
    -------
    DatabaseSilent
        With one sentence.
    """
    return DatabaseSilent(f"{what} within {answer_s:g} s: {advice.format(kind=KINDS[backend], longer=LONGER)}")


def _open_mysql(given: dict[str, Any], answer_s: float) -> MySQLConnection:
    """As DataJoint's adapter opens one, which passes no timeouts on."""
    tls = given["use_tls"]
    secured: dict[str, Any] = {"ssl_disabled": True} if tls is False else {"ssl": {} if tls is True else tls}
    asked = {name: given[name] for name in ("host", "port", "user", "password", "charset")}
    return MySQLConnection(sql_mode=SQL_MODE, autocommit=True, **asked, **secured, **timeouts(answer_s))


@contextlib.contextmanager
def _watched(number: int, limit_s: float) -> Iterator[threading.Event]:
    """Within the block, a socket is shut down after ``limit_s``, and the event set.

    That alone wakes a driver, which waits in C or below an encryption.
    """
    ended = threading.Event()
    with socket.socket(fileno=os.dup(number)) as watched:

        def end() -> None:
            ended.set()
            with contextlib.suppress(OSError):  # it was closed by the other side
                watched.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(limit_s, end)
        timer.daemon = True
        timer.start()
        try:
            yield ended
        finally:
            timer.cancel()
            timer.join()
