"""Loading of an archive into the database in force: all of it or nothing, and only files with the right digests.

Everything is checked and stored first, each file under the digest of its bytes. Then all rows are inserted in one
transaction, parents before children. It touches no store, and so holds its locks only as long as the rows take.
A process that is killed before leaves files that no row refers to: ``dlgn gc`` finds them, and the next load uses the
same names. A row that exists already must have the same content; only its ``circumstances`` may differ.

Memory: one session's arrays, and one batch of rows.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dlgn_cnn.archive.manifest import StoredColumn
from dlgn_cnn.archive.places import split_place
from dlgn_cnn.archive.reading import Archive, open_archive
from dlgn_cnn.config import leaves
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.runtime.progress import Progress, silent
from populate.archive.catalog import Catalog, precision_s
from populate.archive.files import (
    WEIGHTS,
    Placed,
    place_stimuli,
    place_weights,
    placed_name,
    weights_file,
)
from populate.archive.rows import PROVENANCE, circumstances, decode, differs, encode, stripped
from populate.errors.transient import is_transient
from schemas import session
from schemas.base import store_registry
from schemas.base.hashed_config import HashedConfig
from schemas.connection.in_force import settings_in_force
from schemas.declaration.table_classes import definitions_digest

Row = dict[str, Any]
BATCH = 200
PATH_LENGTH, TEXT_LENGTH = 180, 2000  # longer leaves have no row
MAX_LINE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Loaded:
    """A loaded archive: its digest, and by table the numbers of rows that are new and that existed."""

    sha256: str
    new: dict[str, int]
    known: dict[str, int]
    left_out: tuple[str, ...]


def load(place: str, progress: Progress = silent) -> Loaded:
    """Load the archive at a path or URL, ``PLACE`` or ``PLACE#sha256=DIGEST``, into the database in force.

    Raises ArchiveError for an archive that is broken or not ours, and for a row that is there with other content, which
    it names; then nothing was inserted.
    """
    where, _, pinned = split_place(place)
    archive = open_archive(where, pinned, settings_in_force().cache)
    catalog = Catalog()
    _check_tables(archive, catalog)
    _check_space(archive)
    archive.verify(progress)
    store_registry.sign(settings_in_force(), session.schema.connection)
    place_weights(archive)
    place_stimuli(archive)
    with tempfile.TemporaryDirectory() as folder:
        loading = _Loading(archive, catalog, Path(folder))
        for name in loading.names:
            loading.store(name)
        with session.schema.connection.transaction:
            counts = {name: loading.insert(name) for name in loading.names}
            _check_configs(catalog, archive.manifest.tables)
    new, known = ({name: count[index] for name, count in counts.items()} for index in (0, 1))
    return Loaded(archive.sha256, new, known, archive.manifest.left_out)


class _Loading:
    """The tables of an archive, each read twice: to store the files that its rows refer to, and to insert the rows.

    Raises ArchiveError for a row that exists with other content, and for a file that the archive lacks.
    """

    def __init__(self, archive: Archive, catalog: Catalog, folder: Path) -> None:
        """Unpack the rows into ``folder``."""
        self.names = [name for name in catalog.tables if name in archive.manifest.tables]
        self._archive, self._catalog, self._placed = archive, catalog, Placed(archive)
        self._files = {name: archive.copy(f"rows/{name}.jsonl", folder / name) for name in self.names}

    def store(self, name: str) -> None:
        """Store the files that a table's new rows refer to."""
        for fresh, _ in self._batches(name):
            self._values(name, fresh)

    def insert(self, name: str) -> tuple[int, int]:
        """Insert a table's rows; returns the numbers of new ones and of those that existed with the same content."""
        new = known = 0
        for fresh, before in self._batches(name):
            _insert(self._archive, name, self._catalog.tables[name], self._values(name, fresh))
            new, known = new + len(fresh), known + before
        expected = self._archive.manifest.tables[name].rows
        if new + known != expected:
            raise ArchiveError(f"{self._archive.place}: {name} has {new + known} rows, its manifest says {expected}")
        return new, known

    def _batches(self, name: str) -> Iterator[tuple[list[Row], int]]:
        """The new rows, a batch at a time, each with the number of rows that exist."""
        table, columns = self._catalog.tables[name], self._catalog.columns(name)
        for batch in _batches(self._archive, name, self._files[name]):
            stored = _stored(table, columns, batch, self._placed.digest)
            fresh = []
            for row in batch:
                before = stored.get(_key(table, row))
                if before is None:
                    fresh.append(row)
                else:
                    _compare(self._archive, name, table, columns, row, before)
            yield fresh, len(batch) - len(fresh)

    def _values(self, name: str, rows: list[Row]) -> list[Row]:
        """Rows as they are inserted, after the files that they refer to were stored."""
        columns, schema = self._catalog.columns(name), self._catalog.tables[name].database
        self._placed.store(schema, [row.get(one.name) for row in rows for one in columns if one.kind == "npy"])
        found = []
        for row in rows:
            values = decode(row, columns, partial(self._placed.array, schema))
            if name == "dataset.Dataset.Session":
                self._placed.session(values)
            if WEIGHTS in values:
                self._archive.entry(weights_file(values))
            found.append(placed_name(self._archive, name, values))
        return found


