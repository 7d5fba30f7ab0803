"""``dlgn.env``: a project's settings in the folder that commands are run from, meant to be committed.

Lines are ``NAME=VALUE``; the environment prevails over them. It may hold neither a password nor what lets code run,
since it comes along when somebody copies or clones a folder.
"""

from pathlib import Path
from urllib.parse import quote, urlsplit

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest

NAME = "dlgn.env"
PASSWORD = "DLGN_DATABASE_PASSWORD"
MEANING = {
    "DLGN_DATABASE": "mysql://user@host:3306 or postgresql://user@host:5432; without, an embedded PostgreSQL",
    "DLGN_STORE": "datasets, spikes, weights: a folder that all workers see, or s3://bucket/folder",
    "DLGN_PREFIX": "begins every schema's name: one for each project on a server",
    "DLGN_HOME": "the embedded database, caches and logs of this machine",
    "DLGN_DATASETS": "where datasets are stored instead of DLGN_STORE",
    "DLGN_DEVICE": "auto, cpu, cuda, cuda:1",
    "DLGN_THREADS": "threads that a worker computes with (default: its share of the cores)",
    "DLGN_CHECKPOINT_S": "how often a fit is saved so that it can be gone on from, in seconds",
    "DLGN_LOGGERS": "who else is told of epochs: csv, tensorboard, wandb, mlflow",
    "DLGN_LEASE_S": "seconds without a sign of life after which a worker loses its key to others",
    "DLGN_ANSWER_S": "seconds in which a database is to let a command in and to answer its first questions",
    "DLGN_WARNING_SIGNAL": "one more signal at which a worker hands its key back, as USR1",
    "DLGN_DETERMINISTIC": "1 keeps torch to algorithms that give the same bits each time",
    "DLGN_REQUIRE_CLEAN": "1 lets workers compute with committed code only",
}
REFUSED = {
    PASSWORD: "a password does not belong in a file that may be committed",
    "DLGN_ALLOW_PACKAGES": "which packages may run code is for each user to say, not for a file that comes along",
}


def read_settings(folder: Path) -> dict[str, str]:
    """The settings of a folder's ``dlgn.env``, empty if there is no such file.

    Raises ConfigError, with the line, for an unknown name, a password, or a list of packages.
    """
    path = folder / NAME
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}): correct it or move it away") from error
    found = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            name, value = _parsed(text, f"{path} line {number}")
            found[name] = value
    return found


def check_setting(name: str, value: str, where: str) -> None:
    """Check a setting that is written to ``dlgn.env``.

    Parameters
    ----------
    name, value : str
        The setting.
    where : str
        Where it stands, for the error.

    Raises
    ------
    ConfigError
        If it is unknown, or may not stand there.
    """
    if name in REFUSED:
        raise ConfigError(f"{where} sets {name}: {REFUSED[name]}; export it in your shell instead")
    if name not in MEANING:
        raise ConfigError(f"{where} sets {name}: {nearest(name, MEANING)}")
    if name == "DLGN_DATABASE" and urlsplit(value).password is not None:
        raise ConfigError(f"{where} holds a password: {REFUSED[PASSWORD]}; take it out and export {PASSWORD} instead")


def with_password(database: str | None, password: str | None) -> str | None:
    """The URL of a database with the password from elsewhere, where it has a user and none of its own."""
    if not database or not password:
        return database
    url = urlsplit(database)
    user, at, place = url.netloc.rpartition("@")
    if not at or ":" in user:
        return database
    return url._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def without_password(database: str) -> str:
    """The URL of a database that may be shown and written down."""
    url = urlsplit(database)
    user, at, place = url.netloc.rpartition("@")
    return url._replace(netloc=f"{user.partition(':')[0]}{at}{place}").geturl()


def _parsed(text: str, where: str) -> tuple[str, str]:
    name, given, value = text.removeprefix("export ").partition("=")
    name, value = name.strip(), value.strip()
    if not given:
        raise ConfigError(f"{where} is {text!r}: expected NAME=VALUE, or a comment after '#'")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    check_setting(name, value, where)
    return name, value
