"""Fits: one row a trained model, weights in the store."""

import time
from collections.abc import Mapping
from typing import Any

import datajoint as dj
import torch

from dlgn_cnn import __version__, interrupts
from dlgn_cnn.device import pick_device
from dlgn_cnn.training.assemble import FitSpec, build_loaders, build_model, run_trainer
from dlgn_cnn.training.weights import load_weights, save_weights
from schemas import dataset, experiment, model, progress, trainer
from schemas.database import settings_in_force

schema = dj.Schema()
Key = Mapping[str, Any]


@schema
class TrainedModel(dj.Computed):
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
    device : varchar(64)
    versions : json  # of dlgn_cnn and torch
    fit_seconds : float64
    """

    @property
    def key_source(self) -> Any:
        """The fits that experiments name and whose dataset is stored."""
        every = dataset.Dataset.proj() * model.ModelConfig.proj() * trainer.TrainerConfig.proj() * trainer.Seed.proj()
        return every & experiment.Experiment.Fit.proj()

    def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
        """Configs, and where the dataset lies."""
        return fit_spec(key), dataset.store_paths(key)

    @interrupts.allowed()
    def make_compute(self, key: dict[str, Any], spec: FitSpec, stores: dict[str, str]) -> tuple[dict[str, Any]]:
        """Fit, with no database in reach, and store the weights."""
        settings = settings_in_force()
        device, started = pick_device(settings.device), time.monotonic()
        loaders = build_loaders(spec, dataset.absolute(stores), settings.allowed_packages, settings.cache)
        fitted = build_model(spec, loaders, settings.allowed_packages).to(device)
        with progress.epochs(f"fit {key['model_hash'][:8]} seed {key['seed']}") as callback:
            score, output, state = run_trainer(spec, fitted, loaders, key, callback, settings.allowed_packages)
        row = {
            "score": score,
            "output": output,
            "parameters": sum(parameter.numel() for parameter in fitted.parameters()),
            "weights_sha256": save_weights(state, settings.store / "weights"),
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
            "versions": {"dlgn_cnn": __version__, "torch": str(torch.__version__)},
            "fit_seconds": time.monotonic() - started,
        }
        return (row,)

    def make_insert(self, key: dict[str, Any], row: dict[str, Any]) -> None:
        """Insert the fitted model's row."""
        self.insert1(key | row)


def fit_spec(key: Key) -> FitSpec:
    """The configs of a fit, checked against their hashes."""
    return FitSpec(
        dataset.DatasetConfig.load(key), model.ModelConfig.load(key), trainer.TrainerConfig.load(key), key["seed"]
    )


def weights_of(key: Key) -> str:
    """The digest that names a trained model's weights."""
    return str((TrainedModel & {name: key[name] for name in TrainedModel.primary_key}).fetch1("weights_sha256"))


def restore(spec: FitSpec, stores: Mapping[str, str], weights_sha256: str) -> tuple[torch.nn.Module, Any]:
    """A fitted model in evaluation mode on this process's device, and its loaders; needs no database."""
    settings = settings_in_force()
    loaders = build_loaders(spec, dataset.absolute(stores), settings.allowed_packages, settings.cache)
    restored = build_model(spec, loaders, settings.allowed_packages)
    restored.load_state_dict(load_weights(settings.store / "weights", weights_sha256))
    return restored.to(pick_device(settings.device)).eval(), loaders


def load_model(key: Key) -> tuple[torch.nn.Module, Any]:
    """A fitted model and its loaders from a ``TrainedModel`` key, for a notebook."""
    return restore(fit_spec(key), dataset.store_paths(key), weights_of(key))