def _check_tables(archive: Archive, catalog: Catalog) -> None:
    """Refuse an archive whose tables are not those of this version, before any row is read."""
    manifest, version = archive.manifest, definitions_digest()
    if manifest.schema_version != version:
        raise ArchiveError(
            f"{archive.place} has tables of version {manifest.schema_version}, this database {version}: "
            "load it with the dlgn_cnn that published it"
        )
    for name, table in manifest.tables.items():
        if name not in catalog.tables:
            raise ArchiveError(
                f"{archive.place} has a table {name}, which this version does not have: upgrade dlgn_cnn"
            )
        expected = [(one.name, one.kind) for one in catalog.columns(name)]
        if sorted((one.name, one.kind) for one in table.columns) != sorted(expected):
            raise ArchiveError(
                f"{archive.place}: the columns of {name} are not those of this version (published by dlgn_cnn "
                f"{manifest.package}): load it with that one"
            )


def _check_space(archive: Archive) -> None:
    for folder in {settings_in_force().store, Path(tempfile.gettempdir())}:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < archive.manifest.size_bytes:
            raise ArchiveError(
                f"{archive.place} takes {archive.manifest.size_bytes / 1e6:.0f} MB when unpacked, {folder} has "
                f"{free / 1e6:.0f} MB free: make room"
            )


def _batches(archive: Archive, name: str, path: Path) -> Iterator[list[Row]]:
    with path.open("rb") as file:
        batch: list[Row] = []
        while text := file.readline(MAX_LINE_BYTES):
            batch.append(_parsed(archive, name, text))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _parsed(archive: Archive, name: str, text: bytes) -> Row:
    try:
        row = json.loads(text)
        if not isinstance(row, dict):
            raise ValueError("no row")
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{archive.place}: a line of {name} is not a row ({error})") from error
    return row


def _key(table: Any, row: Row) -> tuple[Any, ...]:
    try:
        return tuple(row[column] for column in table.primary_key)
    except KeyError as error:
        raise ArchiveError(f"a row of {table.table_name} lacks {error}, which is part of its key") from error


def _stored(
    table: Any, columns: Sequence[StoredColumn], batch: list[Row], digest: Callable[[Any], str]
) -> dict[tuple[Any, ...], Row]:
    """The rows that are there with the keys of these, as an archive holds them."""
    keys = [dict(zip(table.primary_key, _key(table, row), strict=True)) for row in batch]
    found = (encode(row, columns, digest) for row in (table & keys).to_dicts()) if keys else ()
    return {_key(table, row): row for row in found}


def _compare(archive: Archive, name: str, table: Any, columns: Sequence[StoredColumn], row: Row, before: Row) -> None:
    ignored = circumstances(name, table)
    for column in columns:
        if column.name in ignored or name.endswith(PROVENANCE):
            continue
        precision = precision_s(table, column.name) if column.kind == "datetime" else 0.0
        ours, theirs = (stripped(one.get(column.name), ignored) for one in (before, row))
        if differs(theirs, ours, column.kind, precision):
            key = {one: row[one] for one in table.primary_key}
            raise ArchiveError(
                f"{name} {key} is there already with another {column.name}: {before[column.name]!r:.80}, in "
                f"{archive.place} {row.get(column.name)!r:.80}; nothing was loaded: use a database or prefix of its own"
            )


def _insert(archive: Archive, name: str, table: Any, rows: list[Row]) -> None:
    try:
        table.insert(rows, allow_direct_insert=True)
    except Exception as error:  # each driver has errors of its own
        if is_transient(error):
            raise
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ArchiveError(f"{archive.place}: rows of {name} cannot be inserted ({said}): it is incomplete") from error


def _check_configs(catalog: Catalog, names: Collection[str]) -> None:
    """Raise ConfigError or ArchiveError for a config in these tables that is not the one that was hashed."""
    for name in names:
        table = catalog.tables[name]
        if issubclass(type(table), HashedConfig) and f"{name}.Leaf" in names:
            for key in table.proj().to_dicts():
                _check_config(table, key)


def _check_config(table: Any, key: dict[str, Any]) -> None:
    config = table.load(key)[1]
    stored = {(row["path"], row["kind"], row["value"]) for row in (table.Leaf & key).to_dicts()}
    expected = {(one.path, one.kind, one.text) for one in leaves(config)}
    lacking = [one for one in expected - stored if len(one[0]) <= PATH_LENGTH and len(one[2]) <= TEXT_LENGTH]
    if lacking or stored - expected:
        raise ArchiveError(f"the values of config {key} are not those of the config: the archive was altered")
