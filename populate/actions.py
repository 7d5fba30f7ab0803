"""What the commands do once the database is open."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import schemas
from dlgn_cnn.data.recording import SIMULATED_PREFIX
from dlgn_cnn.errors import ConfigError
from populate import steer
from populate.gpus import chosen, supervise
from populate.worker import Tally, Wishes, work
from schemas.computed_tables import computed_tables

if TYPE_CHECKING:
    from populate.define import Defined

logger = logging.getLogger("dlgn")


def ingest_recording(path: Path, reader: str | None = None, options: Sequence[str] = ()) -> list[str]:
    """Ingest a recording and say what is new. ``options`` are "name=value" for the reader, values as in YAML."""
    chosen = dict(map(_option, options))
    schemas.open_database()
    from schemas.ingest import ingest
    from schemas.progress import bar

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
    from populate.define import insert, plans
    from populate.define_table import show_plan

    done = []
    for plan in plans(file):
        show_plan(plan)
        if dry_run:
            logger.info("experiment %s: %s; a dry run, nothing is inserted", plan.name, _fits(plan.fits))
            continue
        found = insert(plan)
        said = f"{_fits(found.fits)}, {found.new} of them new to it"
        logger.info("experiment %s: %s; dlgn populate computes what is not there yet", found.name, said)
        for name in found.ensembles:
            logger.info("ensemble %s", name)
        done.append(found)
    return done


def run_search(file: Path, ahead: int = 1) -> dict[str, Any]:
    """Search until a study has its trials, and say which is the best."""
    schemas.open_database()
    from populate.search import search_study

    best = search_study(file, ahead)
    values = ", ".join(f"{path} {value}" for path, value in best["trial_values"].items())
    logger.info("best of study %s: trial %d, score %.4f: %s", best["study_name"], best["trial"], best["score"], values)
    return best


def populate_all(
    table_names: Sequence[str] = (), where: str | None = None, retry_errors: bool = False, stay: bool = False
) -> Tally:
    """Work until nothing is left and say what was done; on all tables, or on those that are named.

    Raises ConfigError for a table that is not there, and for a condition that is not SQL on the keys of its table.
    """
    if where is not None and len(table_names) != 1:
        raise ConfigError(f"--where {where!r} asks for one table whose keys it is about: add --table TrainedModel")
    schemas.open_database()
    tables = [steer.named(name) for name in table_names] or computed_tables()
    if where is not None:
        steer.check_condition(tables[0], where)
    tally = work(tables, Wishes(where=where, retry_errors=retry_errors, stay=stay))
    pruned = f", {tally.pruned} pruned" if tally.pruned else ""
    hint = "; see dlgn status" if tally.failed else ""
    logger.info("%d computed, %d failed%s%s", tally.computed, tally.failed, pruned, hint)
    return tally


def populate_on_gpus(
    gpus: str, share: int, table_names: Sequence[str], where: str | None, retry_errors: bool, stay: bool
) -> int:
    """Run ``share`` workers on each of these GPUs, each a process of its own; the worst of their exit statuses."""
    arguments = [word for name in table_names for word in ("--table", name)]
    arguments += [] if where is None else ["--where", where]
    arguments += ["--retry-errors"] * retry_errors + ["--stay"] * stay
    return supervise(arguments, chosen(gpus, os.environ), share)


def report_experiment(output: Path, experiment: str | None = None) -> Path:
    """Write the report of an experiment's best fit and say where it is."""
    schemas.open_database()
    from populate.report import write

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
    from dlgn_cnn.mei.export import Screen

    screen = Screen(_size(size), *scaling)
    schemas.open_database()
    from populate.export import Chosen, export

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
