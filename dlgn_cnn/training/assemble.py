"""From configs to loaders, model and trainer: nnfabrik's contract, with our own functions and a lab's alike."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dlgn_cnn.annotations import parameters_of
from dlgn_cnn.data.loaders import DATASETS
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.registry import supplied
from dlgn_cnn.training.trainers import TRAINERS

Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class FitSpec:
    """What one fit is made of: (function, config) of dataset, model and trainer, and the seed."""

    dataset: Call
    model: Call
    trainer: Call
    seed: int


def build_loaders(
    spec: FitSpec, stores: Mapping[str, Path], allowed: Collection[str] = (), cache: Path | None = None
) -> Any:
    """``{tier: {session: loader}}``. ``stores`` and ``cache`` reach a dataset function that asks for them by name."""
    name, config = spec.dataset
    function = DATASETS.get(name, allowed)
    given = {"seed": spec.seed} | supplied(function, stores=stores, cache=cache, allowed_packages=allowed)
    DATASETS.check_arguments(name, function, config, given)
    return function(**given, **config)


def build_model(spec: FitSpec, loaders: Any, allowed: Collection[str] = ()) -> torch.nn.Module:
    """The untrained model, which gets ``data_info`` where it asks for it and the loaders otherwise."""
    function = MODELS.get(spec.model[0], allowed)
    if "data_info" in parameters_of(function):
        infos = {key: loader.data_info for key, loader in loaders["train"].items()}
        return call_model(spec.model, spec.seed, allowed, data_info=infos)
    return call_model(spec.model, spec.seed, allowed, dataloaders=loaders)


def call_model(call: Call, seed: int, allowed: Collection[str], **data: Any) -> torch.nn.Module:
    """What a model function builds from ``data``, its ``data_info`` or ``dataloaders``. Raises ConfigError."""
    name, config = call
    function = MODELS.get(name, allowed)
    given = {"seed": seed, **data} | supplied(function, allowed_packages=allowed)
    MODELS.check_arguments(name, function, config, given)
    model = function(**given, **config)
    if not isinstance(model, torch.nn.Module):
        raise ConfigError(f"model function {name!r} returned a {type(model).__name__}, expected a torch module")
    return model


def run_trainer(
    spec: FitSpec,
    model: torch.nn.Module,
    loaders: Any,
    uid: object,
    cb: Callable[..., None] | None,
    allowed: Collection[str] = (),
) -> tuple[float, dict[str, Any], dict[str, torch.Tensor]]:
    """Fit ``model`` where it stands: (score, output, state_dict)."""
    name, config = spec.trainer
    function = TRAINERS.get(name, allowed)
    given = {"model": model, "dataloaders": loaders, "seed": spec.seed, "uid": uid, "cb": cb}
    given |= supplied(function, allowed_packages=allowed)
    TRAINERS.check_arguments(name, function, config, given)
    score, output, state = function(**given, **config)
    return float(score), output, state
