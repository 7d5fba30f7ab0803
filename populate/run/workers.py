"""Work on this machine: by a worker in this process, or by several, each a process."""

import logging
import os
from collections.abc import Sequence
from typing import Any

import schemas
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.cores import usable_cores
from dlgn_cnn.runtime.device import pick_device
from populate.fleet.control import counts, fleet_view
from populate.fleet.launchers import chosen_gpus, environments
from populate.query.named_rows import find_table, restricted
from populate.worker.core_share import asked_workers, best_count
from populate.worker.processes import supervise
from populate.worker.worker import WorkerOptions, WorkSummary, work
from schemas import experiment, training
from schemas.base.relational import U
from schemas.declaration.computed_tables import computed_tables

logger = logging.getLogger("dlgn")


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
    settings = schemas.open_database()
    if pick_device(settings.device).type != "cpu":
        return 1
    pending = max(sum(counts(table)[2] for table in tables), _fits_to_come(tables))
    return best_count(usable_cores(), pending, settings.threads)


def _fits_to_come(tables: Sequence[Any]) -> int:
    """Planned fits that are not done, also those without a stored dataset, if these tables have any."""
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
