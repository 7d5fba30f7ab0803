"""Experiments from a YAML file: every config checked, hashed and inserted, with the fits that combine them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry import nearest
from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer
from dlgn_cnn.training.loggers import check_loggers
from schemas import dataset, ensemble, experiment, mei, model, session, trainer, training
from schemas.database import settings_in_force

KEYS = ("experiment", "comment", "datasets", "models", "trainers", "seeds", "ensembles", "meis")
Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Defined:
    """What a definition came to: the experiment's name, its fits, how many of them are new, its ensembles' hashes."""

    name: str
    fits: int
    new: int
    ensembles: tuple[str, ...] = ()


def define(path: Path) -> Defined:
    """Insert the experiment that a YAML file describes: all combinations of its datasets, models, trainers and seeds.

    With ``ensembles: true``, the fits that differ by nothing but their seed are an ensemble too.
    Everything is checked before anything is inserted, and inserted in one transaction. Raises ConfigError.
    """
    check_loggers(settings_in_force().loggers)
    text = read_definition(path)
    name = str(text["experiment"])
    datasets = [(fn, with_sessions(config)) for fn, config in _calls(text, "datasets")]
    models, trainers = list(_calls(text, "models")), list(_calls(text, "trainers"))
    seeds = text.get("seeds", [0])
    if not seeds or not all(type(seed) is int for seed in seeds):
        raise ConfigError(f"seeds {seeds!r} in {path}: expected a list of whole numbers")
    meis = list(_calls(text, "meis")) if "meis" in text else []
    ensembles = _wants_ensembles(text, seeds)
    _check(datasets, models, trainers, meis)
    with session.schema.connection.transaction:
        _insert_experiment(name, text.get("comment", ""))
        fits = [
            {"experiment_name": name, **one, **two, **three, "seed": seed}
            for one in [dataset.DatasetConfig.add(*call) for call in datasets]
            for two in [model.ModelConfig.add(*call) for call in models]
            for three in [trainer.TrainerConfig.add(*call) for call in trainers]
            for seed in seeds
        ]
        new = _insert_fits(fits)
        means = _plan_ensembles(fits) if ensembles else ()
        for call in meis:
            mei.MEIPlan.insert1({"experiment_name": name, **mei.MEIConfig.add(*call)}, skip_duplicates=True)
    return Defined(name, len(fits), new, means)


def read_definition(path: Path) -> dict[str, Any]:
    """The parsed YAML of an experiment. Raises ConfigError for a missing file, bad YAML, or a key it does not know."""
    return read_yaml(path, "experiment", KEYS, ("experiment", "datasets", "models", "trainers"))


def read_yaml(path: Path, kind: str, keys: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """The parsed YAML of an experiment, or what ``kind`` it is, with these ``keys``. Raises ConfigError."""
    try:
        text = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{kind} {path} cannot be read: {error}") from error
    if not isinstance(text, dict):
        raise ConfigError(f"{kind} {path} holds no keys: expected {', '.join(keys)}")
    for key in text:
        if key not in keys:
            raise ConfigError(f"{kind} {path} has {key!r}: {nearest(str(key), keys)}")
    missing = [key for key in required if not text.get(key)]
    if missing:
        raise ConfigError(f"{kind} {path} lacks {', '.join(missing)}")
    return text


def _check(datasets: list[Call], models: list[Call], trainers: list[Call], meis: list[Call]) -> None:
    """Refuse a wrong config, with the path to what is wrong in it, before any data are read."""
    allowed = settings_in_force().allowed_packages
    foreseen = []
    for index, call in enumerate(datasets):
        with within(f"datasets[{index}]"):
            foreseen.append(check_dataset(call, allowed))
    for index, call in enumerate(models):
        with within(f"models[{index}]"):
            for info in foreseen:
                check_model(call, info, allowed)
            training.sources_of(call)
    for index, call in enumerate(trainers):
        with within(f"trainers[{index}]"):
            check_trainer(call, allowed)
            training.teachers_of(call)
    for index, call in enumerate(meis):
        with within(f"meis[{index}]"):
            mei.check_mei(*call)


def _calls(text: dict[str, Any], part: str) -> Iterator[Call]:
    if not isinstance(text[part], list):
        raise ConfigError(f"given {text[part]!r}, expected a list of {{fn: NAME, config: {{...}}}}", part)
    for index, entry in enumerate(text[part]):
        config = (entry.get("config") or {}) if isinstance(entry, dict) else None
        if not isinstance(config, dict) or set(entry) - {"fn", "config"} or not isinstance(entry.get("fn"), str):
            raise ConfigError(f"given {entry!r}, expected {{fn: NAME, config: {{...}}}}", f"{part}[{index}]")
        yield entry["fn"], config


def with_sessions(config: dict[str, Any]) -> dict[str, Any]:
    """A dataset's config with the names of all ingested sessions where it asks for ``all``. Raises ConfigError."""
    if config.get("sessions") != "all":
        return config
    names = sorted(map(str, session.Session.to_arrays("session_name")))
    if not names:
        raise ConfigError("the dataset asks for all sessions but none was ingested: run dlgn ingest first")
    return config | {"sessions": names}


def _insert_experiment(name: str, comment: str) -> None:
    experiment.Experiment.insert1({"experiment_name": name, "experiment_comment": comment}, skip_duplicates=True)


def _insert_fits(fits: list[dict[str, Any]]) -> int:
    before = len(experiment.Experiment.Fit())
    for fit in fits:
        trainer.Seed.insert1({"seed": fit["seed"]}, skip_duplicates=True)
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
    return tuple(ensemble.Ensemble.plan(members)["ensemble_hash"] for members in alike.values())
