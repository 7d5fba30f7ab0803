"""Experiments as rows: every config checked and hashed, then inserted, with the fits that combine them."""

import itertools
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dlgn_cnn import bounds
from dlgn_cnn.config import config_hash, join_path, leaves
from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry import allowed_packages
from dlgn_cnn.search.space import expand
from dlgn_cnn.training.assemble import asks
from dlgn_cnn.training.loggers import check_loggers
from dlgn_cnn.training.trainers import TRAINERS
from populate.define.definition_file import FORM, Call, read_call, read_definitions
from schemas import ensemble, experiment, mei, session, trainer, training
from schemas.base.mei_options import check_mei
from schemas.base.relational import U
from schemas.base.restriction import restrict
from schemas.connection.in_force import settings_in_force
from schemas.declaration.computed_tables import config_tables
from schemas.monitoring import fit_precision

logger = logging.getLogger("dlgn")
TABLES = {f"{kind}s": table for kind, table in config_tables().items()}
FIT_PARTS = ("datasets", "models", "trainers")


@dataclass(frozen=True)
class PlannedConfig:
    """One config: its part of the experiment, its place there, and its choices, if any."""

    part: str
    place: str
    fn: str
    config: dict[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, str]:
        """Its row's key, whether that is there or not."""
        return {f"{TABLES[self.part].kind}_hash": config_hash(self.fn, self.config)}

    @property
    def call(self) -> Call:
        """Function and arguments."""
        return self.fn, self.config


