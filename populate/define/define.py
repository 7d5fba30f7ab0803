"""Experiments as rows: every config checked and hashed, then inserted, with the fits that combine them."""

import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlgn_cnn.config import config_hash, join_path, leaves
from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.search.space import expand
from dlgn_cnn.training.loggers import check_loggers
from populate.define.definition_file import FORM, Call, read_call, read_definitions
from populate.define.precision import fixed_precision
from schemas import ensemble, experiment, mei, session, trainer, training
from schemas.base.mei_options import check_mei
from schemas.base.relational import U
from schemas.connection.in_force import settings_in_force
from schemas.declaration.computed_tables import config_tables

TABLES = {f"{kind}s": table for kind, table in config_tables().items()}


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


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment as written, with a config for each combination of choices; nothing is inserted yet."""

    name: str
    comment: str
    entries: tuple[PlannedConfig, ...]
    seeds: tuple[int, ...]
    ensembles: bool

    def of(self, part: str) -> list[PlannedConfig]:
        """The entries of one part."""
        return [entry for entry in self.entries if entry.part == part]

    def known(self) -> set[str]:
        """The hashes of those entries that are in the tables."""
        return {
            value
            for part in TABLES
            for row in (TABLES[part] & [entry.key for entry in self.of(part)]).proj().to_dicts()
            for value in row.values()
        }

    def fixed_precision(self) -> tuple[str, str]:
        """Meaning of ``auto`` for its fits, and the reason. Raises ConfigError as the function does."""
        return fixed_precision(self.name, {part: self.of(part) for part in TABLES})

    @property
    def is_new(self) -> bool:
        """Whether any config, or any combination of dataset, model and trainer, is in no experiment yet."""
        calls = {part: [entry.key for entry in self.of(part)] for part in ("datasets", "models", "trainers")}
        fits = experiment.Experiment.Fit & calls["datasets"] & calls["models"] & calls["trainers"]
        combined = U("dataset_hash", "model_hash", "trainer_hash") & fits
        return len(self.known()) < len(self.entries) or len(combined) < math.prod(map(len, calls.values()))

    @property
    def fits(self) -> int:
        """Number of fits: all combinations."""
        return len(self.seeds) * math.prod(len(self.of(part)) for part in ("datasets", "models", "trainers"))


@dataclass(frozen=True)
class Defined:
    """A defined experiment: its name, the numbers of its fits and of new ones, and its ensembles' hashes.

    ``precision`` is the meaning of ``auto`` for its fits, and the reason.
    """

    name: str
    fits: int
    new: int
    precision: tuple[str, str]
    ensembles: tuple[str, ...] = ()


def define(path: Path) -> Defined:
    """Insert the experiment of a file that holds one. Raises ConfigError."""
    (plan,) = plans(path)
    return insert(plan)


def plans(path: Path) -> list[ExperimentPlan]:
    """The experiments of a YAML or Python file, checked. Raises ConfigError, with the place, and inserts nothing."""
    check_loggers(settings_in_force().loggers)
    found = [_plan(text, path) for text in read_definitions(path)]
    for plan in found:
        _check(plan)
    return found


def insert(plan: ExperimentPlan) -> Defined:
    """Insert an experiment: all combinations of its datasets, models, trainers and seeds, in one transaction.

    With ``ensembles: true``, the fits that differ by nothing but their seed are an ensemble too.
    """
    with session.schema.connection.transaction:
        precision = _insert_experiment(plan)
        keys = {part: [TABLES[part].add(*entry.call) for entry in plan.of(part)] for part in TABLES}
        combined = itertools.product(keys["datasets"], keys["models"], keys["trainers"], plan.seeds)
        fits = [
            {"experiment_name": plan.name, **one, **two, **three, "seed": seed} for one, two, three, seed in combined
        ]
        new = _insert_fits(fits)
        means = _plan_ensembles(fits) if plan.ensembles else ()
        for key in keys["meis"]:
            mei.MEIPlan.insert1({"experiment_name": plan.name, **key}, skip_duplicates=True)
    return Defined(plan.name, len(fits), new, precision, means)


def _plan(text: dict[str, Any], path: Path) -> ExperimentPlan:
    seeds = text.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int for seed in seeds):
        raise ConfigError(f"seeds {seeds!r} in {path}: expected a list of whole numbers, as [0, 1, 2]")
    entries = {(one.part, *one.key.values()): one for part in TABLES for one in _entries(text, part)}
    name, comment = str(text["experiment"]), str(text.get("comment", ""))
    return ExperimentPlan(
        name, comment, tuple(entries.values()), tuple(dict.fromkeys(seeds)), _wants_ensembles(text, seeds)
    )


def _entries(text: dict[str, Any], part: str) -> Iterator[PlannedConfig]:
    """Every config of one part, those that one entry's choices make one by one."""
    written = text.get(part) or []
    if not isinstance(written, list):
        raise ConfigError(f"given {written!r}, expected a list of {FORM}", part)
    for index, entry in enumerate(written):
        place = join_path(part, index)
        fn, config = read_call(entry, place)
        with within(place):
            for values, one in expand(config):
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
    texts = [json.loads(leaf.text) for one in plan.entries for leaf in leaves(one.config) if leaf.kind == "str"]
    names = [name for name in (*texts, *(one.fn for one in plan.entries)) if "." in name]
    return any(name.partition(".")[0] in settings_in_force().allowed_packages for name in names)


