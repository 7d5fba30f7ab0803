"""The standard trainer: ``Fit`` on nnfabrik's contract."""

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from dlgn_cnn.errors import within
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.checkpoints import Checkpoints
from dlgn_cnn.training.fit import Fit, FitConfig, StateDict
from dlgn_cnn.training.noise import NoiseModel, loss_of, units_of
from dlgn_cnn.training.trainers import TRAINERS


def check_standard(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse values that a fit would refuse. Raises ConfigError."""
    FitConfig(**{name: value for name, value in config.items() if name in FitConfig.__dataclass_fields__})
    with within("loss"):
        loss_of(config.get("loss", "poisson"), allowed_packages)


@TRAINERS.register("standard", check=check_standard)
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
    max_epochs: int = FitConfig.max_epochs,
    patience: int = FitConfig.patience,
    learning_rate: float = FitConfig.learning_rate,
    weight_decay: float = FitConfig.weight_decay,
    warmup_share: float = FitConfig.warmup_share,
    clip_norm: float = FitConfig.clip_norm,
    burn_in_frames: int = FitConfig.burn_in_frames,
    precision: str = FitConfig.precision,
    schedule: str | Mapping[str, Any] = FitConfig.schedule,
    accumulate: int = FitConfig.accumulate,
    criterion: str = FitConfig.criterion,
) -> tuple[float, dict[str, Any], StateDict]:
    """Fit ``model`` where it stands (its device) and leave the best epoch's weights in it.

    ``loss`` is ``poisson``, ``negative_binomial`` or ``zero_inflated_poisson``, or ``{"name": ..., **parameters}`` as
    ``NoiseModel`` takes them. ``max_epochs``, ``patience``, ``learning_rate``, ``weight_decay``, ``warmup_share``,
    ``clip_norm``, ``burn_in_frames``, ``precision``, ``schedule``, ``accumulate`` and ``criterion`` are as in
    ``FitConfig``. Returns the best epoch's mean validation correlation, ``{"epochs": one record an epoch,
    "best_epoch": ..., "precision": ..., "noise": fitted parameters of the loss, if any}`` and the best weights on the
    CPU. ``seed`` is part of the contract; all randomness here is in the loaders' and the model's own generators, which
    were seeded with it. ``checkpoints``, from which a fit that was stopped goes on, ``auto_precision``, what precision
    ``auto`` means, and ``allowed_packages``, which a loss may be imported from, are supplied by the caller.
    """
    config = FitConfig(
        max_epochs, patience, learning_rate, weight_decay, warmup_share, clip_norm, burn_in_frames, precision,
        schedule, accumulate, criterion,
    )  # fmt: skip
    noise = NoiseModel.from_config(loss, units_of(dataloaders), allowed_packages)
    return run(Fit(model, dataloaders, noise, config, auto_precision=auto_precision), uid, cb, checkpoints)


def run(
    fit: Fit, uid: object = None, cb: Callable[..., None] | None = None, checkpoints: Checkpoints | None = None
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
