"""Which version a database has, found by one query, and the sentences that refuse it."""

import json
from importlib import resources
from typing import Any

from datajoint.errors import MissingTableError

from dlgn_cnn.errors import ConfigError
from schemas.migrations import steps
from schemas.migrations.tables import Tables, columns_of

TABLE = "version.schema_version"
DECLARING, UPGRADING, READY = "declaring", "upgrading", "ready"
NO_DATABASE = 1049  # what MySQL says of a table whose schema is not there
State = tuple[int, str]


def read(connection: Any, prefix: str) -> State | None:
    """The version of a prefix's tables and its state; None where none was ever noted."""
    table = Tables(connection, prefix).full_name(TABLE)
    try:
        found = connection.query(f"SELECT version, state FROM {table} ORDER BY version DESC LIMIT 1").fetchone()
    except Exception as error:
        if not isinstance(error, MissingTableError) and NO_DATABASE not in error.args:
            raise
        return None
    return None if found is None else (int(found[0]), str(found[1]))


def note(tables: Tables, version: int, state: str) -> None:
    """Write a version's state, unless it is that already."""
    found = (tables.free(TABLE) & {"version": version}).to_arrays("state")
    if not len(found):
        tables.free(TABLE).insert1({"version": version, "state": state}, skip_duplicates=True)
    elif found[0] != state:
        tables.free(TABLE).update1({"version": version, "state": state})


def check(connection: Any, prefix: str, modules: tuple[str, ...]) -> bool:
    """Whether the tables are still to be declared. Raises ConfigError where they are not of this code's version.

    Reads one row where they are. ``modules`` are those whose schemas hold results.
    """
    found, wanted = read(connection, prefix), steps.latest()
    if found == (wanted, READY):
        return False
    if found is None:
        declared = columns_of(connection, [f"{prefix}{name}" for name in modules])
        found = read(connection, prefix)  # again: another process may have begun to declare them
        if declared and found is None:
            raise ConfigError(
                f"the tables of {prefix}* are from before versions, this dlgn_cnn works with version {wanted}: "
                "end all workers, then run dlgn migrate"
            )
    if found is None:
        return True
    version, state = found
    refuse_newer(version, prefix)
    if state == UPGRADING:
        raise ConfigError(
            f"the upgrade of the tables of {prefix}* to version {version} has not ended: "
            "wait for whoever runs it; where it was interrupted, run dlgn migrate again"
        )
    if version < wanted:
        raise ConfigError(
            f"the tables of {prefix}* have version {version}, this dlgn_cnn works with version {wanted}: "
            "end all workers, then run dlgn migrate"
        )
    return True


def refuse_newer(version: int, prefix: str) -> None:
    """Raise ConfigError for a version that this code does not know."""
    if version > steps.latest():
        raise ConfigError(
            f"the tables of {prefix}* have version {version}, made by a newer dlgn_cnn; this one works with version "
            f"{steps.latest()} and would read them wrongly: install the newer one"
        )


def refuse_unless_first(connection: Any, prefix: str) -> None:
    """Raise ConfigError where tables that have no version are not those of version 1, by name, with their columns."""
    with resources.files("schemas.migrations").joinpath("version_1.json").open() as file:
        expected = {f"{prefix}{name}": set(columns) for name, columns in json.load(file).items()}
    found = columns_of(connection, sorted({name.partition(".")[0] for name in expected}))
    if not found:
        raise ConfigError(f"there are no tables of {prefix}* to migrate: the first command that needs them makes them")
    wrong = sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
    if wrong:
        raise ConfigError(
            f"the tables of {prefix}* have no version and are not those of version 1 ({', '.join(wrong[:5])}"
            f"{' and others' if len(wrong) > 5 else ''}): nothing was changed; restore a backup, or name another "
            "DLGN_PREFIX"
        )