def _check_configs(plan: ExperimentPlan) -> None:
    from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer

    allowed, foreseen = settings_in_force().allowed_packages, list[Any]()

    def check_models(call: Call) -> None:
        for info in foreseen:
            check_model(call, info, allowed)

    checks: dict[str, Callable[[Call], Any]] = {
        "datasets": lambda call: foreseen.append(check_dataset(call, allowed)),
        "models": check_models,
        "trainers": lambda call: check_trainer(call, allowed),
        "meis": lambda call: check_mei(*call),
    }
    for part, check in checks.items():
        for entry, place in _placed(plan, part):
            with within(place):
                check(entry.call)


def _placed(plan: ExperimentPlan, part: str) -> Iterator[tuple[PlannedConfig, str]]:
    """Each entry of a part, and how an error names it: where it is written, and its choices."""
    for entry in plan.of(part):
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


def _insert_experiment(plan: ExperimentPlan) -> tuple[str, str]:
    """Insert an experiment unless it exists; returns the meaning of ``auto`` for its fits, and the reason."""
    precision, why = plan.fixed_precision()
    row = {"experiment_name": plan.name, "experiment_comment": plan.comment, "auto_precision": precision}
    experiment.Experiment.insert1(row, skip_duplicates=True)
    return precision, why


def _insert_fits(fits: list[dict[str, Any]]) -> int:
    before = len(experiment.Experiment.Fit())
    trainer.Seed.insert([{"seed": seed} for seed in sorted({fit["seed"] for fit in fits})], skip_duplicates=True)
    experiment.Experiment.Fit.insert(fits, skip_duplicates=True)
    return len(experiment.Experiment.Fit()) - before


def _wants_ensembles(text: dict[str, Any], seeds: list[int]) -> bool:
    wanted = text.get("ensembles", False)
    if type(wanted) is not bool:
        raise ConfigError(f"given {wanted!r}, expected true: all seeds of a model make an ensemble", "ensembles")
    if wanted and len(set(seeds)) < 2:
        raise ConfigError(f"an ensemble of seeds {seeds}: give two seeds or more", "ensembles")
    return wanted


def _plan_ensembles(fits: list[dict[str, Any]]) -> tuple[str, ...]:
    """Make an ensemble of all fits that differ by nothing but their seed; the ensembles' hashes."""
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for fit in fits:
        alike.setdefault(tuple(value for name, value in fit.items() if name != "seed"), []).append(fit)
    return tuple(ensemble.Ensemble.add(members)["ensemble_hash"] for members in alike.values())
