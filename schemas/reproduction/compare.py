"""Comparison of a stored row with the same row recomputed: every deviation, and whether it counts."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from math import inf
from pathlib import Path
from typing import Any

from dlgn_cnn.data.sessions.session_data import ARRAYS
from dlgn_cnn.data.store.session_store import read_fields, read_info, read_session
from dlgn_cnn.errors import StoreError
from dlgn_cnn.provenance.row_values import Deviation, array_deviations, deviations
from dlgn_cnn.training.weights import load_weights
from schemas import dataset, provenance, training
from schemas.base.inserted_rows import Rows, row_name, stored
from schemas.base.keys import Key, Row
from schemas.connection.in_force import settings_in_force

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
