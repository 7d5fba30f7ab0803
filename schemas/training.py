"""Fits: one row a trained model, weights in the store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import datajoint as dj

from dlgn_cnn import __version__, interrupts
from dlgn_cnn.config import canonical_json
from dlgn_cnn.device import device_name, pick_device
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.runtime import threads
from dlgn_cnn.training.assemble import Call, FitSpec, asks, build_loaders, build_model, run_trainer
from dlgn_cnn.training.trainers import TRAINERS
from dlgn_cnn.training.weights import load_weights, save_weights
from schemas import dataset, experiment, model, precisions, provenance, running, search, trainer
from schemas.database import settings_in_force
from schemas.running import GivenUp

if TYPE_CHECKING:
    import torch

schema = dj.Schema()
Key = Mapping[str, Any]
Row = dict[str, Any]


@schema
class TrainedModel(provenance.Traced, dj.Computed):
    """A model fitted to a dataset by a trainer from a seed."""

    definition = """
    # fitted model
    -> dataset.Dataset
    -> model.ModelConfig
    -> trainer.TrainerConfig
    -> trainer.Seed
    ---
    score : float64  # what the trainer returned: mean validation correlation
    output : json  # what the trainer recorded, an entry an epoch
    parameters : int64
    weights_sha256 : char(64)  # names the safetensors file below the store
    fit_precision=null : enum('float32', 'bfloat16')  # what it was fitted in; null where that was not kept
    device : varchar(64)
    threads=null : int16  # of torch, with which it began; null where that was not kept
    same_bits=0 : bool  # whether it kept that number to its end, which the same bits take when it is computed again
    versions : json  # of dlgn_cnn and torch
    fit_seconds : float64
    """

    circumstances = ("device", "threads", "same_bits", "versions", "fit_seconds", "seconds", "samples_per_s",
                     "peak_memory_bytes")  # fmt: skip
    digests = ("weights_sha256",)
    tolerance = 0.02  # of scores and losses: two machines' fits part ways after some steps, and end alike
    _folder: str | None = None  # where the checkpoints lie of a fit that ended, until its row is there to stay
    ended_without: str = ""  # why the last key that was computed here ended without a result

    @property
    def key_source(self) -> Any:
        """The fits that experiments name and whose dataset is stored."""
        every = dataset.Dataset.proj() * model.ModelConfig.proj() * trainer.TrainerConfig.proj() * trainer.Seed.proj()
        return every & experiment.Experiment.Fit.proj()

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, and where the dataset lies."""
        return fit_spec(key), dataset.store_paths(key)

    @interrupts.allowed()
    @threads.kept()  # a fit that is resumed takes the number that it began with
    def make_compute(self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str]) -> tuple[Row | GivenUp, str]:
        """Fit, from the last checkpoint on where there is one, and store the weights; no database need be in reach."""
        import torch

        settings, folder = settings_in_force(), running.checkpoint_folder(key, stores)
        device, started = pick_device(settings.device), time.monotonic()
        loaders = build_loaders(spec, dataset.absolute(stores), settings.allowed_packages, settings.cache)
        fitted = build_model(spec, loaders, settings.allowed_packages, settings.weights).to(device)
        try:
            score, output, state = _run(key, spec, fitted, loaders, folder)
        except GivenUp as end:
            return end, folder
        told: Mapping[str, Any] = output if isinstance(output, dict) else {}  # a lab's trainer may return anything
        row = {
            "score": score,
            "output": output,
            "parameters": sum(parameter.numel() for parameter in fitted.parameters()),
            "weights_sha256": save_weights(state, settings.written("weights")),
            "fit_precision": told.get("precision", "float32"),
            "device": device_name(device),
            "threads": told.get("threads", threads.in_use()),
            "same_bits": told.get("same_bits", True),
            "versions": {"dlgn_cnn": __version__, "torch": str(torch.__version__)},
            "fit_seconds": time.monotonic() - started,
        }
        return row, folder

    def make_insert(self, key: dict[str, Any], found: Row | GivenUp, folder: str) -> None:
        """Insert the fitted model's row, or note that its trial was given up."""
        self._folder = folder
        if isinstance(found, GivenUp):
            search.give_up(key, found.epoch)
            self.ended_without = f"pruned: {found}"
        else:
            self.insert1(key | found)

    def _populate1(
        self,
        key: dict[str, Any],
        jobs: Any,
        suppress_errors: bool,
        return_exception_objects: bool,
        make_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Compute a key as DataJoint does: the only place that hears of its commit, before which no checkpoint goes."""
        self._folder, self.ended_without = None, ""
        done = super()._populate1(key, jobs, suppress_errors, return_exception_objects, make_kwargs)
        if self._folder is not None:
            running.sweep_checkpoints(self, experiment.Experiment.Fit(), self._folder)
        return done


def _run(
    key: Key, spec: FitSpec, fitted: torch.nn.Module, loaders: Any, folder: str
) -> tuple[float, dict[str, Any], dict[str, torch.Tensor]]:
    """The trainer's (score, output, state_dict), told to all who listen. Raises GivenUp, and what the trainer does."""
    from dlgn_cnn.models.ensemble import EnsembleModel

    with running.side_channel() as channel:
        watch = running.Watch(key, TrainedModel, channel)
        with running.listeners(key, spec, channel, watch) as callback:
            saved = running.checkpoints(key, folder, channel, watch.check)
            try:
                return run_trainer(
                    spec, fitted, loaders, key, callback, settings_in_force().allowed_packages, saved,
                    lambda name: EnsembleModel([_fitted(*member, loaders) for member in spec.teachers[name]]),
                )  # fmt: skip
            except ModelError:
                running.discard_checkpoints(key, folder, channel)
                raise


# The key source of what is said of units and scenes, which of data that a lab's own function reads nobody knows.
recorded_fits = property(lambda table: TrainedModel.proj() & dataset.Dataset.Session.proj())


def fit_spec(key: Key) -> FitSpec:
    """The configs of a fit, checked against their hashes, the fitted models that they name, and its precision.

    Raises ConfigError.
    """
    calls = dataset.DatasetConfig.load(key), model.ModelConfig.load(key), trainer.TrainerConfig.load(key)
    sources, teachers = sources_of(calls[1]), teachers_of(calls[2], key["dataset_hash"])
    return FitSpec(*calls, key["seed"], sources, teachers, precisions.of_fit(key, TrainedModel()))


def sources_of(call: Call) -> dict[str, str]:
    """The digest of the weights of the fitted model that a model config names as its source, by that model's key.

    Raises ConfigError for a key that is not fitted.
    """
    source = call[1].get("source")
    if source is None:
        return {}
    from dlgn_cnn.models.build import MODELS

    if not asks(MODELS, call[0], "trained", settings_in_force().allowed_packages):
        return {}
    names = TrainedModel.primary_key
    if not isinstance(source, dict) or set(source) != set(names) or not TrainedModel & source:
        raise ConfigError(f"source {source!r} is no fitted model: give the {', '.join(names)} of a TrainedModel row")
    return {canonical_json(source): weights_of(source)}


def teachers_of(call: Call, dataset_hash: str | None = None) -> dict[str, list[tuple[FitSpec, str]]]:
    """The members of the ensemble that a trainer config names as its teacher, by its hash. Raises ConfigError."""
    # An ensemble is made of fitted models: its module comes after this one.
    from schemas.ensemble import member_fits

    if "teacher" not in call[1] or not asks(TRAINERS, call[0], "teachers", settings_in_force().allowed_packages):
        return {}
    return {call[1]["teacher"]: member_fits(call[1]["teacher"], dataset_hash)}


def weights_of(key: Key) -> str:
    """The digest that names a trained model's weights."""
    return str((TrainedModel & {name: key[name] for name in TrainedModel.primary_key}).fetch1("weights_sha256"))


def restore(spec: FitSpec, stores: Mapping[str, str], weights_sha256: str) -> tuple[torch.nn.Module, Any]:
    """A fitted model in evaluation mode on this process's device, and its loaders; needs no database."""
    settings = settings_in_force()
    loaders = build_loaders(spec, dataset.absolute(stores), settings.allowed_packages, settings.cache)
    return _fitted(spec, weights_sha256, loaders).to(pick_device(settings.device)).eval(), loaders


def load_model(key: Key) -> tuple[torch.nn.Module, Any]:
    """A fitted model and its loaders from a ``TrainedModel`` key, for a notebook."""
    return restore(fit_spec(key), dataset.store_paths(key), weights_of(key))


def _fitted(spec: FitSpec, weights_sha256: str, loaders: Any) -> torch.nn.Module:
    """A fitted model for the sessions of ``loaders``."""
    settings = settings_in_force()
    built = build_model(spec, loaders, settings.allowed_packages, settings.weights)
    built.load_state_dict(load_weights(settings.weights, weights_sha256))
    return built
