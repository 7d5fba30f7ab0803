"""Import of configs, seeds, fits with their weights, and experiments: each row by itself, and none twice."""

import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Column, Table

from dlgn_cnn.errors import ConfigError, DlgnError
from dlgn_cnn.training.assemble import plain
from dlgn_cnn.training.weights import save_weights
from populate.nnfabrik.source import CALLS, FIT_KEY, NnfabrikSchema, Row, opened, unpacked
from populate.nnfabrik.states import States, parameters
from schemas import dataset, experiment, model, trainer, training
from schemas.base import store_registry
from schemas.base.hashed_config import transaction
from schemas.base.keys import fit_name
from schemas.base.names import check_name, longest
from schemas.connection.in_force import settings_in_force
from schemas.declaration.computed_tables import config_tables

logger = logging.getLogger("dlgn")
TABLES = config_tables()
BASES = {"model": "nnfabrik.models", "dataset": "nnfabrik.datasets", "trainer": "nnfabrik.training"}
UNKNOWN = {"fit_precision": "float32", "device": "unknown", "threads": 1, "same_bits": False, "fit_seconds": 0.0}
COMMENT_LENGTH = longest(experiment.Experiment, "experiment_comment")
NAME_LENGTH = longest(experiment.Experiment, "experiment_name")


class Lost(NamedTuple):
    """A row of the source that was not imported, and the reason."""

    table: str
    row: str
    reason: str


@dataclass
class ImportReport:
    """Rows by table of the source: new here, known here, and lost."""

    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    lost: list[Lost] = field(default_factory=list)

    def note(self, table: str, is_new: bool) -> None:
        """Count a row that is here now."""
        (self.new if is_new else self.known)[table] += 1


def carry(url: str, schema: str, stores: Mapping[str, str]) -> ImportReport:
    """Import an nnfabrik schema into the tables in force; the source is only read.

    Parameters
    ----------
    url : str
        ``mysql://user:password@host:port``.
    schema : str
        Name of the schema.
    stores : mapping
        Folder or URL of each external store, by name.

    Returns
    -------
    ImportReport
        Numbers of rows, and the rows that could not be imported, with reasons. They do not stop the others.

    Raises
    ------
    ConfigError
        If the server cannot be reached, or the schema is not one of nnfabrik's.
    """
    report, writing = ImportReport(), store_registry.writing(settings_in_force(), training.schema.connection)
    with opened(url, schema) as source, closing(States(source, stores)) as states, writing:
        calls = {kind: _carry_calls(source, kind, report) for kind in CALLS}
        for seed in source.seeds():
            report.note("seed", not trainer.Seed & {"seed": seed})
            trainer.Seed.insert1({"seed": seed}, skip_duplicates=True)
        fits: dict[tuple[Any, ...], Row] = {}
        for table, key in source.fits():
            try:
                mine = _carry_fit(source, states, table, key, calls, report)
            except DlgnError as error:
                report.lost.append(Lost(table, _named(key), str(error)))
            else:
                fits[tuple(key[name] for name in FIT_KEY)] = mine
        _carry_experiments(source, fits, report)
    return report


def tell(report: ImportReport) -> None:
    """Log the numbers for each table, and print the rows that were not imported, with the reasons."""
    for table in sorted({*report.new, *report.known}):
        logger.info("%s: %d new, %d were here", table, report.new[table], report.known[table])
    if report.lost:
        columns = (Column(name, overflow="fold") for name in ("table", "row", "why"))
        shown = Table(*columns, title=f"{len(report.lost)} rows were not imported")
        for lost in report.lost:
            shown.add_row(*lost)
        Console(stderr=True).print(shown)


def _carry_calls(source: NnfabrikSchema, kind: str, report: ImportReport) -> dict[tuple[str, str], Row]:
    """Configs of one kind: our key by nnfabrik's."""
    found, table = {}, TABLES[kind]
    for row in source.calls(kind):
        key = (row[f"{kind}_fn"], row[f"{kind}_hash"])
        try:
            config = _plain(unpacked(row[f"{kind}_config"]), "config")
            if not isinstance(config, dict):
                raise ConfigError(f"its config is a {type(config).__name__}, expected a dictionary")
            before = len(table())
            found[key] = table.add(_full_name(kind, key[0]), config, str(row[f"{kind}_comment"])[:COMMENT_LENGTH])
            report.note(kind, len(table()) > before)
            if kind == "dataset":
                dataset.Dataset.populate(found[key])
        except DlgnError as error:
            report.lost.append(Lost(kind, f"{key[0]} {key[1]}", str(error)))
    return found


