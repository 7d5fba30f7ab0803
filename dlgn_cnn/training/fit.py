"""One loop: epochs of regression on counts with a schedule, early stopping and the best weights restored."""

import math
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler

from dlgn_cnn.data.loading.trial_loader import interleaved
from dlgn_cnn.errors import ConfigError, ModelError
from dlgn_cnn.evaluation.metrics import correlation
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.interface import Batch, observed_of
from dlgn_cnn.runtime import threads
from dlgn_cnn.runtime.device import autocast, resolve
from dlgn_cnn.training.callbacks import Callback
from dlgn_cnn.training.fit_config import EpochRecord, FitConfig
from dlgn_cnn.training.losses import ObservationModel, as_component, check_counts
from dlgn_cnn.training.schedules import SCHEDULES

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
StateDict = dict[str, torch.Tensor]


def reset_peak(device: torch.device) -> None:
    """Begin to look for the most that tensors on a GPU take."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory_bytes(device: torch.device) -> int:
    """The most that was held: on a GPU by tensors since ``reset_peak``, otherwise by the process since it began."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    # Linux counts in kB, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class TrainingLoop:
    """A model being fitted: iterate over it for one ``EpochRecord`` an epoch; ``best_state`` has the best weights.

    They are those of ``best_epoch``, the first of the best by the criterion; it is -1 before the first epoch.

    ``callback`` is told of every step and, between batches of validation, of the same. Nothing is half done then, so
    that ``dlgn_cnn.training.snapshot`` can take all that the fit consists of, or put it back before the first epoch.
    ``threads`` is the number that the fit began with; ``same_bits`` is false once it went on with fewer. The fit's
    ``precision`` is ``float32`` or ``bfloat16``.

    Parameters
    ----------
    model : Module
        Model to fit, on its device.
    loaders : mapping
        ``{tier: {session: loader}}``.
    loss : callable or ObservationModel
        Loss of rate and counts. The parameters of an observation model are fitted too, without decay.
    config : FitConfig
        Options of the fit.
    auto_precision : str
        What the config's precision ``auto`` means (default: what the device is fast in).

    Raises
    ------
    ModelError
        While iterating, if the loss is no longer finite.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        loaders: Mapping[str, Mapping[str, Any]],
        loss: Loss | ObservationModel,
        config: FitConfig,
        auto_precision: str = "auto",
    ) -> None:
        self.model, self.loaders, self.config = model, loaders, config
        self.device = next(model.parameters()).device
        self.precision = resolve(config.precision, self.device, auto_precision)
        self.loss = (loss if isinstance(loss, ObservationModel) else ObservationModel(loss)).to(self.device)
        self.callback = Callback()
        groups: list[dict[str, Any]] = [{"params": [one for one in model.parameters() if one.requires_grad]}]
        if fitted := list(self.loss.parameters()):
            groups.append({"params": fitted, "weight_decay": 0.0})
        self.optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
        batches = sum(len(loader) for loader in loaders["train"].values())
        steps = config.max_epochs * -(-batches // config.accumulate)
        self.schedule: LRScheduler = SCHEDULES.build(
            as_component(config.schedule), optimizer=self.optimizer, steps=steps, warmup_share=config.warmup_share
        )
        self.best_state, self.best_observation = copied(model.state_dict()), copied(self.loss.state_dict())
        self.records: list[EpochRecord] = []
        self.best_epoch = -1
        self.threads, self.same_bits = threads.in_use(), True
        self.forget_epoch()

    def forget_epoch(self) -> None:
        """Begin the counts of an epoch: its batches' (loss, penalty), its windows, whether all were trained on."""
        self.parts: list[tuple[float, float]] = []
        self.samples, self.seconds, self.training_s, self.trained = 0, 0.0, 0.0, False
        self.rate = float(self.optimizer.param_groups[0]["lr"])
        self._since = time.monotonic()
        reset_peak(self.device)

    @property
    def epoch(self) -> int:
        """The epoch that is running, from 0."""
        return len(self.records)

    @property
    def step(self) -> int:
        """Optimizer steps that were made."""
        return int(self.schedule.last_epoch)

    @property
    def best_score(self) -> float:
        """The validation correlation of the best epoch; minus infinity before the first."""
        return self.records[self.best_epoch].validation_correlation if self.best_epoch >= 0 else -math.inf

    def __iter__(self) -> Iterator[EpochRecord]:
        while self.epoch < self.config.max_epochs and self.epoch - 1 - self.best_epoch < self.config.patience:
            yield self._epoch()
        self.model.load_state_dict(self.best_state)
        self.loss.load_state_dict(self.best_observation)

    def elapsed_s(self) -> float:
        """Seconds spent on the running epoch, those before a resumption included."""
        now = time.monotonic()
        self.seconds, self._since = self.seconds + now - self._since, now
        return self.seconds

    def _epoch(self) -> EpochRecord:
        if not self.trained:
            self.train_epoch()
        validation_loss, validation_correlation = self.validate()
        loss, penalty = np.mean(self.parts, axis=0)
        record = EpochRecord(
            epoch=self.epoch,
            loss=float(loss),
            penalty=float(penalty),
            validation_loss=validation_loss,
            validation_correlation=validation_correlation,
            learning_rate=self.rate,
            samples_per_s=self.samples / max(self.training_s, 1e-9),
            peak_memory_bytes=peak_memory_bytes(self.device),
            seconds=self.elapsed_s(),
        )
        self.records.append(record)
        if self._goodness(record.epoch) > self._goodness(self.best_epoch):
            self.best_epoch = record.epoch
            self.best_state, self.best_observation = copied(self.model.state_dict()), copied(self.loss.state_dict())
        self.forget_epoch()
        return record

    def _goodness(self, epoch: int) -> float:
        if epoch < 0:
            return -math.inf
        record = self.records[epoch]
        return record.validation_correlation if self.config.criterion == "correlation" else -record.validation_loss

    def train_epoch(self) -> None:
        """Train on all batches of the training tier, or on those that are left of the running epoch."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        waiting = 0
        for data_key, batch in interleaved(self.loaders["train"]):
            self._backward(data_key, batch)
            waiting += 1
            if waiting == self.config.accumulate:
                self._step(waiting)
                waiting = 0
                self.callback.on_step(self)
        if waiting:
            self._step(waiting)
        self.trained, self.training_s = True, self.elapsed_s()
        self.callback.on_step(self)

    def _backward(self, data_key: str, batch: Batch) -> None:
        if self.epoch == 0 and not self.config.non_integer_responses:
            check_counts(self.loss.loss, batch.responses, data_key)
        moved = batch.to(self.device)
        with autocast(self.device, self.precision):
            predicted = self.model(
                moved.videos, moved.opto, data_key=data_key, behavior=moved.behavior, pupil_center=moved.pupil_center
            )
        scored = min(moved.responses.shape[-1] - self.config.burn_in_frames, predicted.shape[-1])
        if scored < 1:
            raise ConfigError(
                f"burn_in_frames {self.config.burn_in_frames} leave nothing of a window of "
                f"{moved.responses.shape[-1]} frames: lower burn_in_frames or lengthen window_frames"
            )
        observed = observed_of(moved)
        observed = None if observed is None else observed[..., -scored:]
        loss = self.loss(predicted[..., -scored:].float(), moved.responses[..., -scored:], data_key, observed)
        penalty = self.model.regularizer(data_key)  # type: ignore[operator]
        total = loss + penalty
        if not torch.isfinite(total):
            raise ModelError(f"the loss became {total.item()}: lower learning_rate or clip_norm and fit again")
        total.backward()
        self.parts.append((loss.item(), penalty.item()))
        self.samples += len(batch.responses)

    def _step(self, batches: int) -> None:
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        if batches > 1:
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad /= batches
        torch.nn.utils.clip_grad_norm_(parameters, self.config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.schedule.step()

    def validate(self) -> tuple[float, float]:
        """Of the validation tier of all sessions: mean loss a unit and frame, mean single-trial correlation over units.

        Units whose correlation is undefined are left out. Raises ModelError where it is undefined for all.
        """
        scores, losses, weights = [], [], []
        for data_key, loader in self.loaders["validation"].items():
            batches = self._stoppable(loader)
            found = predict(self.model, batches, data_key, self.config.burn_in_frames, precision=self.precision)
            scores.append(correlation(found.predicted, found.observed))
            rate, counts = (torch.from_numpy(x).to(self.device)[None] for x in (found.predicted, found.observed))
            known = ~counts.isnan()
            weights.append(int(known.sum()))
            with torch.no_grad():
                observed = known if weights[-1] < known.numel() else None
                losses.append(self.loss(rate, counts, data_key, observed).item())
        correlations = np.concatenate(scores)
        correlations = correlations[np.isfinite(correlations)]
        if not len(correlations):
            raise ModelError(
                "no unit has a validation score: each has no spikes in the validation tier or a constant prediction; "
                "use more validation trials, or a lower learning_rate"
            )
        return float(np.average(losses, weights=weights)), float(correlations.mean())

    def _stoppable(self, loader: Iterable[Batch]) -> Iterator[Batch]:
        for batch in loader:
            yield batch
            self.callback.on_step(self)


def copied(state: Mapping[str, torch.Tensor]) -> StateDict:
    """A state dict's values of now, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in state.items()}
