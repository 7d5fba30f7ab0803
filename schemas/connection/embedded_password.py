"""Password of the embedded database: random, in a file of its folder that only the data's account and root can read.

A password and not the name of the account that connects (``peer``), which the server would have to look up: accounts of
containers often have a number alone. Databases of earlier versions, which asked for nothing, get one at their next use.
"""

import contextlib
import secrets
from pathlib import Path

from dlgn_cnn.errors import ConfigError
from schemas.connection.embedded_programs import Account

FILE, RULES = "password", "pg_hba.conf"
ASKED = "local all all scram-sha-256\n"
# Until the password is set. The socket, and its folder, are open to the data's account and root alone.
SETTING = "local postgres postgres trust\n"


def read(folder: Path) -> str:
    """The password of the database in ``folder``; empty if it has none yet."""
    return _text(folder / FILE)


def is_asked(folder: Path) -> bool:
    """Whether the database has a password and the rules by which its server asks everybody for it, and nothing else."""
    return bool(read(folder)) and _text(folder / RULES) == ASKED


def _text(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(errors="replace")
    return ""


def allow_to_set(folder: Path, account: Account) -> None:
    """Let the server that is about to start take a connection without a password, by which ``ask`` sets one."""
    account.write(folder / FILE, "")
    account.write(folder / RULES, SETTING)


def ask(folder: Path, account: Account, address: Path) -> None:
    """Give the running server another password, and have it ask for that from now on.

    Parameters
    ----------
    folder : Path
        The database's folder.
    account : Account
        The account that owns it.
    address : Path
        The folder of the server's socket.

    Raises
    ------
    ConfigError
        If the server runs and asks for a password that is lost.
    """
    import psycopg2
    from psycopg2.extensions import encrypt_password

    password = secrets.token_urlsafe(32)
    try:
        connection = psycopg2.connect(host=str(address), port=5432, user="postgres", dbname="postgres")
    except psycopg2.OperationalError as error:
        why = f"the embedded database in {folder} runs, and {folder / FILE} does not hold its password"
        raise ConfigError(f"{why}: end the processes that use it; its next start sets another") from error
    with contextlib.closing(connection), connection.cursor() as cursor:
        connection.autocommit = True
        # Encrypted here, so that neither the server's log nor its list of sessions shows it.
        verifier = encrypt_password(password, "postgres", connection, "scram-sha-256")
        cursor.execute("ALTER ROLE postgres PASSWORD %s", (verifier,))
        account.write(folder / FILE, password)
        account.write(folder / RULES, ASKED)  # last: a process that is killed before leaves the rest to the next
        cursor.execute("SELECT pg_reload_conf()")
