"""Password of a server: from its URL, from the environment where that says which server it belongs to, or asked for.

So a URL that comes from elsewhere, or has a slip, never receives the password of another server.
"""

import getpass
import os
import sys
from urllib.parse import unquote, urlsplit

from dlgn_cnn.errors import ConfigError
from schemas.connection.settings_file import PASSWORD, PASSWORD_HOST


def database_password(url: str, port: int) -> str:
    """Password for a database that has none in its URL; empty if none is known and nobody can be asked.

    An answer is kept in the environment of this process, for itself and those that it starts.

    Parameters
    ----------
    url : str
        Such as ``mysql://user@host``.
    port : int
        Port of the server.

    Returns
    -------
    str
        The environment's password if it belongs to this server, else the answer on the terminal.

    Raises
    ------
    ConfigError
        If the environment's password does not belong to this server, and standard input is not a terminal.
    """
    given = os.environ.get(PASSWORD)
    if given is not None and _belongs(url, port):
        return given
    answer = asked(url)
    if answer is not None:
        os.environ.update({PASSWORD: answer, PASSWORD_HOST: _place(url)})
        return answer
    if given:
        named = os.environ.get(PASSWORD_HOST)
        belongs = f"belongs to {named}, not to {_place(url)}" if named else "does not say which server it belongs to"
        raise ConfigError(
            f"{PASSWORD} {belongs}: export {PASSWORD_HOST}={_place(url)} if it is of that server, or run the command "
            "on a terminal, which asks for it"
        )
    return ""


def asked(url: str) -> str | None:
    """The answer to the question for the password of a URL's user; None if standard input is not a terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"password of {unquote(urlsplit(url).username or '')} at {_place(url)}: ")
    except EOFError:
        return ""


def _belongs(url: str, port: int) -> bool:
    """Whether the environment's password is of this server: by the host that it names, else by its own URL."""
    named = os.environ.get(PASSWORD_HOST)
    if not named:
        return os.environ.get("DLGN_DATABASE") == url
    try:
        host = urlsplit(f"//{named}")
        wanted = host.hostname, host.port or port
    except ValueError:
        wanted = None, port
    if wanted[0] is None or host.netloc != named or "@" in named:
        raise ConfigError(f"{PASSWORD_HOST} {named!r}: expected HOST or HOST:PORT, as dbhost:3306 or [::1]:3306")
    return wanted == (urlsplit(url).hostname, port)


def _place(url: str) -> str:
    """Host and port as the URL names them."""
    return urlsplit(url).netloc.rpartition("@")[2]
