"""From an older version to this code's: one step after the other, each whole or to be gone on with."""

import logging
from typing import Any

from datajoint.errors import AccessError

from dlgn_cnn.errors import ConfigError
from schemas.migrations import state, steps
from schemas.migrations.tables import Tables, alone, whole

logger = logging.getLogger("dlgn")
VERSION_DEFINITION = """
    # version of the tables
    version : int32
    ---
    state : varchar(16)  # declaring, upgrading or ready
    since=CURRENT_TIMESTAMP : datetime
    """


def migrate(connection: Any, prefix: str) -> list[int]:
    """Bring the tables of a prefix to this code's version; the versions that it went through are returned.

    Where they have no version, they must be those of version 1. On PostgreSQL a step is a transaction; on MySQL one
    that was interrupted is gone on with, and until then every other command refuses the database. Raises ConfigError
    for tables that are newer or not ours, where there are none, while a worker is alive or another migrates, and for an
    account that may not change tables, as those of workers.
    """
    tables = Tables(connection, prefix)
    try:
        with alone(connection, prefix, lambda: ConfigError(f"somebody else migrates the tables of {prefix}*: wait")):
            return [_climb(tables, number) for number in range(_begin(tables) + 1, steps.latest() + 1)]
    except AccessError as error:
        raise ConfigError(
            f"this account may not change tables ({error}): migrate with the one that declared them"
        ) from error


def _climb(tables: Tables, number: int) -> int:
    """Bring the tables from the version before to this one, which is returned."""
    step = steps.load(number)
    with whole(tables.connection):
        state.note(tables, number, state.UPGRADING)
        step.upgrade(tables)
        state.note(tables, number, state.READY)
    logger.info("version %d: %s", number, (step.__doc__ or "").strip().splitlines()[0])
    return number


def _begin(tables: Tables) -> int:
    """The version to go on from, which is noted where it was not. Raises ConfigError where there is none."""
    connection, prefix = tables.connection, tables.prefix
    found = state.read(connection, prefix)
    if found is not None:
        state.refuse_newer(found[0], prefix)
        _refuse_unfinished(found, prefix)
    else:
        state.refuse_unless_first(connection, prefix)
    _refuse_while_somebody_works(tables)
    if found is None:
        with whole(connection):
            tables.create_table(state.TABLE, VERSION_DEFINITION)
            state.note(tables, steps.FIRST, state.READY)
        return steps.FIRST
    version, how = found
    return version - 1 if how == state.UPGRADING else version


def _refuse_unfinished(found: tuple[int, str], prefix: str) -> None:
    if found[1] == state.DECLARING:
        raise ConfigError(
            f"the tables of {prefix}* were never all declared: any other command of the dlgn_cnn that began, "
            f"which made version {found[0]}, goes on with it"
        )


def _refuse_while_somebody_works(tables: Tables) -> None:
    alive = "state = 'working' AND expires > CURRENT_TIMESTAMP(3)"
    hosts = tables.run(f"SELECT DISTINCT host FROM {tables.full_name('fleet.worker')} WHERE {alive}").fetchall()
    if hosts:
        named = ", ".join(sorted(str(row[0]) for row in hosts))
        raise ConfigError(f"workers are alive on {named}: dlgn drain them, with the dlgn_cnn they run, then migrate")
