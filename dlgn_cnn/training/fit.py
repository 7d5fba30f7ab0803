"""One loop: epochs of Poisson regression with a schedule, early stopping and the best weights restored."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlgn_cnn.data.loaders import interleaved
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import autocast, predict
from dlgn_cnn.interface import Batch

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
StateDict = dict[str, torch.Tensor]


@dataclass(frozen=True)
class FitConfig:
    """How to fit. ``burn_in_frames`` of every window are shown but not scored; ``clip_norm`` bounds the gradient.

    The learning rate warms up over ``warmup_share`` of all steps, then falls to zero along a half cosine (Loshchilov
    and Hutter 2017). A fit stops after ``patience`` epochs without a better validation score.
    """

    max_epochs: int = 40
    patience: int = 8
    learning_rate: float = 0.005
    weight_decay: float = 0.0
    warmup_share: float = 0.1
    clip_norm: float = 1.0
    burn_in_frames: int = 15
    precision: str = "float32"

    def __post_init__(self) -> None:
        if self.precision not in ("float32", "bfloat16"):
            raise ConfigError(f"precision {self.precision!r}: choose float32 or bfloat16")
        if min(self.max_epochs, self.patience) < 1 or self.learning_rate <= 0 or self.burn_in_frames < 0:
            raise ConfigError(
                "max_epochs and patience must be 1 or more, learning_rate above 0, burn_in_frames not below"
            )


@dataclass(frozen=True)
class EpochRecord:
    """One epoch's figures: mean training loss (nats a unit and frame), penalty, validation correlation."""

    epoch: int
    loss: float
    penalty: float
    validation_correlation: float
    learning_rate: float


class Fit:
    """A model being fitted: iterate over it for one ``EpochRecord`` an epoch; then ``best_state`` has the best weights.

    Raises ModelError where the loss is no longer finite.
    """

    def __init__(
        self, model: torch.nn.Module, loaders: Mapping[str, Mapping[str, Any]], loss: Loss, config: FitConfig
    ) -> None:
        self.model, self.loaders, self.loss, self.config = model, loaders, loss, config
        self.device = next(model.parameters()).device
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        steps = config.max_epochs * sum(len(loader) for loader in loaders["train"].values())
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: _schedule(step, steps, config.warmup_share)
        )
        self.best_score, self.best_epoch = -math.inf, -1
        self.best_state: StateDict = copy.deepcopy(model.state_dict())

    def __iter__(self) -> Iterator[EpochRecord]:
        for epoch in range(self.config.max_epochs):
            record = self._epoch(epoch)
            if record.validation_correlation > self.best_score:
                self.best_score, self.best_epoch = record.validation_correlation, epoch
                self.best_state = copy.deepcopy(self.model.state_dict())
            yield record
            if epoch - self.best_epoch >= self.config.patience:
                break
        self.model.load_state_dict(self.best_state)

    def _epoch(self, epoch: int) -> EpochRecord:
        rate = self.optimizer.param_groups[0]["lr"]
        self.model.train()
        steps = [self._step(data_key, batch) for data_key, batch in interleaved(self.loaders["train"])]
        loss, penalty = np.mean(steps, axis=0)
        return EpochRecord(epoch, float(loss), float(penalty), self.validate(), float(rate))

    def _step(self, data_key: str, batch: Batch) -> tuple[float, float]:
        moved = batch.to(self.device)
        with autocast(self.device, self.config.precision):
            predicted = self.model(
                moved.videos, moved.opto, data_key=data_key, behavior=moved.behavior, pupil_center=moved.pupil_center
            )
        scored = moved.responses.shape[-1] - self.config.burn_in_frames
        loss = self.loss(predicted[..., -scored:].float(), moved.responses[..., -scored:])
        penalty = self.model.regularizer(data_key)  # type: ignore[operator]
        total = loss + penalty
        if not torch.isfinite(total):
            raise ModelError(f"the loss became {total.item()}: lower learning_rate or clip_norm and fit again")
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.scheduler.step()
        return loss.item(), penalty.item()

    def validate(self) -> float:
        """Mean single-trial correlation over all units of all sessions of the validation tier.

        Units for which it is undefined are left out. Raises ModelError where it is undefined for all.
        """
        scores = []
        for data_key, loader in self.loaders["validation"].items():
            found = predict(self.model, loader, data_key, self.config.burn_in_frames, precision=self.config.precision)
            scores.append(correlation(found.predicted, found.observed))
        known = np.concatenate(scores)
        known = known[np.isfinite(known)]
        if not len(known):
            raise ModelError(
                "no unit has a validation score: each has no spikes in the validation tier or a constant prediction; "
                "use more validation trials, or a lower learning_rate"
            )
        return float(known.mean())


def _schedule(step: int, steps: int, warmup_share: float) -> float:
    warmup = max(1, round(steps * warmup_share))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, steps - warmup))))
