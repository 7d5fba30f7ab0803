"""From configs to loaders, model and trainer: nnfabrik's contract, with our own functions and a lab's alike."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dlgn_cnn.data.loaders import DATASETS
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.imports import resolve
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.registry import check_arguments
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
    function, config = resolve(DATASETS, spec.dataset[0], allowed), spec.dataset[1]
    given: dict[str, Any] = {"seed": spec.seed}
    places = {"stores": stores, "cache": cache}
    given |= {name: place for name, place in places.items() if name in inspect.signature(function).parameters}
    check_arguments(function, config, f"dataset function {spec.dataset[0]!r}", given)
    return function(**given, **config)


def build_model(spec: FitSpec, loaders: Any, allowed: Collection[str] = ()) -> torch.nn.Module:
    """The untrained model, which gets ``data_info`` where it asks for it and the loaders otherwise."""
    function, config = resolve(MODELS, spec.model[0], allowed), spec.model[1]
    given: dict[str, Any] = {"seed": spec.seed}
    if "data_info" in inspect.signature(function).parameters:
        given["data_info"] = {key: loader.data_info for key, loader in loaders["train"].items()}
    else:
        given["dataloaders"] = loaders
    check_arguments(function, config, f"model function {spec.model[0]!r}", given)
    model = function(**given, **config)
    if not isinstance(model, torch.nn.Module):
        raise ConfigError(
            f"model function {spec.model[0]!r} returned a {type(model).__name__}, expected a torch module"
        )
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
    function, config = resolve(TRAINERS, spec.trainer[0], allowed), spec.trainer[1]
    given = {"model": model, "dataloaders": loaders, "seed": spec.seed, "uid": uid, "cb": cb}
    check_arguments(function, config, f"trainer function {spec.trainer[0]!r}", given)
    score, output, state = function(**given, **config)
    return float(score), output, state


def check_spec(spec: FitSpec, allowed: Collection[str] = ()) -> None:
    """Refuse a fit whose functions are unknown or whose configs they do not take, before any data are read.

    Our own encoder is built once, for one made-up unit, so that a wrong key of any part is found too.
    """
    for registry, (name, config), given in (
        (DATASETS, spec.dataset, {"seed": 0, "stores": {}, "cache": None}),
        (MODELS, spec.model, {"seed": 0, "data_info": {}, "dataloaders": {}}),
        (TRAINERS, spec.trainer, dict.fromkeys(("model", "dataloaders", "seed", "uid", "cb"))),
    ):
        function = resolve(registry, name, allowed)
        wanted = inspect.signature(function).parameters
        own = {key: value for key, value in given.items() if key in wanted}
        check_arguments(function, config, f"{registry.kind} {name!r}", own)
    function = resolve(MODELS, spec.model[0], allowed)
    if "data_info" in inspect.signature(function).parameters:
        height, width = spec.dataset[1].get("size_px", (33, 53))
        made_up = DataInfo((0,), (1, height, width), 60.0, (0.1,), 0.0, 1.0, ((0.0, 0.0),))
        function(data_info={"made_up": made_up}, seed=0, **spec.model[1])
