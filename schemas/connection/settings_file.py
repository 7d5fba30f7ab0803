"""Files of settings: a project's own, and what one person says of it.

``dlgn.env`` holds a project's settings in the folder that commands are run from, and is meant to be committed. Since it
comes along when somebody copies or clones a folder, it may say how to compute, but neither what is connected to,
written to or run, nor a password. What ``dlgn init`` was told of these is kept in the person's own configuration, in
one file for each project's folder. Lines are ``NAME=VALUE``; the environment prevails over them.
"""

import hashlib
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import platformdirs

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from dlgn_cnn.storage.rights import raise_if_forbidden

NAME = "dlgn.env"
PASSWORD = "DLGN_DATABASE_PASSWORD"
PASSWORD_HOST = "DLGN_DATABASE_PASSWORD_HOST"
MEANING = {
    "DLGN_DATABASE": "mysql://user@host:3306 or postgresql://user@host:5432; without, an embedded PostgreSQL",
    "DLGN_TLS": "prefer, require, verify (the server's certificate), or the file of an authority to verify it by",
    "DLGN_STORE": "datasets, spikes, weights: a folder that all workers see, or s3://bucket/folder",
    "DLGN_PREFIX": "begins every schema's name: one for each project on a server",
    "DLGN_HOME": "the embedded database, caches and logs of this machine",
    "DLGN_DATASETS": "where datasets are stored instead of DLGN_STORE",
    "DLGN_PATHS": "where this host has recordings that rows name elsewhere: /stored/folder=/folder/here, ...",
    "DLGN_DEVICE": "auto, cpu, cuda, cuda:1",
    "DLGN_THREADS": "threads that a worker computes with (default: its share of the cores)",
    "DLGN_CHECKPOINT_S": "how often a fit is saved so that it can be gone on from, in seconds",
    "DLGN_LOGGERS": "who else is told of epochs: csv, tensorboard, wandb, mlflow",
    "DLGN_LEASE_S": "seconds without a sign of life after which a worker loses its key to others",
    "DLGN_STUCK_MIN": "minutes without a step after which a worker is reported as stuck",
    "DLGN_ANSWER_S": "seconds in which a database is to let a command in and to answer its first questions",
    "DLGN_WARNING_SIGNAL": "one more signal at which a worker hands its key back, as USR1",
    "DLGN_DETERMINISTIC": "1 keeps torch to algorithms that give the same bits each time",
    "DLGN_REQUIRE_CLEAN": "1 lets workers compute with committed code only",
}
# What is connected to, written to or run: only the person who works here says that.
PERSONAL = frozenset(f"DLGN_{name}" for name in ["DATABASE", "TLS", "STORE", "DATASETS", "HOME", "PATHS", "LOGGERS"])
REFUSED = {
    PASSWORD: "a password does not belong in a file that may be committed",
    PASSWORD_HOST: "the server of a password stands where the password stands",
    "DLGN_ALLOW_PACKAGES": "which packages may run code is for each user to say, not for a file that comes along",
}


def personal_file(folder: Path) -> Path:
    """Where this account keeps its own settings of a project's folder; no copy of the folder brings it along."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return platformdirs.user_config_path("dlgn_cnn") / "projects" / f"{name}.env"


def read_settings(folder: Path) -> dict[str, str]:
    """The settings of a folder: its ``dlgn.env`` and the account's own file for it, as far as they exist.

    Raises ConfigError, with the line, for an unknown name, a password, or a setting that may not stand there.
    """
    try:
        own = _read(personal_file(folder), personal=True)
    except PermissionError:  # a home that is not this account's, as in some containers
        own = {}
    return own | _read(folder / NAME, personal=False)


def _read(path: Path, personal: bool) -> dict[str, str]:
    """The settings of one file, empty if there is none."""
    try:
        check("settings.bytes", path.stat().st_size, path, error=ConfigError)
        lines = path.read_text().splitlines()
    except ConfigError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise_if_forbidden(error)
        raise ConfigError(f"{path} cannot be read ({error}): correct it or move it away") from error
    found = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            name, value = _parsed(text, f"{path} line {number}")
            if name in PERSONAL and not personal:
                raise ConfigError(
                    f"{path} line {number} sets {name}: a file that may come with a folder does not say what is "
                    f"connected to, written to or run; take the line out, and export {name} or give it to dlgn init"
                )
            found[name] = value
    return found


def check_setting(name: str, value: str, where: str) -> None:
    """Check a setting that is written to a file.

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
    if "\0" in value:
        raise ConfigError(f"{where} sets {name} to a text with a zero byte, which no path or name has: correct it")
    if "://" in value and split_url(where, value).password is not None:
        raise ConfigError(f"{where} holds a password: {REFUSED[PASSWORD]}; take it out and export {PASSWORD} instead")


def split_url(where: str, url: str) -> SplitResult:
    """The parts of a URL. Raises ConfigError, which does not show it, for one that has none, as ``s3://[::1``."""
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ConfigError(f"{where} is not a URL ({error}): correct it") from error


def _parsed(text: str, where: str) -> tuple[str, str]:
    name, given, value = text.removeprefix("export ").partition("=")
    name, value = name.strip(), value.strip()
    if not given:
        raise ConfigError(f"{where} is {text!r}: expected NAME=VALUE, or a comment after '#'")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    check_setting(name, value, where)
    return name, value
