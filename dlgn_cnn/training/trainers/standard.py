"""The standard trainer: ``Fit`` on nnfabrik's contract."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from dlgn_cnn.errors import within
from dlgn_cnn.training.fit import Fit, FitConfig, StateDict
from dlgn_cnn.training.losses import LOSSES
from dlgn_cnn.training.trainers import TRAINERS


def check_standard(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse values that a fit would refuse. Raises ConfigError."""
    options = {name: value for name, value in config.items() if name in FitConfig.__dataclass_fields__}
    FitConfig(**options)
    with within("loss"):
        LOSSES.get(config.get("loss", "poisson"), allowed_packages)


@TRAINERS.register("standard", check=check_standard)
def standard(
    model: torch.nn.Module,
    dataloaders: Mapping[str, Mapping[str, Any]],
    seed: int,
    uid: object = None,
    cb: Callable[..., None] | None = None,
    allowed_packages: Collection[str] = (),
    *,
    loss: str = "poisson",
    max_epochs: int = FitConfig.max_epochs,
    patience: int = FitConfig.patience,
    learning_rate: float = FitConfig.learning_rate,
    weight_decay: float = FitConfig.weight_decay,
    warmup_share: float = FitConfig.warmup_share,
    clip_norm: float = FitConfig.clip_norm,
    burn_in_frames: int = FitConfig.burn_in_frames,
    precision: str = FitConfig.precision,
) -> tuple[float, dict[str, Any], StateDict]:
    """Fit ``model`` where it stands (its device) and leave the best epoch's weights in it.

    ``loss`` is a registered one's name; ``max_epochs``, ``patience``, ``learning_rate``, ``weight_decay``,
    ``warmup_share``, ``clip_norm``, ``burn_in_frames`` and ``precision`` are as in ``FitConfig``. Returns the best mean
    validation correlation, ``{"epochs": one record an epoch, "best_epoch": ...}`` and the best weights on the CPU.
    ``seed`` is part of the contract; all randomness here is in the loaders' and the model's own generators, which were
    seeded with it.
    """
    config = FitConfig(
        max_epochs, patience, learning_rate, weight_decay, warmup_share, clip_norm, burn_in_frames, precision
    )
    fit = Fit(model, dataloaders, LOSSES.get(loss, allowed_packages), config)
    records = []
    for record in fit:
        records.append(dataclasses.asdict(record))
        if cb is not None:
            cb(uid=uid, epoch=record.epoch, model=model, info=records[-1] | {"max_epochs": max_epochs})
    output = {"epochs": records, "best_epoch": fit.best_epoch}
    return fit.best_score, output, {name: value.cpu() for name, value in fit.best_state.items()}
