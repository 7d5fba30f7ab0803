"""Loading of an archive into the database in force: all of it or nothing, and only files with the right digests.

Everything is checked and stored first, each file under the digest of its bytes. Then all rows are inserted in one
transaction, parents before children. It touches no store, and so holds its locks only as long as the rows take.
A process that is killed before leaves files that no row refers to: ``dlgn gc`` finds them, and the next load uses the
same names. A row that exists already must have the same content; only its ``circumstances`` may differ.

Memory: one session's arrays, and one batch of rows.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from dlgn_cnn.archive import json_text
from dlgn_cnn.archive.manifest import StoredColumn
from dlgn_cnn.archive.places import split_place
from dlgn_cnn.archive.reading import Archive, open_archive
from dlgn_cnn.bounds import check, limit
from dlgn_cnn.config import leaves
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.registry.import_paths import PATH
from dlgn_cnn.registry.permission import OURS
from dlgn_cnn.runtime.progress import Progress, silent
from populate.archive import files
from populate.archive.catalog import Catalog
from populate.archive.rows import PROVENANCE, circumstances, decode, differs, encode, stripped
from populate.archive.selection import BATCH, batches
from populate.errors.transient import is_transient
from schemas import session
from schemas.base import store_registry
from schemas.base.array_codec import Kept
from schemas.base.hashed_config import HashedConfig
from schemas.base.restriction import restrict
from schemas.connection.in_force import settings_in_force
from schemas.declaration.table_classes import definitions_digest

Row = dict[str, Any]


class Loaded(NamedTuple):
    """A loaded archive, and by table the numbers of rows that are new and that existed."""

    archive: Archive
    new: dict[str, int]
    known: dict[str, int]


def load(place: str, progress: Progress = silent, allowed_packages: Collection[str] = ()) -> Loaded:
    """Load an archive into the database in force.

    Parameters
    ----------
    place : str
        Path or URL, ``PLACE`` or ``PLACE#sha256=DIGEST``.
    progress : callable
        Told of bytes checked and their total.
    allowed_packages : collection of str, default ()
        Packages that the archive's configs may name components of, by import path.

    Returns
    -------
    Loaded
        The archive, and the numbers of its rows.

    Raises
    ------
    ArchiveError
        For an archive that is broken or not ours, a config that names code of another package, and a row that is there
        with other content, which it names; then nothing was inserted.
    """
    where, _, pinned = split_place(place)
    archive = open_archive(where, pinned, settings_in_force().cache)
    catalog = Catalog()
    _check_tables(archive, catalog)
    _check_space(archive)
    archive.verify(progress)
    with store_registry.writing(settings_in_force(), session.schema.connection):
        files.place_weights(archive)
        files.place_stimuli(archive)
        counts = _load_rows(archive, catalog, allowed_packages)
    new, known = ({name: count[index] for name, count in counts.items()} for index in (0, 1))
    return Loaded(archive, new, known)


def _load_rows(archive: Archive, catalog: Catalog, allowed: Collection[str]) -> dict[str, tuple[int, int]]:
    """Store the files of an archive's rows and insert the rows; by table, how many are new and how many existed."""
    connection = session.schema.connection
    with tempfile.TemporaryDirectory() as folder:
        loading = _Loading(archive, catalog, Path(folder))
        for name in loading.names:
            loading.refuse_paths(name, allowed)
        for name in loading.names:
            loading.store(name)
            store_registry.renew(settings_in_force(), connection)
        with connection.transaction:
            store_registry.hold(settings_in_force(), connection)
            counts = {name: loading.insert(name) for name in loading.names}
            _check_configs(catalog, archive.manifest.tables)
    return counts


