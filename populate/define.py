"""Experiments from a YAML file: every config checked, hashed and inserted, with the fits that combine them."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from dlgn_cnn.training.assemble import FitSpec, check_spec
from schemas import dataset, experiment, mei, model, session, trainer
from schemas.database import settings_in_force

KEYS = ("experiment", "comment", "datasets", "models", "trainers", "seeds", "meis")
Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Defined:
    """What a definition came to: the experiment's name, its fits, and how many of them are new."""

    name: str
    fits: int
    new: int


def define(path: Path) -> Defined:
    """Insert the experiment that a YAML file describes: all combinations of its datasets, models, trainers and seeds.

    Everything is checked before anything is inserted, and inserted in one transaction. Raises ConfigError.
    """
    text = read_definition(path)
    name = str(text["experiment"])
    datasets = [(fn, _with_sessions(config)) for fn, config in _calls(text, "datasets")]
    models, trainers = list(_calls(text, "models")), list(_calls(text, "trainers"))
    seeds = text.get("seeds", [0])
    if not seeds or not all(type(seed) is int for seed in seeds):
        raise ConfigError(f"seeds {seeds!r} in {path}: expected a list of whole numbers")
    for one, two, three in itertools.product(datasets, models, trainers):
        check_spec(FitSpec(one, two, three, seeds[0]), settings_in_force().allowed_packages)
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
        for call in _calls(text, "meis") if "meis" in text else ():
            mei.MEIPlan.insert1({"experiment_name": name, **mei.MEIConfig.add(*call)}, skip_duplicates=True)
    return Defined(name, len(fits), new)


def read_definition(path: Path) -> dict[str, Any]:
    """The parsed YAML of an experiment. Raises ConfigError for a missing file, bad YAML, or a key it does not know."""
    try:
        text = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"experiment {path} cannot be read: {error}") from error
    if not isinstance(text, dict):
        raise ConfigError(f"experiment {path} holds no keys: expected {', '.join(KEYS)}")
    for key in text:
        if key not in KEYS:
            raise ConfigError(f"experiment {path} has {key!r}: {nearest(str(key), KEYS)}")
    missing = [key for key in ("experiment", "datasets", "models", "trainers") if not text.get(key)]
    if missing:
        raise ConfigError(f"experiment {path} lacks {', '.join(missing)}")
    return text


def _calls(text: dict[str, Any], part: str) -> Iterator[Call]:
    for entry in text[part]:
        if not isinstance(entry, dict) or set(entry) - {"fn", "config"} or "fn" not in entry:
            raise ConfigError(f"{part} entry {entry!r}: expected {{fn: NAME, config: {{...}}}}")
        yield str(entry["fn"]), entry.get("config") or {}


def _with_sessions(config: dict[str, Any]) -> dict[str, Any]:
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
