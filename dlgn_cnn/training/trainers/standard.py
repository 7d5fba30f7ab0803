"""The standard trainer: ``TrainingLoop`` on nnfabrik's contract."""

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from dlgn_cnn.errors import within
from dlgn_cnn.registry import nested
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.checkpoints import Checkpoints
from dlgn_cnn.training.fit import FitConfig, StateDict, TrainingLoop
from dlgn_cnn.training.observation_model import ObservationModel, loss_of, units_of
from dlgn_cnn.training.trainers import TRAINERS


def check_standard(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse values that a fit would refuse. Raises ConfigError."""
    nested(FitConfig, config.get("fit"))
    with within("loss"):
        loss_of(config.get("loss", "poisson"), allowed_packages)


@TRAINERS.register("standard", check=check_standard, fit=FitConfig)
def standard(
    model: torch.nn.Module,
    dataloaders: Mapping[str, Mapping[str, Any]],
    seed: int,
    uid: object = None,
    cb: Callable[..., None] | None = None,
    allowed_packages: Collection[str] = (),
    checkpoints: Checkpoints | None = None,
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
    cb : callable, optional
        Called after every epoch, as nnfabrik's trainers do.
    allowed_packages : collection of str
        Packages that a loss may be imported from; supplied by the caller.
    checkpoints : Checkpoints, optional
        From which a fit that was stopped goes on; supplied by the caller.
    auto_precision : str
        What precision ``auto`` means; supplied by the caller.
    loss : str or mapping
        ``poisson`` or ``negative_binomial``, or ``{"name": ..., **parameters}`` as ``ObservationModel`` takes them.
    fit : mapping, optional
        Options of ``FitConfig``.

    Returns
    -------
    score : float
        The best epoch's mean validation correlation.
    output : dict
        ``{"epochs": one record an epoch, "best_epoch": ..., "precision": ..., "noise": fitted parameters of the loss,
        if any}``.
    state_dict : dict
        The best weights, on the CPU.
    """
    noise = ObservationModel.from_config(loss, units_of(dataloaders), allowed_packages)
    config = nested(FitConfig, fit)
    return run(TrainingLoop(model, dataloaders, noise, config, auto_precision=auto_precision), uid, cb, checkpoints)


def run(
    fit: TrainingLoop, uid: object = None, cb: Callable[..., None] | None = None, checkpoints: Checkpoints | None = None
) -> tuple[float, dict[str, Any], StateDict]:
    """Run a fit to its end, telling ``cb`` of every epoch: (score, output, state_dict) of the trainers' contract."""
    with contextlib.ExitStack() as stack:
        if checkpoints is not None:
            fit.boundary = checkpoints.boundary
            stack.enter_context(interrupts.deferred())
            stack.enter_context(interrupts.postponed())
            checkpoints.resume(fit)
        for record in fit:
            if cb is not None:
                info = dataclasses.asdict(record) | {"max_epochs": fit.config.max_epochs}
                cb(uid=uid, epoch=record.epoch, model=fit.model, info=info)
            # Only now: a checkpoint that knows of an epoch is one whose callback has heard of it.
            fit.boundary(fit)
    epochs = [dataclasses.asdict(record) for record in fit.records]
    output = {"epochs": epochs, "best_epoch": fit.best_epoch, "precision": fit.precision}
    output |= {"threads": fit.threads, "same_bits": fit.same_bits}
    if noise := fit.loss.values():
        output["noise"] = noise
    return fit.best_score, output, fit.best_state
