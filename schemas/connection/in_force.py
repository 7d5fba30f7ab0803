"""The settings and the connection in force: a process has one database, for as long as it runs."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import allow
from schemas.connection.settings import Settings

_settings: Settings | None = None
_connection: Any = None
_recomputing: Settings | None = None


def put_in_force(settings: Settings, connection: Any) -> None:
    """Note the settings and the connection of this process's database, once it is open."""
    global _settings, _connection
    _settings, _connection = settings, connection
    allow(settings.allowed_packages)


def opened() -> Settings | None:
    """The settings that the database was opened with; None before it was."""
    return _settings


def settings_in_force() -> Settings:
    """The settings that the database was opened with. Raises ConfigError before it was."""
    if _settings is None:
        raise ConfigError("no database is open: call schemas.open_database() first")
    return _recomputing or _settings


def connection_in_force() -> Any:
    """The tables' connection. Raises ConfigError before the database was opened."""
    settings_in_force()
    return _connection


@contextlib.contextmanager
def recomputing(place: Path) -> Iterator[None]:
    """Within the block, results are written below ``place``; nothing is written to tables, loggers or the store.

    For one row at a time, in a process that does nothing else.
    """
    global _recomputing
    _recomputing = dataclasses.replace(settings_in_force(), scratch=place, loggers=())
    try:
        yield
    finally:
        _recomputing = None
