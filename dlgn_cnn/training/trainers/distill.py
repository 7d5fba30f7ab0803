"""Distillation: one model learns from the counts and from what an ensemble expects of them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch
from dlgn_cnn.runtime.precision import autocast
from dlgn_cnn.training.checkpoints import Checkpoints
from dlgn_cnn.training.fit import Fit, FitConfig, StateDict
from dlgn_cnn.training.losses import poisson
from dlgn_cnn.training.trainers import TRAINERS
from dlgn_cnn.training.trainers.standard import run

Teachers = Callable[[str], torch.nn.Module]
WHOSE = "the fit of a distillation"


def check_distill(config: Mapping[str, Any], allowed_packages: Collection[str] = ()) -> None:
    """Refuse values that a distillation would refuse. Raises ConfigError."""
    _check_share(config.get("share", 0.5))
    FitConfig.nested(config.get("fit"), WHOSE)


@TRAINERS.register("distill", check=check_distill)
def distill(
    model: torch.nn.Module,
    dataloaders: Mapping[str, Mapping[str, Any]],
    seed: int,
    uid: object = None,
    cb: Callable[..., None] | None = None,
    checkpoints: Checkpoints | None = None,
    teachers: Teachers | None = None,
    auto_precision: str = "auto",
    *,
    teacher: str,
    share: float = 0.5,
    fit: Mapping[str, Any] | None = None,
) -> tuple[float, dict[str, Any], StateDict]:
    """Fit ``model`` to counts and to the rates of a teacher (Hinton et al. 2015), by Poisson likelihood.

    ``teacher`` is the ``ensemble_hash`` of an ``Ensemble`` of the same dataset, which ``teachers``, supplied by the
    caller, turns into a model. ``share`` is how much the teacher's rates weigh, from 0, where only the counts count, to
    1: the loss is (1 - share) of that of the counts and ``share`` of that of the rates. ``fit`` are options of
    ``FitConfig``. Returns what ``standard`` returns; validation is by the counts alone. Raises ConfigError.
    """
    _check_share(share)
    if teachers is None:
        raise ConfigError(f"nobody supplied the teacher {teacher!r}: fit through the tables, or pass teachers=")
    config = FitConfig.nested(fit, WHOSE)
    student = Fit(model, dataloaders, poisson, config, auto_precision=auto_precision)
    # Asked batch by batch: a student that goes on from a checkpoint keeps the precision that it began in.
    student.targets = Expected(teachers(teacher).to(student.device).eval(), share, lambda: student.precision)
    return run(student, uid, cb, checkpoints)


class Expected:
    """What a student is to answer: a mixture of the counts and of a teacher's rates, (batch, unit, time).

    The Poisson loss is linear in the counts, so that the loss of a mixture is the mixture of the losses.
    """

    def __init__(
        self, teacher: torch.nn.Module, share: float, precision: Callable[[], str] = lambda: "float32"
    ) -> None:
        self.teacher, self.share, self.precision = teacher, share, precision

    @torch.no_grad()
    def __call__(self, data_key: str, batch: Batch) -> torch.Tensor:
        """Counts alone in the first frames, of which the teacher says nothing. Raises ConfigError for other units."""
        with autocast(batch.videos.device, self.precision()):
            rate = self.teacher(
                batch.videos, batch.opto, data_key=data_key, behavior=batch.behavior, pupil_center=batch.pupil_center
            ).float()
        if rate.shape[:2] != batch.responses.shape[:2]:
            raise ConfigError(
                f"the teacher has {rate.shape[1]} units of {data_key}, the data {batch.responses.shape[1]}: "
                "choose a teacher of the same dataset"
            )
        mixed = batch.responses.clone()
        mixed[..., -rate.shape[-1] :].mul_(1 - self.share).add_(rate, alpha=self.share)
        return mixed


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ConfigError(f"share {share!r}: expected how much the teacher weighs, from 0 to 1")
