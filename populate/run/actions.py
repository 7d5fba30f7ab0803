"""Steps of a project as functions that commands and the demo share: ingest, define, populate."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

import schemas
from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from populate.query.named_rows import find_table, restricted
from populate.worker.worker import WorkerOptions, WorkSummary, work
from schemas.declaration.computed_tables import computed_tables

if TYPE_CHECKING:
    from populate.define.define import Defined, ExperimentPlan

logger = logging.getLogger("dlgn")
PARTS = {"datasets": "dataset", "models": "model", "trainers": "trainer", "meis": "MEI"}


def ingest_recording(path: Path, reader: str | None = None, options: Mapping[str, Any] | None = None) -> list[str]:
    """Ingest a recording and log what is new.

    Parameters
    ----------
    path : Path
        A folder, or its responses file.
    reader : str, optional
        A reader by name (default: chosen by the files).
    options : mapping, optional
        Options of that reader.

    Returns
    -------
    list of str
        Names of the new sessions.
    """
    schemas.open_database()
    from schemas.monitoring.progress import bar
    from schemas.recordings.insert import ingest

    with bar(f"ingest {path}") as report:
        new = ingest(path, reader, dict(options or {}), report)
    for name in new:
        note = " (simulated: no animal was recorded)" if name.startswith(SIMULATED_PREFIX) else ""
        logger.info("ingested session %s%s", name, note)
    if not new:
        logger.info("nothing new in %s: its sessions were ingested before", path)
    return new


def define_experiment(file: Path, dry_run: bool = False) -> list[Defined]:
    """Show every config of a file's experiments as new or known, then insert them unless it is a dry run."""
    schemas.open_database()
    from populate.define.define import insert, plans

    done = []
    for plan in plans(file):
        show_plan(plan)
        if dry_run:
            _say_precision(plan.name, plan.fixed_precision())
            logger.info("experiment %s: %s; a dry run, nothing is inserted", plan.name, _fits(plan.fits))
            continue
        found = insert(plan)
        _say_precision(found.name, found.precision)
        said = f"{_fits(found.fits)}, {found.new} of them new to it"
        logger.info("experiment %s: %s; dlgn populate computes what is missing", found.name, said)
        for name in found.ensembles:
            logger.info("ensemble %s", name)
        done.append(found)
    return done


def show_plan(plan: ExperimentPlan) -> None:
    """Print every config of an experiment on the standard output."""
    Console().print(_plan_table(plan), highlight=False)


def _plan_table(plan: ExperimentPlan) -> Table:
    """A row a config: part, function, whole hash, new or known, and its choices."""
    known = plan.known()
    shown = Table("", "function", "hash", "", "values", box=None, padding=(0, 2, 0, 0))
    shown.columns[2].no_wrap, shown.columns[4].overflow = True, "fold"
    for entry in plan.entries:
        (digest,) = entry.key.values()
        values = "\n".join(f"{path}={json.dumps(value)}" for path, value in entry.values.items())
        words = (PARTS[entry.part], entry.fn, digest, "known" if digest in known else "new", values)
        shown.add_row(*(word.replace("[", r"\[") for word in words))
    return shown


def _say_precision(experiment: str, precision: tuple[str, str]) -> None:
    logger.info("experiment %s: precision auto means %s, %s", experiment, *precision)


def populate_all(options: WorkerOptions | None = None) -> WorkSummary:
    """Work until nothing is left and log what was done.

    Raises ConfigError for a table that does not exist, and for a condition that is not SQL on the keys of its table.
    """
    given = options or WorkerOptions()
    summary = work(_checked(given), given)
    pruned = f", {summary.pruned} pruned" if summary.pruned else ""
    hint = "; see dlgn status" if summary.failed else ""
    logger.info("%d computed, %d failed%s%s", summary.computed, summary.failed, pruned, hint)
    return summary


def populate_together(options: WorkerOptions, workers: str | None, gpus: str | None = None, share: int = 1) -> int:
    """Run several workers, each a process, until nothing is left.

    Parameters
    ----------
    options : WorkerOptions
        Options of each.
    workers : str or None
        Their number, or ``auto`` for the number that computes fastest here.
    gpus : str, optional
        Instead of ``workers``, the GPUs: ``all``, or numbers as "0,1".
    share : int, default 1
        Workers on each GPU.

    Returns
    -------
    int
        The worst exit status.

    Raises
    ------
    ConfigError
        If both are given, for a number that is not valid, and for options that ``populate_all`` refuses.
    """
    from populate.fleet.launchers import chosen_gpus, environments
    from populate.fleet.status import fleet_view
    from populate.worker.core_share import asked_workers
    from populate.worker.processes import supervise

    if workers is not None and gpus is not None:
        raise ConfigError(f"--workers {workers} and --gpus {gpus}: give one of them; --share is for several on a GPU")
    chosen = environments(chosen_gpus(gpus, os.environ), share) if gpus is not None else None
    count = None if workers is None else asked_workers(workers)
    tables = _checked(options)
    if chosen is None:
        chosen = [{}] * (count or _fastest(tables))
    logger.info("%d worker%s", len(chosen), "s" * (len(chosen) != 1))
    words = [word for name in options.tables for word in ("--table", name)]
    words += [] if options.where is None else ["--where", options.where]
    words += ["--retry-errors"] * options.retry_errors + ["--stay"] * options.stay
    return supervise([*words, "--together", str(len(chosen))], chosen, fleet_view)


def _fastest(tables: Sequence[Any]) -> int:
    """Number of workers that computes fastest, as measured; one on a GPU, which one process keeps busy."""
    from dlgn_cnn.runtime.cores import usable_cores
    from dlgn_cnn.runtime.device import pick_device
    from populate.fleet.status import counts
    from populate.worker.core_share import best_count

    settings = schemas.open_database()
    if pick_device(settings.device).type != "cpu":
        return 1
    pending = max(sum(counts(table)[2] for table in tables), _fits_to_come(tables))
    return best_count(usable_cores(), pending, settings.threads)


def _fits_to_come(tables: Sequence[Any]) -> int:
    """Planned fits that are not done, also those without a stored dataset, if these tables have any."""
    from schemas import experiment, training
    from schemas.base.relational import U

    if training.TrainedModel not in tables:
        return 0
    wanted = experiment.Experiment.Fit.proj() - training.TrainedModel.proj()
    return len(U(*training.TrainedModel.primary_key) & wanted)


def _checked(options: WorkerOptions) -> Sequence[Any]:
    """Open the database and return the tables to fill, after a test of the condition. Raises ConfigError."""
    if options.where is not None and len(options.tables) != 1:
        raise ConfigError(
            f"--where {options.where!r} needs one table whose keys it restricts: add --table TrainedModel"
        )
    schemas.open_database()
    tables = [find_table(name) for name in options.tables] or computed_tables()
    if options.where is not None:
        restricted(tables[0].jobs, options.where, tables[0].__name__)
    return tables


def _fits(count: int) -> str:
    return f"{count} fit{'s' * (count != 1)}"
