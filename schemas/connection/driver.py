"""Connections by the plain drivers, without DataJoint: quick to import, and bounded in time where they are opened."""

from typing import Any

import pymysql
from pymysql import MySQLError
from pymysql.cursors import DictCursor

from schemas.connection.tls import PREFER, mysql_tls, postgresql_tls

__all__ = ["UTC", "DictCursor", "MySQLConnection", "MySQLError", "is_timeout", "open_plain", "timeouts"]

# Tables hold times in UTC, and each server converts its own clock's time to the zone of the session.
UTC = {"mysql": "SET time_zone = '+00:00'", "postgresql": "SET TIME ZONE 'UTC'"}


class MySQLConnection(pymysql.connections.Connection):
    """The plain driver's connection, whose timeouts end with its handshake: a statement may take its time."""

    def connect(self, sock: Any = None) -> None:
        """Connect and let go of the timeouts."""
        super().connect(sock)
        self._read_timeout = self._write_timeout = None

    def fileno(self) -> int:
        """The number of its socket."""
        return int(self._sock.fileno())


def timeouts(answer_s: float) -> dict[str, float]:
    """What a ``MySQLConnection`` is given for its handshake."""
    return {name: answer_s for name in ("connect_timeout", "read_timeout", "write_timeout")}


def is_timeout(error: Exception) -> bool:
    """Whether a driver gave up a handshake because no answer came in time, which it says in words alone."""
    return any(words in str(error) for words in ("timed out", "timeout expired"))


def open_plain(backend: str, host: str, port: int, user: str, password: str, answer_s: float, tls: str = PREFER) -> Any:
    """Open a connection in UTC on which every answer must come in time.

    Parameters
    ----------
    backend : str
        ``mysql`` or ``postgresql``.
    host, port, user, password
        Address of the server and the account.
    answer_s : float
        Seconds after which the handshake or a statement fails.
    tls : str, default "prefer"
        How it is encrypted, as ``Settings.tls`` says.

    Returns
    -------
    Connection
        The driver's connection; each statement commits by itself.

    Raises
    ------
    Exception
        The driver's own error.
    """
    place: dict[str, Any] = {"host": host, "port": port, "user": user, "password": password}
    if backend == "mysql":
        place |= {"autocommit": True, "init_command": UTC["mysql"], **timeouts(answer_s)}
        try:
            return pymysql.connect(**place, **mysql_tls(tls))
        except pymysql.err.OperationalError:
            if tls != PREFER:
                raise
            return pymysql.connect(**place, ssl_disabled=True)
    import psycopg2

    limit = int(answer_s * 1000)
    connection = psycopg2.connect(
        **place,
        dbname="postgres",
        **postgresql_tls(tls),
        connect_timeout=int(answer_s),
        tcp_user_timeout=limit,
        options=f"-c statement_timeout={limit} -c timezone=UTC",
    )
    connection.autocommit = True
    return connection