def _carry_fit(
    source: NnfabrikSchema,
    states: States,
    table: str,
    key: Row,
    calls: Mapping[str, Mapping[Any, Row]],
    report: ImportReport,
) -> Row:
    """Carry one fitted model, unless it is here; its key here. Raises DlgnError."""
    mine = _key(key, calls)
    digest = states.digest(table, key)
    before = (training.ImportedFit & mine).to_dicts()
    if before and before[0]["source_state"] == digest:
        report.note(table, False)
        return mine
    if before or training.TrainedModel & mine:
        raise ConfigError(f"a fit of the same configs and seed, with other weights, is here already: {mine}")
    row, state = source.row(table, key), states.read(table, key)
    function = str((model.ModelConfig & mine).fetch1("model_fn"))
    fitted = {
        "fit_name": fit_name(mine, function),
        "is_null": bool((dataset.DatasetConfig & mine).fetch1("is_null")),
        "score": float(row["score"]),
        "output": plain(unpacked(row["output"])),
        "parameters": parameters(state),
        "weights_sha256": save_weights(state, settings_in_force().weights),
        "versions": {"imported_from": "nnfabrik"},
    }
    origin = {
        "source_schema": source.schema,
        "source_table": table,
        "source_key": {name: key[name] for name in FIT_KEY},
        "source_state": digest,
        "fabrikant": str(row.get("fabrikant_name") or ""),
        "fit_comment": str(row.get("comment") or ""),
        "fitted": row["trainedmodel_ts"],
    }
    with transaction(training.TrainedModel.connection):
        store_registry.hold(settings_in_force(), training.TrainedModel.connection)
        training.TrainedModel.insert1(mine | UNKNOWN | fitted, allow_direct_insert=True)
        training.ImportedFit.insert1(mine | origin)
    report.note(table, True)
    return mine


def _key(key: Row, calls: Mapping[str, Mapping[Any, Row]]) -> Row:
    mine: Row = {"seed": int(key["seed"])}
    for kind in CALLS:
        found = calls[kind].get((key[f"{kind}_fn"], key[f"{kind}_hash"]))
        if found is None:
            raise ConfigError(f"its {kind} was not imported")
        mine |= found
    return mine


def _carry_experiments(source: NnfabrikSchema, fits: Mapping[tuple[Any, ...], Row], report: ImportReport) -> None:
    """nnfabrik's experiments with the imported fits, and one of all fits, named after the schema."""
    for (name, comment), rows in groupby(source.experiments(), itemgetter("experiment_name", "experiment_comment")):
        combinations = [tuple(row[one] for one in FIT_KEY[:-1]) for row in rows]
        keys = [mine for key, mine in fits.items() if key[:-1] in combinations]
        try:
            check_name(name, "its name", NAME_LENGTH)
        except ConfigError as error:
            report.lost.append(Lost("experiments", name, str(error)))
        else:
            report.note("experiments", _add_experiment(name, comment, keys))
    if fits:
        _add_experiment(source.schema, "all fits of an nnfabrik schema", list(fits.values()))


def _add_experiment(name: str, comment: str, keys: list[Row]) -> bool:
    row = {"experiment_name": name, "experiment_comment": comment[:COMMENT_LENGTH]}
    is_new = not experiment.Experiment & {"experiment_name": name}
    with transaction(experiment.Experiment.connection):
        experiment.Experiment.insert1(row, skip_duplicates=True)
        experiment.Experiment.Fit.insert([{"experiment_name": name, **key} for key in keys], skip_duplicates=True)
    return is_new


def _plain(value: Any, place: str) -> Any:
    """A config as nnfabrik hands it to its function: numpy's scalars as Python's, tuples as lists."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _plain(one, f"{place}.{name}") for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, f"{place}.{index}") for index, one in enumerate(value)]
    if isinstance(value, np.ndarray):
        raise ConfigError(f"{place} is an array of shape {value.shape}: a config here holds none")
    return value


def _full_name(kind: str, function: str) -> str:
    """An import path: a bare name is one of nnfabrik's own functions, not one that is registered here."""
    return function if "." in function else f"{BASES[kind]}.{function}"


def _named(key: Row) -> str:
    return ", ".join(f"{kind} {key[f'{kind}_hash'][:8]}" for kind in CALLS) + f", seed {key['seed']}"
