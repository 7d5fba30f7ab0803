"""The standard trainer: ``TrainingLoop`` on nnfabrik's contract."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch

from dlgn_cnn.errors import within
from dlgn_cnn.registry import nested
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.callbacks import Callback, Callbacks, as_callback
from dlgn_cnn.training.fit import StateDict, TrainingLoop
from dlgn_cnn.training.fit_config import FitConfig
from dlgn_cnn.training.losses import ObservationModel, loss_of, units_of
from dlgn_cnn.training.trainers import TRAINERS


def check_standard(config: Mapping[str, Any]) -> None:
    """Refuse values that a fit would refuse. Raises ConfigError."""
    nested(FitConfig, config.get("fit"))
    with within("loss"):
        loss_of(config.get("loss", "poisson"))


@TRAINERS.register("standard", check=check_standard, fit=FitConfig)
def standard(
    model: torch.nn.Module,
    dataloaders: Mapping[str, Mapping[str, Any]],
    seed: int,
    uid: object = None,
    cb: Callback | Callable[..., None] | None = None,
    auto_precision: str = "auto",
    *,
    loss: str | Mapping[str, Any] = "poisson",
    fit: Mapping[str, Any] | None = None,
) -> tuple[float, dict[str, Any], StateDict]:
    """Fit ``model`` in place, on its device, and leave the best epoch's weights in it.

    Parameters
    ----------
    model : Module
        Model to fit.
    dataloaders : mapping
        ``{tier: {session: loader}}``.
    seed : int
        Part of the contract; the loaders' and the model's own generators, which were seeded with it, draw all that is
        random here.
    uid : object
        Identifies the fit in calls of ``cb``.
    cb : Callback or callable, optional
        Follows the fit: a callback, or a function that is called after every epoch as nnfabrik's trainers call it.
    auto_precision : str
        What precision ``auto`` means; supplied by the caller.
    loss : str or mapping
        ``poisson``, ``negative_binomial`` or ``squared_error``, or ``{"name": ..., **parameters}`` as
        ``ObservationModel`` takes them. The first two refuse responses that are not whole numbers, unless ``fit`` says
        otherwise.
    fit : mapping, optional
        Options of ``FitConfig``.

    Returns
    -------
    score : float
        The best epoch's mean validation correlation.
    output : dict
        ``{"epochs": one record an epoch, "best_epoch": ..., "precision": ..., "observation": fitted parameters of
        the loss, if any}``.
    state_dict : dict
        The best weights, on the CPU.
    """
    observation = ObservationModel(*loss_of(loss), units_of(dataloaders))
    config = nested(FitConfig, fit)
    return run(TrainingLoop(model, dataloaders, observation, config, auto_precision=auto_precision), uid, cb)


def run(
    fit: TrainingLoop, uid: object = None, cb: Callback | Callable[..., None] | None = None
) -> tuple[float, dict[str, Any], StateDict]:
    """Run a fit to its end.

    Parameters
    ----------
    fit : TrainingLoop
        A fit that has not begun.
    uid : object
        Identifies the fit in calls of a plain ``cb``.
    cb : Callback or callable, optional
        Follows the fit: a callback, or a function that is called after every epoch as nnfabrik's trainers call it.

    Returns
    -------
    score, output, state_dict
        What a trainer returns.
    """
    callback = as_callback(cb, uid, fit.model)
    fit.callback = Callbacks([callback, Interruptible()])
    with interrupts.deferred(), interrupts.postponed():
        callback.on_start(fit)
        for record in fit:
            callback.on_epoch(record.epoch, dataclasses.asdict(record) | {"max_epochs": fit.config.max_epochs})
            # Only now: a checkpoint that knows of an epoch is one whose callbacks were told of it.
            fit.callback.on_step(fit)
    epochs = [dataclasses.asdict(record) for record in fit.records]
    output = {"epochs": epochs, "best_epoch": fit.best_epoch, "precision": fit.precision}
    output |= {"threads": fit.threads, "same_bits": fit.same_bits}
    if observation := fit.loss.values():
        output["observation"] = observation
    return fit.best_score, output, fit.best_state


class Interruptible(Callback):
    """Raises an interruption that was asked for where nothing is half done."""

    def on_step(self, fit: TrainingLoop) -> None:
        """Raise it."""
        if (stop := interrupts.asked()) is not None:
            raise stop
