"""Whether what is stored is still what was stored: configs, rows, weights and datasets, by their digests."""

from collections.abc import Iterator, Mapping
from typing import Any

from dlgn_cnn.config import leaves, value_sha256
from dlgn_cnn.data.store.session_store import read_fields, read_session, rows_digest
from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.provenance.row_values import row_digest
from dlgn_cnn.training.weights import ENDING
from schemas import dataset, training
from schemas.base.inserted_rows import Rows, Unreadable, key_order, row_name, stored
from schemas.base.keys import Key
from schemas.connection.in_force import settings_in_force
from schemas.declaration.computed_tables import config_tables


def damages(table: Any, key: Key) -> Iterator[str]:
    """Yield a sentence for each thing of a row that is no longer as it was inserted.

    Imported rows have no digests: of them only configs and files are looked at.
    """
    yield from config_damages(key)
    yield from _row_damages(table, key)
    if type(table) is training.TrainedModel:
        yield from _weight_damages(key)
    if type(table) is dataset.Dataset:
        yield from _dataset_damages(key)


def config_damages(key: Key) -> Iterator[str]:
    """Yield configs of a key that are no longer what was hashed, and leaves that differ from their config."""
    for kind, table in config_tables().items():
        column = f"{kind}_hash"
        if column not in key:
            continue
        name = f"{table.__name__} {key[column]}"
        try:
            _, config = table.load(key)
        except ConfigError as error:
            yield f"{name}: {error}"
            continue
        expected = {leaf.path: (leaf.kind, leaf.text) for leaf in leaves(config)}
        found = {row["path"]: (row["kind"], row["value"]) for row in (table.Leaf & {column: key[column]}).to_dicts()}
        wrong = sorted(path for path in {*expected, *found} if expected.get(path) != found.get(path))
        if wrong:
            yield f"{name}: its rows of leaves are not those of its config: {', '.join(wrong)}"


def _row_damages(table: Any, key: Key) -> Iterator[str]:
    outputs, rows = (type(table).Provenance & key).to_arrays("outputs"), stored(table, key)
    for name, found in rows.items():
        for row in found:
            for column in (column for column, value in row.items() if isinstance(value, Unreadable)):
                yield f"{row_name(table, name, row)} {column}: {row[column]}"
    for expected in outputs:  # none for a row that was imported
        yield from _unlike(table, rows, expected)


def _unlike(table: Any, rows: Rows, outputs: Mapping[str, list[str]]) -> Iterator[str]:
    for name, expected in outputs.items():
        found = sorted(rows.get(name, []), key=key_order(table, name))
        if len(found) != len(expected):
            yield f"{type(table).__name__}: {len(found)} rows of {name}, {len(expected)} were inserted"
            continue
        for row, digest in zip(found, expected, strict=True):
            if row_digest(row) != digest and not any(isinstance(value, Unreadable) for value in row.values()):
                yield f"{row_name(table, name, row)} is not the row that was inserted"


def _weight_damages(key: Key) -> Iterator[str]:
    try:
        settings_in_force().weights.get(training.weights_of(key), ENDING)
    except StoreError as error:
        yield f"weights: {error}"


def _dataset_damages(key: Key) -> Iterator[str]:
    """Every row of every stored session against its digest, and those against the tables'."""
    rows = (dataset.Dataset.Session & key).to_dicts()
    names = dataset.store_paths(key)
    digests = {
        name: next(row["rows_digest"] for row in rows if row["store_path"] == path) for name, path in names.items()
    }
    for name, path in names.items():
        try:
            (folder,) = dataset.absolute({name: path}).values()
            read_session(folder)
            read_fields(folder)
        except StoreError as error:
            yield str(error)
            continue
        if rows_digest(folder) != digests[name]:
            yield f"dataset {folder} holds other rows than its Dataset.Session row says"
    whole = value_sha256(digests)
    if (dataset.Dataset & key).fetch1("dataset_digest") != whole:
        yield "Dataset: dataset_digest is not that of its sessions"
