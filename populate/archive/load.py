"""Loading: an archive into the database in force, all of it or nothing, and only what its digests vouch for.

Files come first, each under a name that its bytes decide; then all rows in one transaction, parents before children. A
row that is there already must have the same content; how it came about there (``circumstances``) may be another way.
Memory: one session's arrays, and one batch of rows.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dlgn_cnn.archive.arrays import array_bytes, read_array
from dlgn_cnn.archive.manifest import Column
from dlgn_cnn.archive.places import archive_at, split_place
from dlgn_cnn.archive.reading import Archive
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.progress import Progress, silent
from populate.archive.catalog import Catalog, precision_s
from populate.archive.files import (
    WEIGHTS,
    place_stimuli,
    place_weights,
    placed_name,
    restore_session,
    weights_file,
)
from populate.archive.rows import PROVENANCE, circumstances, decode, differs, encode, stripped
from populate.archive.soundness import check_configs
from schemas import session
from schemas.database import settings_in_force
from schemas.migrations import steps

Row = dict[str, Any]
BATCH = 200
MAX_LINE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Loaded:
    """What came of loading: the archive's digest, and by table how many rows are new and how many were there."""

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
    archive = archive_at(where, pinned, settings_in_force().cache)
    catalog = Catalog()
    _check_tables(archive, catalog)
    _check_space(archive)
    archive.verify(progress)
    place_weights(archive)
    place_stimuli(archive)
    new, known = {}, {}
    with session.schema.connection.transaction:
        for name in catalog.tables:
            if name in archive.manifest.tables:
                new[name], known[name] = _load_table(archive, catalog, name)
        check_configs(catalog, archive.manifest.tables)
    return Loaded(archive.sha256, new, known, archive.manifest.left_out)


def _check_tables(archive: Archive, catalog: Catalog) -> None:
    """Refuse an archive whose tables are not those of this version, before anything is read of it."""
    manifest, version = archive.manifest, steps.latest()
    if manifest.schema_version != version:
        raise ArchiveError(
            f"{archive.place} has tables of version {manifest.schema_version}, this database {version}: "
            "load it with the dlgn_cnn that published it, and migrate there"
        )
    for name, table in manifest.tables.items():
        if name not in catalog.tables:
            raise ArchiveError(f"{archive.place} has a table {name}, which this version has not: upgrade dlgn_cnn")
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


def _load_table(archive: Archive, catalog: Catalog, name: str) -> tuple[int, int]:
    """Insert a table's rows; how many are new, and how many were there with the same content."""
    table, columns = catalog.tables[name], catalog.columns(name)
    new = known = 0
    for batch in _batches(archive, name):
        stored = _stored(table, columns, batch)
        fresh = []
        for row in batch:
            before = stored.get(_key(table, row))
            if before is None:
                fresh.append(row)
            else:
                _compare(archive, name, table, columns, row, before)
        _insert(archive, name, table, columns, fresh)
        new, known = new + len(fresh), known + len(batch) - len(fresh)
    if new + known != archive.manifest.tables[name].rows:
        raise ArchiveError(
            f"{archive.place}: {name} has {new + known} rows, its manifest says {archive.manifest.tables[name].rows}"
        )
    return new, known


def _batches(archive: Archive, name: str) -> Iterator[list[Row]]:
    with tempfile.TemporaryDirectory() as folder:
        path = archive.copy(f"rows/{name}.jsonl", Path(folder) / "rows")
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
        raise ArchiveError(f"{archive.place}: a line of {name} is no row ({error})") from error
    return row


def _key(table: Any, row: Row) -> tuple[Any, ...]:
    try:
        return tuple(row[column] for column in table.primary_key)
    except KeyError as error:
        raise ArchiveError(f"a row of {table.table_name} lacks {error}, which is part of its key") from error


def _stored(table: Any, columns: Sequence[Column], batch: list[Row]) -> dict[tuple[Any, ...], Row]:
    """The rows that are there with the keys of these, as an archive holds them."""
    keys = [dict(zip(table.primary_key, _key(table, row), strict=True)) for row in batch]
    found = (encode(row, columns, _digest) for row in (table & keys).to_dicts()) if keys else ()
    return {_key(table, row): row for row in found}


def _compare(archive: Archive, name: str, table: Any, columns: Sequence[Column], row: Row, before: Row) -> None:
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


def _insert(archive: Archive, name: str, table: Any, columns: Sequence[Column], rows: list[Row]) -> None:
    decoded = []
    for row in rows:
        values = decode(row, columns, partial(_fetch, archive))
        if name == "dataset.Dataset.Session":
            restore_session(archive, values)
        if WEIGHTS in values:
            archive.entry(weights_file(values))
        decoded.append(placed_name(archive, name, values))
    try:
        table.insert(decoded, allow_direct_insert=True)
    except Exception as error:  # what a database refuses, each driver says in its own way
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ArchiveError(f"{archive.place}: rows of {name} cannot be inserted ({said}): it is incomplete") from error


def _fetch(archive: Archive, digest: str) -> Any:
    name = f"arrays/{digest}.npy"
    if archive.entry(name).sha256 != digest:
        raise ArchiveError(f"{archive.place}: {name} is not what its name says")
    with tempfile.TemporaryDirectory() as folder:
        return read_array(archive.copy(name, Path(folder) / "array.npy"))


def _digest(array: Any) -> str:
    return hashlib.sha256(array_bytes(array)).hexdigest()
