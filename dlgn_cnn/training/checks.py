"""A fit's configs, refused before any data are read: the error says where in them, and what is nearest."""

from collections.abc import Callable
from typing import Any

from dlgn_cnn.data.loading.loaders import DATASETS, Foreseen
from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.interface import DataInfo
from dlgn_cnn.models.build import MODELS
from dlgn_cnn.models.dry_run import dry_run
from dlgn_cnn.models.sizes import no_larger_than
from dlgn_cnn.registry import Registry
from dlgn_cnn.registry.annotations import parameters_of
from dlgn_cnn.training.assemble import Call, call_model, has_own_seed, loaders_name
from dlgn_cnn.training.trainers import TRAINERS

MADE_UP = "made_up"


def check_dataset(call: Call) -> Foreseen | None:
    """Refuse a dataset config; what a model will get of it is returned, or None if that is unknown."""
    foreseen = _check_call(DATASETS, call)
    return foreseen if isinstance(foreseen, Foreseen) else None


def check_trainer(call: Call) -> None:
    """Refuse a trainer config."""
    _check_call(TRAINERS, call)


def check_model(call: Call, foreseen: Foreseen | None) -> None:
    """Refuse a model config.

    A model that is built from ``data_info`` alone is built for a made-up session, so that a wrong key of any component
    is found. If its data are ``foreseen``, the model also sees a made-up clip: a component that breaks its contract is
    found too, and a model that loses all frames of a window.

    Parameters
    ----------
    call : tuple of (str, dict)
        Name of the model function, and its config.
    foreseen : Foreseen, optional
        What the model will get of the dataset; None if unknown.

    Raises
    ------
    ConfigError
        At the key of the config that is wrong.
    """
    _check_call(MODELS, call)
    if loaders_name(MODELS.get(call[0])) is not None:
        return
    info = foreseen.info if foreseen else DataInfo((0,), (1, 33, 53), 60.0, (0.1,), 0.0, 1.0, ((0.0, 0.0),))
    with within("config"):
        try:
            with no_larger_than("experiment.model", "this model", 0, ConfigError):
                model = call_model(call, seed=0, data_info={MADE_UP: info})
            if foreseen is not None:
                dry_run(model, MADE_UP, info)
        except (RuntimeError, TypeError, ArithmeticError, MemoryError) as error:  # as torch says of huge sizes
            raise ConfigError(f"this model cannot be built ({type(error).__name__}: {error}): correct it") from error
        if foreseen is None:
            return
        lost = getattr(model, "frames_lost", 0)
        if lost >= foreseen.window_frames:
            raise ConfigError(
                f"this model loses {lost} frames and windows have {foreseen.window_frames}: give the dataset's "
                f"window_frames {lost + 1} or more, or the model shorter kernels in time"
            )


def _check_call(registry: Registry, call: Call) -> object:
    name, config = call
    with within("fn"):
        part = registry.get(name)
    with within("config"):
        registry.check_arguments(name, part, config, _given(registry, call, part))
        return registry.check_values(part, config)


def _given(registry: Registry, call: Call, part: Callable[..., Any]) -> list[str]:
    """Arguments that a function will get besides its config."""
    given = [one for one in registry.given if one in parameters_of(part)]
    if registry is MODELS and (loaders := loaders_name(part)) is not None:
        given.append(loaders)
    return [one for one in given if not (registry is DATASETS and one == "seed" and has_own_seed(call))]
