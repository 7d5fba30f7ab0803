"""Provenance of computed rows: code, environment and inputs, kept next to the row and deleted with it."""

import datetime
import functools
import platform
import time
from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar

import datajoint as dj

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.provenance.environment import CodeState, code_state, deterministic_algorithms, environment
from dlgn_cnn.provenance.environment import EnvironmentState as EnvironmentState
from dlgn_cnn.provenance.row_values import row_digest
from dlgn_cnn.runtime.device import pick_device
from schemas.base import store_registry
from schemas.base.hashed_config import added_part, transaction
from schemas.base.inserted_rows import Rows, collect_inserted, key_order
from schemas.base.keys import Key, Row
from schemas.connection.in_force import settings_in_force

schema = dj.Schema()
Parts = Mapping[str, Iterable[Row]]
Found = tuple[Row, Parts]  # columns of a row and, by the names of parts, of theirs; all without the key
_there: set[str] = set()  # the rows of code and environment that this process knows to be in the tables

DEFINITION = """
    # what a row was computed by, with and from
    -> master
    ---
    -> provenance.Code
    -> provenance.Environment
    inputs : json  # digests of what it was computed from, by name
    outputs : json  # digests of the rows that were inserted, by table, in the order of their keys
    host : varchar(255)
    computed : datetime  # UTC
    duration_s : float64  # of the computation
    """


@schema
class Code(dj.Manual):
    """The code of a process that computed rows: ``dlgn_cnn.provenance.environment``."""

    definition = """
    # code that computed rows
    code_hash : char(32)  # sha256 of what follows, first 128 bits
    ---
    code_version : varchar(32)  # of dlgn_cnn
    git_commit=null : varchar(64)  # where it runs from a git checkout
    changes_digest=null : char(64)  # sha256 of what is not committed; null where nothing is
    source_digest : char(64)  # sha256 of its source files
    """

    class Package(dj.Part):
        """Another package whose functions a config may name."""

        definition = """
        # another package whose functions a config may name
        -> master
        package : varchar(128)
        ---
        package_version="" : varchar(64)
        package_digest : char(64)  # sha256 of its source files
        """


@schema
class Environment(dj.Manual):
    """The environment of a process that computed rows: ``dlgn_cnn.provenance.environment``."""

    definition = """
    # what rows were computed with
    environment_hash : char(32)  # sha256 of what follows and of the packages, first 128 bits
    ---
    python : varchar(32)
    platform : varchar(128)  # operating system, machine and C library
    processor : varchar(128)
    torch : varchar(64)
    accelerator : varchar(64)  # the GPU's name, or cpu
    driver="" : varchar(64)  # of the GPU, with CUDA's version
    threads : int16  # of torch
    deterministic_algorithms : bool  # whether torch was kept to deterministic algorithms
    packages_digest : char(64)  # sha256 of the installed distributions and their versions
    """

    class Package(dj.Part):
        """One installed distribution."""

        definition = """
        # installed distribution
        -> master
        package : varchar(128)
        ---
        package_version : varchar(64)
        """