Entries = Mapping[str, Sequence[PlannedConfig]]  # by part


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment as written, with a config for each combination of choices; nothing is inserted yet."""

    name: str
    comment: str
    entries: Entries
    seeds: tuple[int, ...]
    ensembles: bool

    @property
    def all_entries(self) -> list[PlannedConfig]:
        """Its configs of all parts."""
        return [entry for entries in self.entries.values() for entry in entries]

    def known(self) -> set[str]:
        """The hashes of those entries that are in the tables."""
        return {
            value
            for part, entries in self.entries.items()
            for row in (TABLES[part] & [entry.key for entry in entries]).proj().to_dicts()
            for value in row.values()
        }

    @property
    def is_new(self) -> bool:
        """Whether any config, or any combination of dataset, model and trainer, is in no experiment yet."""
        fits = experiment.Experiment.Fit()
        for part in FIT_PARTS:
            fits = fits & [entry.key for entry in self.entries[part]]
        combined = U("dataset_hash", "model_hash", "trainer_hash") & fits
        return len(self.known()) < len(self.all_entries) or len(combined) * len(self.seeds) < self.fits

    @property
    def fits(self) -> int:
        """Number of fits: all combinations."""
        return len(self.seeds) * math.prod(len(self.entries[part]) for part in FIT_PARTS)


def define(path: Path, dry_run: bool = False) -> None:
    """Show every config of a file's experiments as new or known, then insert them unless it is a dry run.

    Raises ConfigError.
    """
    for plan in plans(path):
        Console().print(_plan_table(plan), highlight=False)
        precision, why = fixed_precision(plan.name, plan.entries)
        said, ensembles = "; a dry run, nothing is inserted", list[str]()
        if not dry_run:
            new, ensembles = insert(plan, precision)
            said = f", {new} of them new to it; dlgn populate computes what is missing"
        logger.info("experiment %s: precision auto means %s, %s", plan.name, precision, why)
        logger.info("experiment %s: %d fit%s%s", plan.name, plan.fits, "s" * (plan.fits != 1), said)
        for name in ensembles:
            logger.info("ensemble %s", name)


def _plan_table(plan: ExperimentPlan) -> Table:
    """A row a config: kind, function, whole hash, new or known, and its choices."""
    known = plan.known()
    shown = Table("", "function", "hash", "", "values", box=None, padding=(0, 2, 0, 0))
    shown.columns[2].no_wrap, shown.columns[4].overflow = True, "fold"
    for entry in plan.all_entries:
        (digest,) = entry.key.values()
        values = "\n".join(f"{path}={json.dumps(value)}" for path, value in entry.values.items())
        words = (TABLES[entry.part].kind, entry.fn, digest, "known" if digest in known else "new", values)
        shown.add_row(*map(escape, words))
    return shown


def plans(path: Path) -> list[ExperimentPlan]:
    """The experiments of a YAML or Python file, checked. Raises ConfigError, with the place, and inserts nothing."""
    check_loggers(settings_in_force().loggers)
    found = [_plan(text, path) for text in read_definitions(path)]
    for plan in found:
        _check(plan)
    return found


def insert(plan: ExperimentPlan, precision: str) -> tuple[int, list[str]]:
    """Insert an experiment: all combinations of its datasets, models, trainers and seeds, in one transaction.

    With ``ensembles: true``, the fits that differ by nothing but their seed are an ensemble too. ``precision`` is the
    meaning of ``auto``. The number of new fits and the ensembles' hashes are returned.
    """
    name = {"experiment_name": plan.name}
    with session.schema.connection.transaction:
        row = name | {"experiment_comment": plan.comment, "auto_precision": precision}
        experiment.Experiment.insert1(row, skip_duplicates=True)
        keys = {part: [TABLES[part].add(*entry.call) for entry in entries] for part, entries in plan.entries.items()}
        trainer.Seed.insert([{"seed": seed} for seed in plan.seeds], skip_duplicates=True)
        combined = itertools.product(*(keys[part] for part in FIT_PARTS))
        alike = [[{**name, **one, **two, **three, "seed": seed} for seed in plan.seeds] for one, two, three in combined]
        before = len(experiment.Experiment.Fit())
        experiment.Experiment.Fit.insert([fit for fits in alike for fit in fits], skip_duplicates=True)
        new = len(experiment.Experiment.Fit()) - before
        ensembles = [ensemble.Ensemble.add(fits)["ensemble_hash"] for fits in alike if plan.ensembles]
        for key in keys["meis"]:
            mei.MEIPlan.insert1({**name, **key}, skip_duplicates=True)
    return new, ensembles


def _plan(text: dict[str, Any], path: Path) -> ExperimentPlan:
    seeds = text.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int for seed in seeds):
        raise ConfigError(f"seeds {seeds!r} in {path}: expected a list of whole numbers, as [0, 1, 2]")
    entries = {part: tuple({str(one.key): one for one in _entries(text, part)}.values()) for part in TABLES}
    name, comment = text["experiment"], str(text.get("comment") or "")
    plan = ExperimentPlan(name, comment, entries, tuple(dict.fromkeys(seeds)), _wants_ensembles(text, seeds))
    bounds.check("experiment.fits", plan.fits, f"experiment {path}", error=ConfigError)
    return plan


def _entries(text: dict[str, Any], part: str) -> Iterator[PlannedConfig]:
    """Every config of one part, those that one entry's choices make one by one."""
    written = text.get(part) or []
    if not isinstance(written, list):
        raise ConfigError(f"given {written!r}, expected a list of {FORM}", part)
    count = 0
    for index, entry in enumerate(written):
        place = join_path(part, index)
        fn, config = read_call(entry, place)
        with within(place):
            for values, one in expand(config):
                count += 1
                bounds.check("experiment.configs", count, error=ConfigError)
                yield PlannedConfig(part, place, fn, with_sessions(one) if part == "datasets" else one, values)


def _check(plan: ExperimentPlan) -> None:
    """Refuse a wrong config, with the path to the wrong value, before any data are read.

    Known combinations were checked when they were defined, and torch is not loaded to build them again. Code of other
    packages may have changed since: a plan that names some is checked whole.
    """
    if plan.is_new or _names_code(plan):
        _check_configs(plan)
    for entry, place in _placed(plan, "models"):
        with within(place):
            training.sources_of(entry.call)


def _names_code(plan: ExperimentPlan) -> bool:
    """Whether a config names anything by import path."""
    texts = [json.loads(leaf.text) for one in plan.all_entries for leaf in leaves(one.config) if leaf.kind == "str"]
    names = [name for name in (*texts, *(one.fn for one in plan.all_entries)) if "." in name]
    return any(name.partition(".")[0] in allowed_packages() for name in names)


