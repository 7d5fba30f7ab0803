"""What the commands do once the database is open."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import schemas
from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from populate.fleet import control
from populate.worker.options import WorkerOptions, WorkSummary
from populate.worker.worker import work
from schemas.declaration.computed_tables import computed_tables

if TYPE_CHECKING:
    from populate.define.define import Defined

logger = logging.getLogger("dlgn")


def ingest_recording(path: Path, reader: str | None = None, options: Sequence[str] = ()) -> list[str]:
    """Ingest a recording and say what is new. ``options`` are "name=value" for the reader, values as in YAML."""
    chosen = dict(map(_option, options))
    schemas.open_database()
    from schemas.monitoring.progress import bar
    from schemas.recordings.insert import ingest

    with bar(f"ingest {path}") as report:
        new = ingest(path, reader, chosen, report)
    for name in new:
        note = " (simulated: no animal was recorded)" if name.startswith(SIMULATED_PREFIX) else ""
        logger.info("ingested session %s%s", name, note)
    if not new:
        logger.info("nothing new in %s: its sessions were ingested before", path)
    return new


def define_experiment(file: Path, dry_run: bool = False) -> list[Defined]:
    """Show every config of a file's experiments and whether it is known, then insert them unless it is a dry run."""
    schemas.open_database()
    from populate.define.define import insert, plans
    from populate.define.preview import show_plan

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
        logger.info("experiment %s: %s; dlgn populate computes what is not there yet", found.name, said)
        for name in found.ensembles:
            logger.info("ensemble %s", name)
        done.append(found)
    return done


def _say_precision(experiment: str, precision: tuple[str, str]) -> None:
    logger.info("experiment %s: precision auto means %s, %s", experiment, *precision)


def run_search(file: Path, ahead: int = 1) -> dict[str, Any]:
    """Search until a study has its trials, and say which is the best."""
    schemas.open_database()
    from populate.search.study import search_study

    best = search_study(file, ahead)
    values = ", ".join(f"{path} {value}" for path, value in best["trial_values"].items())
    logger.info("best of study %s: trial %d, score %.4f: %s", best["study_name"], best["trial"], best["score"], values)
    return best


@dataclass(frozen=True)
class Asked:
    """Options of ``dlgn populate``: tables by name (default: all), a condition on keys, and what to do at the end."""

    tables: tuple[str, ...] = ()
    where: str | None = None
    retry_errors: bool = False
    stay: bool = False
    together: int = 1  # workers that one command has started

    @property
    def words(self) -> list[str]:
        """The same options for the command line."""
        named = [word for name in self.tables for word in ("--table", name)]
        condition = [] if self.where is None else ["--where", self.where]
        return [*named, *condition, *["--retry-errors"] * self.retry_errors, *["--stay"] * self.stay]

    def options(self) -> WorkerOptions:
        """What each worker is to do."""
        return WorkerOptions(self.where, self.retry_errors, self.stay, self.together)


def populate_all(asked: Asked | None = None) -> WorkSummary:
    """Work until nothing is left and say what was done.

    Raises ConfigError for a table that is not there, and for a condition that is not SQL on the keys of its table.
    """
    given = asked or Asked()
    summary = work(_checked(given), given.options())
    pruned = f", {summary.pruned} pruned" if summary.pruned else ""
    hint = "; see dlgn status" if summary.failed else ""
    logger.info("%d computed, %d failed%s%s", summary.computed, summary.failed, pruned, hint)
    return summary


def populate_together(asked: Asked, workers: str | None, gpus: str | None = None, share: int = 1) -> int:
    """Run several workers, each a process, until nothing is left; their worst exit status.

    Parameters
    ----------
    asked : Asked
        What each is to compute.
    workers : str or None
        Their number, or ``auto`` for the number that computes fastest here.
    gpus : str or None
        Instead, ``share`` workers on each of these: ``all``, or numbers as "0,1".

    Raises
    ------
    ConfigError
        For both, for a number that is not one, and for what ``populate_all`` refuses.
    """
    from populate.fleet import gpus as found
    from populate.fleet.status import fleet_view
    from populate.worker.processes import supervise
    from populate.worker.worker_count import asked_workers

    if workers is not None and gpus is not None:
        raise ConfigError(f"--workers {workers} and --gpus {gpus}: give one of them; --share is for several on a GPU")
    chosen = found.environments(found.chosen(gpus, os.environ), share) if gpus is not None else None
    count = None if workers is None else asked_workers(workers)
    tables = _checked(asked)
    if chosen is None:
        chosen = [{}] * (count or _fastest(tables))
    logger.info("%d worker%s", len(chosen), "s" * (len(chosen) != 1))
    return supervise([*asked.words, "--together", str(len(chosen))], chosen, fleet_view)


def _fastest(tables: Sequence[Any]) -> int:
    """Number of workers that is measured to compute fastest; one on a GPU, which one process keeps busy."""
    from dlgn_cnn.runtime.cores import usable_cores
    from dlgn_cnn.runtime.device import pick_device
    from populate.fleet.status import counts
    from populate.worker.worker_count import best_count

    settings = schemas.open_database()
    if pick_device(settings.device).type != "cpu":
        return 1
    pending = max(sum(counts(table)[2] for table in tables), _fits_to_come(tables))
    return best_count(usable_cores(), pending, settings.threads)


def _fits_to_come(tables: Sequence[Any]) -> int:
    """Fits that are asked for and not done, also those whose dataset is not stored yet, if these tables have any."""
    from schemas import experiment, training
    from schemas.base.relational import U

    if training.TrainedModel not in tables:
        return 0
    asked = experiment.Experiment.Fit.proj() - training.TrainedModel.proj()
    return len(U(*training.TrainedModel.primary_key) & asked)


def _checked(asked: Asked) -> Sequence[Any]:
    """The tables that are asked for, once the database is open and the condition was tried. Raises ConfigError."""
    if asked.where is not None and len(asked.tables) != 1:
        raise ConfigError(
            f"--where {asked.where!r} asks for one table whose keys it is about: add --table TrainedModel"
        )
    schemas.open_database()
    tables = [control.named(name) for name in asked.tables] or computed_tables()
    if asked.where is not None:
        control.check_condition(tables[0], asked.where)
    return tables


def report_experiment(output: Path, experiment: str | None = None) -> Path:
    """Write the report of an experiment's best fit and say where it is."""
    schemas.open_database()
    from populate.report.report import write

    path = write(output, experiment)
    logger.info("report: %s", path.resolve())
    return path


def export_stimuli(
    folder: Path,
    size: str,
    experiment: str | None,
    chosen: tuple[Sequence[int], Sequence[str], bool],
    scaling: tuple[str, float],
    deg_per_px: float | None = None,
) -> Path:
    """Write stimuli for the rig (units, conditions, controls; upscaling, tolerance) and say where they are."""
    from dlgn_cnn.mei.export.export import Screen

    screen = Screen(_size(size), *scaling)
    schemas.open_database()
    from populate.export.meis import Chosen, export

    path = export(folder, Chosen(experiment, *chosen), screen, deg_per_px)
    logger.info("stimuli: %s", path.resolve())
    return path


def _fits(count: int) -> str:
    return f"{count} fit{'s' * (count != 1)}"


def _size(text: str) -> tuple[int, int]:
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        raise ConfigError(f"size {text!r}: expected HEIGHTxWIDTH in px, as 264x424")
    return int(sides[0]), int(sides[1])


def _option(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not (name and given):
        raise ConfigError(f"option {text!r}: expected NAME=VALUE, as spikes_outside=drop")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"option {text!r}: the value cannot be read ({error})") from error