class _Loading:
    """The tables of an archive, each read twice: to store the files that its rows refer to, and to insert the rows.

    Raises ArchiveError for a row that exists with other content, and for a file that the archive lacks.
    """

    def __init__(self, archive: Archive, catalog: Catalog, folder: Path) -> None:
        """Unpack the rows into ``folder``."""
        self.names = [name for name in catalog.tables if name in archive.manifest.tables]
        self._archive, self._catalog = archive, catalog
        self._arrays: defaultdict[str, dict[str, Kept]] = defaultdict(dict)  # what is stored, by schema and digest
        self._place_session = cache(partial(files.place_session, archive))
        self._files = {name: archive.copy(f"rows/{name}.jsonl", folder / name) for name in self.names}

    def refuse_paths(self, name: str, allowed: Collection[str]) -> None:
        """Refuse a config that names anything of a package that is neither ours nor allowed: its code would run."""
        table = self._catalog.tables[name]
        if not (issubclass(type(table), HashedConfig) or name == "search.Study"):
            return
        for row in _rows(self._archive, name, self._files[name], self._catalog.columns(name)):
            for text in _texts({column: row[column] for column in row if column.endswith(("_fn", "_config"))}):
                if PATH.fullmatch(text) and text.partition(".")[0] not in OURS | set(allowed):
                    raise ArchiveError(
                        f"{self._archive.place}: a row of {name} names {text!r}, and a worker would run its code: if "
                        f"you trust it, load with --allow-packages {text.partition('.')[0]}"
                    )

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
        expected = self._archive.rows[name]
        if new + known != expected:
            raise ArchiveError(f"{self._archive.place}: {name} has {new + known} rows, its manifest says {expected}")
        return new, known

    def _batches(self, name: str) -> Iterator[tuple[list[Row], int]]:
        """The new rows, a batch at a time, each with the number of rows that exist."""
        table, columns = self._catalog.tables[name], self._catalog.columns(name)
        for batch in batches(_rows(self._archive, name, self._files[name], columns), BATCH):
            typed = [decode(row, columns) for row in batch]
            keys = [{column: row[column] for column in table.primary_key} for row in typed]
            rows = [encode(row, columns) for row in restrict(table, *keys).to_dicts()]
            stored = {_key(table, row): row for row in rows}
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
        found = [files.placed_name(self._archive, name, decode(row, columns)) for row in rows]
        arrays = [one.name for one in columns if one.kind == "npy"]
        kept = self._arrays[schema]
        new = sorted({row[one] for row in found for one in arrays} - {None, *kept})
        kept.update(zip(new, files.place_arrays(self._archive, schema, new), strict=True))
        for row in found:
            row.update({one: kept[row[one]] for one in arrays if row[one] is not None})
            if name == "dataset.Dataset.Session":
                self._place_session(row["store_path"], row["rows_digest"])
            if files.WEIGHTS in row:
                self._archive.entry(files.weights_file(row[files.WEIGHTS]))
        return found


def _check_tables(archive: Archive, catalog: Catalog) -> None:
    """Refuse an archive whose tables are not those of this version, before any row is read."""
    manifest, version = archive.manifest, definitions_digest()
    if manifest.schema_version != version:
        raise ArchiveError(
            f"{archive.place} has tables of version {manifest.schema_version}, this database {version}: "
            "load it with the dlgn_cnn that published it"
        )
    for name in manifest.tables:
        if name not in catalog.tables:
            raise ArchiveError(
                f"{archive.place} has a table {name}, which this version does not have: upgrade dlgn_cnn"
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


def _rows(archive: Archive, name: str, path: Path, columns: Sequence[StoredColumn]) -> Iterator[Row]:
    """The rows in a file, each with these columns."""
    expected = sorted(one.name for one in columns)
    with path.open("rb") as file:
        while text := file.readline(limit("archive.line") + 1):
            where = f"{archive.place}: a line of {name}"
            check("archive.line", len(text), where, error=ArchiveError)
            row = json_text.parse(text, where)
            given = sorted(row) if isinstance(row, dict) else type(row).__name__
            if given != expected:
                raise ArchiveError(f"{archive.place}: a row of {name} has the columns {given}, expected {expected}")
            yield row


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _key(table: Any, row: Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in table.primary_key)


def _compare(archive: Archive, name: str, table: Any, columns: Sequence[StoredColumn], row: Row, before: Row) -> None:
    ignored = circumstances(name, table)
    for column in columns:
        if column.name in ignored or name.endswith(PROVENANCE):
            continue
        ours, theirs = (stripped(one[column.name], ignored) for one in (before, row))
        if differs(theirs, ours, column.kind):
            key = {one: row[one] for one in table.primary_key}
            raise ArchiveError(
                f"{name} {key} is there already with another {column.name}: {before[column.name]!r:.80}, in "
                f"{archive.place} {row[column.name]!r:.80}; nothing was loaded: use a database or prefix of its own"
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
        for key in table.keys() if issubclass(type(table), HashedConfig) else ():
            stored = {(row["path"], row["kind"], row["value"]) for row in (table.Leaf & key).to_dicts()}
            if stored != {(one.path, one.kind, one.text) for one in leaves(table.load(key)[1])}:
                raise ArchiveError(f"the values of config {key} are not those of the config: the archive was altered")