def _check_configs(plan: ExperimentPlan) -> None:
    from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer

    foreseen = list[Any]()

    def check_models(call: Call) -> None:
        for info in foreseen:
            check_model(call, info)

    checks: dict[str, Callable[[Call], Any]] = {
        "datasets": lambda call: foreseen.append(check_dataset(call)),
        "models": check_models,
        "trainers": lambda call: check_trainer(call),
        "meis": lambda call: check_mei(*call),
    }
    for part, check in checks.items():
        for entry, place in _placed(plan, part):
            with within(place):
                check(entry.call)


def _placed(plan: ExperimentPlan, part: str) -> Iterator[tuple[PlannedConfig, str]]:
    """Each entry of a part, and how an error names it: where it is written, and its choices."""
    for entry in plan.entries[part]:
        values = ", ".join(f"{path}={value!r}" for path, value in entry.values.items())
        yield entry, f"{entry.place} ({values})" if values else entry.place


def with_sessions(config: dict[str, Any]) -> dict[str, Any]:
    """A dataset's config with the names of all ingested sessions where it asks for ``all``. Raises ConfigError."""
    if config.get("sessions") != "all":
        return config
    names = sorted(map(str, session.Session.to_arrays("session_name")))
    if not names:
        raise ConfigError("the dataset asks for all sessions but none was ingested: run dlgn ingest first")
    return config | {"sessions": names}


def _wants_ensembles(text: dict[str, Any], seeds: list[int]) -> bool:
    wanted = text.get("ensembles", False)
    if type(wanted) is not bool:
        raise ConfigError(f"given {wanted!r}, expected true: all seeds of a model make an ensemble", "ensembles")
    if wanted and len(set(seeds)) < 2:
        raise ConfigError(f"an ensemble of seeds {seeds}: give two seeds or more", "ensembles")
    return wanted


def fixed_precision(name: str, entries: Entries) -> tuple[str, str]:
    """Meaning of ``auto`` for an experiment's fits, and the reason in words; nothing is inserted.

    A known experiment keeps its precision. A new one takes the precision in which this process's device is fast, unless
    fits of precision ``auto`` like its own, from any seed, were planned or computed in the other: seeds are compared
    and averaged, which two precisions must not be. Raises ConfigError if such fits are in both, or in another precision
    than the experiment.
    """
    auto = [entry.key for entry in entries["trainers"] if _means_auto(entry)]
    found = _of_fits_alike(name, entries, auto)
    kept = restrict(experiment.Experiment(), {"experiment_name": name}).to_arrays("auto_precision")
    if len(kept):
        found, why = {str(kept[0]): "its own definition"} | found, "as it was first defined"
    else:
        why = f"as in {next(iter(found.values()), '')}"
    if len(found) > 1:
        said = " and ".join(f"{one} by {whose}" for one, whose in sorted(found.items()))
        raise ConfigError(
            f"precision auto of experiment {name!r} already means {said}: state a precision in its trainers' configs, "
            "which makes them other fits"
        )
    if found:
        return next(iter(found)), why
    if not auto:
        return "float32", "and none of its fits asks"
    return experiment.native_precision(), "which this machine is fast in"


def _means_auto(entry: PlannedConfig) -> bool:
    """Whether a trainer computes in the precision of ``auto``: a lab's own may know nothing of precisions."""
    if fit_precision.stated_in(entry.config) is not None:
        return False
    return "." not in entry.fn or asks(TRAINERS, entry.fn, "auto_precision")


def _of_fits_alike(name: str, entries: Entries, auto: list[Any]) -> dict[str, str]:
    """Precisions of planned and computed fits of precision ``auto``, from any seed, and where they are from."""
    parts = [[entry.key for entry in entries[part]] for part in ("datasets", "models")]

    def among(fits: Any) -> Any:
        for keys in (*parts, auto):
            fits = fits & keys
        return fits

    asked = among(experiment.Experiment.Fit - {"experiment_name": name})
    done = among(training.TrainedModel)
    found = {row["fit_precision"]: "fits that are there" for row in (U("fit_precision") & done).to_dicts()}
    for row in (experiment.Experiment & asked.proj()).to_dicts():
        found[row["auto_precision"]] = f"experiment {row['experiment_name']!r}"
    return found
