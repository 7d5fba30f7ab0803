"""Checks of a stored row: every digest is as it was inserted, and the row recomputed is the same or near."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from math import inf
from pathlib import Path
from typing import Any

from dlgn_cnn.config import leaves, value_sha256
from dlgn_cnn.data.sessions.session_data import ARRAYS
from dlgn_cnn.data.store.session_store import read_fields, read_info, read_session, rows_digest
from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.provenance.environment import deterministic_algorithms
from dlgn_cnn.provenance.row_values import Deviation, array_deviations, deviations, row_digest
from dlgn_cnn.training.weights import ENDING, load_weights
from schemas import dataset, provenance, training
from schemas.base.inserted_rows import Rows, Unreadable, collect_inserted, key_order, row_name, stored
from schemas.base.keys import Key, Row
from schemas.connection.in_force import recomputing, settings_in_force
from schemas.declaration.computed_tables import config_tables

FIELD_TOLERANCE = 1e-3  # of a receptive field of unit norm: another CPU's linear algebra rounds in another order


def compare(table: Any, key: Key, recomputed: Rows, place: Path) -> Iterator[Deviation]:
    """Compare the stored rows of a key with recomputed ones.

    A digest that differs does not count, but the arrays behind it do. Of a fit, its figures count and its weights do
    not: fits on two machines may differ in their weights and be equally good.

    Parameters
    ----------
    table : Table
        The computed table.
    key : mapping
        Key of the rows.
    recomputed : dict
        Rows by the class's name, as ``recompute`` returns them.
    place : Path
        Folder of the files that the recomputation wrote.

    Yields
    ------
    Deviation
        One for each value that differs.
    """
    found = stored(table, key)
    for name, rows in recomputed.items():
        yield from _compare_rows(table, name, found.get(name, []), rows)
    if type(table) is training.TrainedModel:
        yield from _weights(key, recomputed, place)
    if type(table) is dataset.Dataset:
        for row in recomputed["Session"]:
            yield from _session(row, place)


def threads_of(table: Any, key: Key) -> int:
    """Number of torch's threads that a row was computed with; 1 where that is not on record."""
    if "threads" in table.heading.names:
        return int((table & key).fetch1("threads"))
    found = (provenance.Environment * type(table).Provenance & key).to_arrays("threads")
    return int(found[0]) if len(found) else 1


def must_be_equal(table: Any, key: Key) -> bool:
    """Whether a row has to come out bit for bit, with as many threads as are now in use.

    It has to by the same source in the same environment, with one CPU thread or, on a GPU, deterministic algorithms;
    not where a fit went on with fewer threads, nor where no provenance was kept.
    """
    rows = (type(table).Provenance & key).to_dicts()
    if not rows or ("same_bits" in table.heading.names and not (table & key).fetch1("same_bits")):
        return False
    here, kept = provenance.surrounding(), (provenance.Environment & rows[0]).fetch1("threads")
    if here.threads != threads_of(table, key):
        return False
    here = replace(here, threads=kept)  # a resumed fit had its own number, not that of the worker
    alone = here.threads == 1 if here.accelerator == "cpu" else here.deterministic_algorithms
    return alone and rows[0]["environment_hash"] == here.digest and _same_source(rows[0]["code_hash"])


def _same_source(code_hash: str) -> bool:
    """Whether the source files are those that run here, committed or not."""
    code, key = provenance.running_code(), {"code_hash": code_hash}
    packages = {row["package"]: row["package_digest"] for row in (provenance.Code.Package & key).to_dicts()}
    source = (provenance.Code & key).fetch1("source_digest")
    here = {one["package"]: one["package_digest"] for one in code.packages}
    return bool(source == code.source_digest and packages == here)


def _compare_rows(table: Any, name: str, stored_rows: list[Row], rows: list[Row]) -> Iterator[Deviation]:
    found = {row_name(table, name, row): row for row in stored_rows}
    expected = {row_name(table, name, row): row for row in rows}
    kind = type(table)
    for place in sorted({*found, *expected}):
        if place not in found or place not in expected:
            yield Deviation(place, inf, "is not there" if place in expected else "is one too many")
            continue
        for one in deviations(found[place], expected[place], kind.circumstances):
            yield replace(one, place=f"{place} {one.place}", counts=one.place not in kind.digests)


def _weights(key: Key, recomputed: Rows, place: Path) -> Iterator[Deviation]:
    """Yield the tensors of a fit that differ from the recomputed ones."""
    digest, new = training.weights_of(key), recomputed["TrainedModel"][0]["weights_sha256"]
    if digest == new:
        return
    try:
        found = load_weights(settings_in_force().weights, digest)
    except StoreError as error:
        yield Deviation("weights", inf, str(error), counts=False)
        return
    expected = load_weights(place / "weights", new)
    for name in sorted({*found, *expected}):
        if name not in found or name not in expected:
            yield Deviation(f"weights {name}", inf, "is in one of both only", counts=False)
            continue
        for one in array_deviations(found[name].double().numpy(), expected[name].double().numpy(), f"weights {name}"):
            yield replace(one, counts=False)


def _session(row: Row, place: Path) -> Iterator[Deviation]:
    """The arrays and statistics of a stored session that differ from the recomputed ones."""
    path, name = row["store_path"], f"dataset {row['store_path'].rpartition('/')[2]}"
    try:
        folder = dataset.absolute({name: path})[name]
        found, expected = read_session(folder), read_session(place / path)
        fields = read_fields(folder), read_fields(place / path)
    except StoreError as error:
        yield Deviation(name, inf, str(error))
        return
    for statistic in deviations(asdict(read_info(folder)), asdict(read_info(place / path))):
        yield replace(statistic, place=f"{name} {statistic.place}")
    if found.units != expected.units or len(found.trials) != len(expected.trials):
        yield Deviation(name, inf, "has other units or another number of trials")
        return
    for one in array_deviations(*fields, f"{name} receptive fields"):
        yield replace(one, counts=one.size > FIELD_TOLERANCE)
    for index, trials in enumerate(zip(found.trials, expected.trials, strict=True)):
        for array in ARRAYS:
            one, other = (getattr(trial, array) for trial in trials)
            yield from array_deviations(one, other, f"{name} row {index} {array}")


def recompute(kind: Any, key: Mapping[str, Any], place: Path) -> Rows:
    """Compute a key again; neither the tables nor the store are written to.

    Parameters
    ----------
    kind : class
        The computed table.
    key : mapping
        The key.
    place : Path
        Folder for the files that the computation writes.

    Returns
    -------
    dict
        The rows that would be inserted now, by the class's name.
    """
    table = kind()
    fetched = table.make_fetch(dict(key))
    with recomputing(place), deterministic_algorithms(settings_in_force().deterministic):
        computed = table.make_compute(dict(key), *fetched)
        with collect_inserted(table, caught=True) as rows:
            table.make_insert(dict(key), *computed)
    return rows


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
    digests = {}
    for name, row in dataset.stored_sessions(key).items():
        digests[name] = row["rows_digest"]
        try:
            (folder,) = dataset.absolute({name: row["store_path"]}).values()
            read_session(folder)
            read_fields(folder)
        except StoreError as error:
            yield str(error)
            continue
        if rows_digest(folder) != digests[name]:
            yield f"dataset {folder} holds other rows than its Dataset.Session row says"
    if (dataset.Dataset & key).fetch1("dataset_digest") != value_sha256(digests):
        yield "Dataset: dataset_digest is not that of its sessions"