class Traced:
    """Mixin of a computed table, named before ``dj.Computed``: each row gets a part row ``Provenance``.

    It defines ``inputs``, ``make_fetch``, and ``make_compute``, which returns what it ``Found``.
    ``circumstances`` are columns, and keys within json columns, that say how a row came about instead of what was
    found: no verification compares them. ``digests`` are columns that say of a file whether it is the same, but not how
    near; ``tolerance`` is how far a row may be from one that was computed elsewhere and still count as close
    (``dlgn_cnn.provenance.row_values.deviations``).
    """

    Provenance: Any
    circumstances: ClassVar[tuple[str, ...]] = ()
    digests: ClassVar[tuple[str, ...]] = ()
    tolerance: ClassVar[float] = 1e-3
    _run: tuple[Row, int, Row] | None = None  # last key, identity of what was computed, and its provenance

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.Provenance = added_part(cls, "Provenance", DEFINITION, "Code, environment and inputs of a row.")

    def inputs(self, key: Key) -> dict[str, str]:
        """Digests by name of what a row with this key is computed from, besides its configs, which its key names."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its rows are computed from")

    def make(self, key: Row) -> Generator[Any, Any, None]:
        """Compute a key in DataJoint's three parts, and insert its provenance with the result."""
        table: Any = self
        fetched = table.make_fetch(key)
        computed = yield fetched
        if computed is None:
            computed = self._compute(key, fetched)
            yield computed
        store_registry.hold(settings_in_force(), table.connection)
        with collect_inserted(table) as rows:
            table.make_insert(key, *computed)
        if rows[type(self).__name__] and self._run is not None:
            table.Provenance.insert1(key | self._run[2] | {"outputs": outputs_of(table, rows)})
        yield None

    def make_insert(self, key: Row, row: Row, parts: Parts, allow_direct_insert: bool = False) -> None:
        """Insert a row and the rows of its parts, all without the key."""
        table: Any = self
        table.insert1(key | row, allow_direct_insert=allow_direct_insert)
        for name, rows in parts.items():
            getattr(table, name).insert((key | one for one in rows), allow_direct_insert=allow_direct_insert)

    def insert_directly(self, key: Row, row: Row, parts: Parts, duration_s: float) -> None:
        """Insert a row that was not computed by ``make``, with its provenance.

        Parameters
        ----------
        key : dict
            Its key.
        row : dict
            Its other columns.
        parts : dict of str to list of dict
            Rows of its parts, by their names.
        duration_s : float
            Seconds that it took to find them.
        """
        with collect_inserted(self) as rows:
            self.make_insert(key, row, parts, allow_direct_insert=True)
        provenance = provenance_row(self, key, duration_s) | {"outputs": outputs_of(self, rows)}
        self.Provenance.insert1(key | provenance, allow_direct_insert=True)

    def _compute(self, key: Row, fetched: Any) -> Any:
        table: Any = self
        refuse_unclean()
        store_registry.register(settings_in_force(), table.connection)  # a worker has done so
        row, started = provenance_row(self, key, 0.0), time.monotonic()
        with deterministic_algorithms(settings_in_force().deterministic):
            computed = table.make_compute(key, *fetched)
        # A result that was kept while the database was away comes back at once: it was computed when it was.
        if self._run is None or self._run[:2] != (key, id(computed)):
            self._run = dict(key), id(computed), row | {"duration_s": time.monotonic() - started}
        return computed


def provenance_row(table: Any, key: Key, duration_s: float) -> Row:
    """Return the provenance of a computation that begins now.

    Parameters
    ----------
    table : Table
        Has ``inputs``.
    key : mapping
        Key that is computed.
    duration_s : float
        Seconds that it took, where they are known.

    Returns
    -------
    dict
        Columns of a ``Provenance`` row, without its outputs.
    """
    row = present() | {"inputs": table.inputs(key), "host": platform.node()[:255], "duration_s": duration_s}
    return row | {"computed": datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0)}


def outputs_of(table: Any, rows: Rows) -> dict[str, list[str]]:
    """The digest of each row by table, in the order of their keys."""
    return {
        name: [row_digest(row) for row in sorted(found, key=key_order(table, name))] for name, found in rows.items()
    }


def present() -> dict[str, str]:
    """The keys of the rows of this process's code and environment, which are inserted where they are not there."""
    code, surroundings = running_code(), surrounding()
    digests = {code.digest, surroundings.digest}
    if not digests <= _there:
        _insert_state(Code, code)
        _insert_state(Environment, surroundings)
        if not Code.connection.in_transaction:  # what may still be rolled back is not there yet
            _there.update(digests)
    return {"code_hash": code.digest, "environment_hash": surroundings.digest}


@functools.cache
def running_code() -> CodeState:
    """The code of this process, as it lay on disk when it was first asked for."""
    return code_state(settings_in_force().allowed_packages)


def surrounding() -> EnvironmentState:
    """The environment of this process."""
    settings = settings_in_force()
    return environment(pick_device(settings.device), settings.deterministic)


def refuse_unclean() -> None:
    """Raise ConfigError where only committed code may compute and this is not."""
    code = running_code()
    if not settings_in_force().require_clean or (code.git_commit and code.changes_digest is None):
        return
    what = "is not from a git checkout" if code.git_commit is None else f"differs from commit {code.git_commit[:12]}"
    raise ConfigError(f"DLGN_REQUIRE_CLEAN is set and the code {what}: commit it, or unset DLGN_REQUIRE_CLEAN")


def _insert_state(table: Any, state: CodeState | EnvironmentState) -> None:
    """Insert a state's row with its packages, unless it is there: another process may insert the same meanwhile."""
    key, row = {table.primary_key[0]: state.digest}, asdict(state)
    packages = row.pop("packages")
    if table & key:
        return
    with transaction(table.connection):
        table.insert1(key | row, skip_duplicates=True)
        table.Package.insert([key | one for one in packages], skip_duplicates=True)
