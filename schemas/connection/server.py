"""Servers: MySQL where a URL is set, the embedded PostgreSQL otherwise; how they are reached and why they refuse."""

import contextlib
import ipaddress
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote

from dlgn_cnn.errors import ConfigError
from schemas.connection.in_force import connection_in_force, settings_in_force
from schemas.connection.password import database_password
from schemas.connection.settings import Settings
from schemas.connection.settings_file import split_url

PORTS = {"mysql": 3306, "postgresql": 5432}
# Words in what drivers say of a server that refuses a connection, and what to do.
REFUSALS = {
    "access denied": "correct user and password in DLGN_DATABASE, or DLGN_DATABASE_PASSWORD",
    "authentication failed": "correct user and password in DLGN_DATABASE, or DLGN_DATABASE_PASSWORD",
    "no password supplied": "set DLGN_DATABASE_PASSWORD",
    "is not allowed to connect": "ask its administrator to let this machine in",
    "too many connections": "try again when fewer workers run, or raise the server's limit",
}
UNREACHABLE = "see that the server runs and that host, port and firewall are right, then correct DLGN_DATABASE"


def server_address(settings: Settings) -> tuple[str, str, str, int, str]:
    """Host, user, password, port and backend of the settings' database; the embedded server is started for it."""
    if settings.database is None:
        from schemas.connection import embedded

        place, password = embedded.start(settings.home / "postgres")
        return str(place), "postgres", password, 5432, "postgresql"
    host, user, password, port, backend = address_in(settings.database, "DLGN_DATABASE")
    if split_url("DLGN_DATABASE", settings.database).password is None:
        password = database_password(settings.database, port)
    return host, user, password, port, backend


def address_in(url: str, what: str, backends: Collection[str] = tuple(PORTS)) -> tuple[str, str, str, int, str]:
    """Split the URL of a server.

    Parameters
    ----------
    url : str
        As ``mysql://user:password@host:port``.
    what : str
        How an error names the URL, which it does not show.
    backends : collection of str
        Schemes that the URL may have (default: all).

    Returns
    -------
    tuple of str, str, str, int and str
        Host, user, password, port and backend.

    Raises
    ------
    ConfigError
        If the URL is of another form.
    """
    place = split_url(what, url)
    try:
        given = place.port
    except ValueError:
        given = -1
    if place.scheme not in backends or not place.hostname or not place.username or given == -1:
        forms = " or ".join(f"{one}://user:password@host:port" for one in backends)
        raise ConfigError(f"{what} is not of the form {forms}: correct it")
    port = given or PORTS[place.scheme]
    return place.hostname, unquote(place.username), unquote(place.password or ""), port, place.scheme


def is_local(host: str) -> bool:
    """Whether an address or a socket's folder is this machine's own, which no other machine reaches.

    >>> is_local("[::1]"), is_local("/tmp/postgres"), is_local("192.168.1.5")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("/")


def connect(settings: Settings) -> Any:
    """Connect to the settings' database.

    Raises ConfigError if the server refuses, and DatabaseSilent if it does not answer.
    """
    from schemas.connection.client import DatabaseSilent, open_connection

    address = server_address(settings)
    try:
        return open_connection(address, settings.answer_s, settings.tls)
    except DatabaseSilent:
        raise
    except Exception as error:
        host, user, _, port, _ = address
        raise ConfigError(f"no connection to the database at {host}:{port} as {user!r}: {refusal(error)}") from error


def own_connection(other: Any) -> Any:
    """A second connection to the server of ``other``, for one thread alone; encrypted as that one is."""
    from schemas.connection.client import PromptConnection

    host, user, password, port = (other.conn_info[name] for name in ("host", "user", "passwd", "port"))
    address = host, user, password, port, other.adapter.backend
    return PromptConnection(address, other.answer_s, other._config, other.tls)


def reconnect() -> None:
    """Give the tables a fresh connection, whatever state the old one is in, with no transaction open.

    An embedded server that has died is started again. Raises DatabaseSilent, or the driver's error, where none answers.
    """
    settings, connection = settings_in_force(), connection_in_force()
    if settings.database is None:
        server_address(settings)
    with contextlib.suppress(Exception):  # a broken connection may refuse to be closed
        connection.close()
    connection.connect()
    connection.cancel_transaction()


def refusal(error: Exception) -> str:
    """What a driver said when it could not connect, in one line, and what to do about it."""
    coded = len(error.args) > 1 and isinstance(error.args[0], int)
    said = (str(error.args[1] if coded else error).strip().splitlines() or [type(error).__name__])[0]
    advice = next((advice for word, advice in REFUSALS.items() if word in said.lower()), UNREACHABLE)
    return f"{said}; {advice}"
