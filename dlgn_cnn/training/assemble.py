"""From configs to loaders, model and trainer: nnfabrik's contract, with our own functions and a lab's alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlgn_cnn.config import canonical_json
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry, supplied
from dlgn_cnn.registry.annotations import parameters_of
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.training.trainers import TRAINERS
from dlgn_cnn.training.weights import load_weights

if TYPE_CHECKING:
    import torch

    Trained = Callable[[Mapping[str, Any]], dict[str, torch.Tensor]]

Call = tuple[str, dict[str, Any]]
TEXT_LENGTH = 200


@dataclass(frozen=True)
class FitSpec:
    """Specification of one fit: (function, config) of dataset, model and trainer, and the seed.

    ``sources`` has the digest of the weights of each fitted model that its configs name, by canonical JSON of the key.
    ``precision`` is what the fit was computed in or, before, what its ``auto`` means.
    """

    dataset: Call
    model: Call
    trainer: Call
    seed: int
    sources: dict[str, str] = field(default_factory=dict)
    precision: str = "auto"


def build_loaders(spec: FitSpec, stores: Mapping[str, Path], cache: Path | None = None) -> Any:
    """Build the loaders of a fit.

    Parameters
    ----------
    spec : FitSpec
        Names the dataset function and its config.
    stores : mapping of str to Path
        Stored sessions by name, for a dataset function that asks for them.
    cache : Path, optional
        Folder of cached sessions, for a dataset function that asks for it.

    Returns
    -------
    dict
        ``{tier: {session: loader}}``.

    Raises
    ------
    ConfigError
        If the config does not fit the function.
    """
    from dlgn_cnn.data.loading.loaders import DATASETS

    given = {} if has_own_seed(spec.dataset) else {"seed": spec.seed}
    return _call(DATASETS, spec.dataset, given, stores=stores, cache=cache)


def build_model(spec: FitSpec, loaders: Any, weights: Path | ObjectStore | None = None) -> torch.nn.Module:
    """Build the untrained model, from the loaders if it takes them, otherwise from their ``data_info``.

    A model function that asks for ``trained`` gets a function from the key of a fitted model to its weights.

    Parameters
    ----------
    spec : FitSpec
        Names the model function and its config.
    loaders : mapping
        ``{tier: {session: loader}}``.
    weights : Path or ObjectStore, optional
        Where weights of fitted models are.

    Returns
    -------
    Module
        The model.

    Raises
    ------
    ConfigError
        If the config does not fit the function, or weights are missing.
    """

    from dlgn_cnn.models.build import MODELS

    def trained(key: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        digest = spec.sources.get(canonical_json(dict(key)))
        if digest is None or weights is None:
            raise ConfigError(f"the weights of {dict(key)} are missing: fit or restore the model through the tables")
        return load_weights(weights, digest)

    name = loaders_name(MODELS.get(spec.model[0]))
    if name is not None:
        return call_model(spec.model, spec.seed, trained, **{name: loaders})
    infos = {key: loader.data_info for key, loader in loaders["train"].items()}
    return call_model(spec.model, spec.seed, trained, data_info=infos)


def call_model(call: Call, seed: int, trained: Trained | None = None, **data: Any) -> torch.nn.Module:
    """Call a model function with its data.

    Without ``trained``, a model that takes the weights of a fitted model keeps initial ones instead.

    Parameters
    ----------
    call : tuple of (str, dict)
        Name of the function, and its config.
    seed : int
        Seed of the initial weights.
    trained : callable, optional
        From the key of a fitted model to its weights.
    **data : object
        ``data_info``, or the loaders by the name of the function's argument.

    Returns
    -------
    Module
        The model.

    Raises
    ------
    ConfigError
        If the config does not fit the function, or it returns something else than a torch module.
    """
    import torch

    from dlgn_cnn.models.build import MODELS

    model = _call(MODELS, call, {"seed": seed, **data}, trained=trained)
    if not isinstance(model, torch.nn.Module):
        raise ConfigError(f"model function {call[0]!r} returned a {type(model).__name__}, expected a torch module")
    return model


def run_trainer(
    spec: FitSpec,
    model: torch.nn.Module,
    loaders: Any,
    uid: object,
    cb: Callable[..., None] | None,
) -> tuple[float, dict[str, Any], dict[str, torch.Tensor]]:
    """Fit a model in place.

    The spec's precision reaches a trainer that asks for ``auto_precision`` by name.

    Parameters
    ----------
    spec : FitSpec
        Names the trainer and its config.
    model : Module
        Model to fit.
    loaders : mapping
        ``{tier: {session: loader}}``.
    uid : object
        Identifies the fit in calls of ``cb``.
    cb : callable, optional
        Follows the fit: ``Callbacks``, or a function on nnfabrik's contract.

    Returns
    -------
    score : float
        What the trainer calls its score.
    output : dict
        What the trainer tells of the fit, as JSON can hold it.
    state_dict : dict
        The weights.

    Raises
    ------
    ConfigError
        If the config does not fit the trainer.
    """
    given = {"model": model, "dataloaders": loaders, "seed": spec.seed, "uid": uid, "cb": cb}
    score, output, state = _call(TRAINERS, spec.trainer, given, auto_precision=spec.precision)
    return float(score), plain(output), state


def _call(registry: Registry, call: Call, given: Mapping[str, Any], **available: Any) -> Any:
    """Call a function with its config, what it is given, and what it asks for of the packages and what is available."""
    name, config = call
    function = registry.get(name)
    given = {**given, **supplied(function, **available)}
    registry.check_arguments(name, function, config, given)
    return function(**given, **config)


def plain(value: Any) -> Any:
    """Convert what a trainer tells of a fit to what JSON can hold: a lab's trainer may return anything.

    Arrays, tensors, tuples and sets become lists, and numpy's scalars Python's.

    NaN and infinities become None, keys become text, and of anything else its text remains: a fit that took hours is
    not lost because of what its trainer tells besides.

    Examples
    --------
    >>> plain({1: (0.5, float("nan"))})
    {'1': [0.5, None]}
    """
    import numpy as np
    import torch

    if isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return repr(value)[:TEXT_LENGTH]


def has_own_seed(call: Call) -> bool:
    """Whether a lab's dataset function gets the seed of its config instead of the fit's, as nnfabrik gives it.

    Examples
    --------
    >>> has_own_seed(("lab.loaders", {"seed": 1})), has_own_seed(("stored_sessions", {}))
    (True, False)
    """
    return "." in call[0] and "seed" in call[1]


def loaders_name(function: Callable[..., Any]) -> str | None:
    """Name of the argument by which a model function takes loaders; None if it is built from ``data_info`` alone.

    nnfabrik hands them over as the first argument, whatever its name, to functions that can do with ``data_info`` too.
    """
    parameters = parameters_of(function)
    if "dataloaders" in parameters:
        return "dataloaders"
    first = next(iter(parameters.values()), None)
    if "data_info" in parameters or first is None or first.kind is not first.POSITIONAL_OR_KEYWORD:
        return None if "data_info" in parameters else "dataloaders"
    return first.name


def asks(registry: Registry, name: str, argument: str) -> bool:
    """Tell whether a function takes an argument that a caller may supply by name.

    Parameters
    ----------
    registry : Registry
        Holds the function.
    name : str
        Name of the function.
    argument : str
        Name of the argument.

    Returns
    -------
    bool
        Whether it does.
    """
    return argument in parameters_of(registry.get(name))
