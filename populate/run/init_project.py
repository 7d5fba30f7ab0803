"""``dlgn init``: a project's files, and what this account alone is told, after the database was reached."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import schemas
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.storage.rights import present
from schemas.connection.settings import MEANING, NAME, PASSWORD, check_setting, read_settings, without_password
from schemas.connection.settings_file import PASSWORD_HOST, PERSONAL, personal_file

logger = logging.getLogger("dlgn")
EXPERIMENT = "experiment.yaml"
STARTER = Path(__file__).parents[1] / "experiments" / "compare.yaml"
HEAD = """# Settings of this project, for commands that run in this folder; the environment takes precedence.
# It may come along with a copy of this folder, so neither a password nor what is connected to, written to or run stands
# here: dlgn init keeps that for each account, and the environment gives it.
"""
OWN = """# Settings of {folder} for this account; a password is asked for, or comes from {password} in the environment.
"""
NEXT = """next:
  dlgn simulate my_recording --units 12   a recording to try with, if you have none
  dlgn ingest my_recording                reads it into the tables
  dlgn define experiment.yaml             two models to compare
  dlgn populate                           computes
  dlgn query "Score * ModelConfig" --columns model_fn,mean_correlation
  dlgn report"""


def begin(folder: Path, given: Mapping[str, str]) -> None:
    """Reach the database with these settings, declare the tables, and write the missing files. Raises ConfigError.

    ``given`` has settings by name; a password in the database's URL is used, and written nowhere.
    """
    own = personal_file(folder)
    written = {name: without_password(value) if name == "DLGN_DATABASE" else value for name, value in given.items()}
    kept = read_settings(folder)
    for name, value in written.items():
        check_setting(name, value, "the command line")
        file = own if name in PERSONAL else folder / NAME
        if present(file) and kept.get(name) != value:
            found = kept.get(name, "nothing")
            raise ConfigError(f"{file} says {found} for {name}, given {value}: edit it, or leave that out")
    settings = schemas.Settings.from_environment({**kept, **os.environ, **given})
    schemas.open_database(settings)
    logger.info("all tables are declared in %s", _place(settings))
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / NAME, _settings_text(written))
    personal = "".join(f"{name}={value}\n" for name, value in written.items() if name in PERSONAL)
    if personal:
        own.parent.mkdir(parents=True, exist_ok=True)
        _write(own, OWN.format(folder=folder.resolve(), password=PASSWORD) + personal)
    _write(folder / EXPERIMENT, STARTER.read_text())
    place = urlsplit(given.get("DLGN_DATABASE", ""))
    if place.password:
        host = place.netloc.rpartition("@")[2]
        told = "the password is written nowhere: terminals ask for it; elsewhere export %s=%s %s=..."
        logger.info(told, PASSWORD_HOST, host, PASSWORD)
    logger.info("%s", NEXT if folder.resolve() == Path.cwd() else NEXT.replace("next:", f"next:\n  cd {folder}"))


def _place(settings: schemas.Settings) -> str:
    if settings.database is None:
        return f"the embedded server in {settings.home / 'postgres'}"
    return f"{without_password(settings.database)}, schemas {settings.prefix}*"


def _settings_text(given: Mapping[str, str]) -> str:
    """Every setting that may stand there with its meaning, those that are not given as a comment."""
    lines = [
        f"\n# {meaning}\n{f'{name}={given[name]}' if name in given else f'# {name}='}\n"
        for name, meaning in MEANING.items()
        if name not in PERSONAL
    ]
    return HEAD + "".join(lines)


def _write(path: Path, text: str) -> None:
    """Write a file unless there is one of that name."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        logger.info("%s exists and is not changed", path)
    else:
        logger.info("%s is written", path)
