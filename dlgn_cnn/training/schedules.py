"""Schedules of the learning rate, each a class on one contract; after all warm-ups the rate is what the config says."""

import math
from typing import Any

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry

SCHEDULES = Registry("schedule", "dlgn_cnn.training", given=("optimizer", "steps", "warmup_share"))


class Schedule:
    """The learning rate as a multiple of the config's, set before each step; ``steps`` is how many there may be.

    The rate rises linearly over the first ``warmup_share`` of all steps; then ``after`` decides. ``advance`` is called
    after every step, ``hear`` after every epoch with the criterion of early stopping, larger being better.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, steps: int, warmup_share: float) -> None:
        self.optimizer, self.steps = optimizer, steps
        self.warmup = max(1, round(steps * warmup_share))
        self.rates = [float(group["lr"]) for group in optimizer.param_groups]
        self.step = 0
        self._apply()

    def factor(self) -> float:
        """The multiple at the step that comes next."""
        return (self.step + 1) / self.warmup if self.step < self.warmup else self.after()

    def after(self) -> float:
        """The multiple after the warm-up."""
        raise NotImplementedError

    def advance(self) -> None:
        """Go on to the next step."""
        self.step += 1
        self._apply()

    def hear(self, goodness: float) -> None:
        """Learn how good the epoch was."""

    def state_dict(self) -> dict[str, Any]:
        """What ``load_state_dict`` needs to go on from here; JSON can carry it."""
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        vars(self).update(state)
        self._apply()

    def _apply(self) -> None:
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * self.factor()

    def _progress(self) -> float:
        """From 0 at the end of the warm-up to 1 at the last step."""
        return min(1.0, (self.step - self.warmup) / max(1, self.steps - self.warmup))


@SCHEDULES.register("cosine")
class Cosine(Schedule):
    """To zero along a half cosine (Loshchilov and Hutter 2017)."""

    def after(self) -> float:
        """From 1 to 0."""
        return 0.5 * (1 + math.cos(math.pi * self._progress()))


@SCHEDULES.register("constant")
class Constant(Schedule):
    """The config's rate throughout."""

    def after(self) -> float:
        """Always 1."""
        return 1.0


@SCHEDULES.register("plateau")
class Plateau(Schedule):
    """Times ``factor`` whenever the criterion was not better for ``patience`` epochs, down to ``smallest`` of it."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        steps: int,
        warmup_share: float,
        factor: float = 0.3,
        patience: int = 5,
        smallest: float = 1e-3,
    ) -> None:
        if not (0 < factor < 1 and patience >= 1 and 0 <= smallest < 1):
            raise ConfigError(
                f"plateau with factor {factor}, patience {patience}, smallest {smallest}: expected a factor between "
                "0 and 1, a patience of 1 or more, and a smallest share from 0 to below 1"
            )
        self.by, self.patience, self.smallest = factor, patience, smallest
        self.best: float | None = None
        self.waited, self.level = 0, 1.0
        super().__init__(optimizer, steps, warmup_share)

    def after(self) -> float:
        """The level reached so far."""
        return self.level

    def hear(self, goodness: float) -> None:
        """Count epochs without a better one, and lower the level when there were too many."""
        if self.best is None or goodness > self.best:
            self.best, self.waited = goodness, 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.level, self.waited = max(self.level * self.by, self.smallest), 0
            self._apply()

    def state_dict(self) -> dict[str, Any]:
        """With the best epoch's criterion and how long ago it was."""
        return {"step": self.step, "best": self.best, "waited": self.waited, "level": self.level}


@SCHEDULES.register("one_cycle")
class OneCycle(Schedule):
    """Up to the config's rate and down far below where it began, both along half cosines (Smith and Topin 2019).

    The rise takes ``warmup_share`` of all steps (0.3 is usual), from 1 / ``rise`` of the rate; the fall ends at
    1 / ``fall`` of where the rise began. The momentum is left as it is.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        steps: int,
        warmup_share: float,
        rise: float = 25.0,
        fall: float = 1e4,
    ) -> None:
        if rise <= 1 or fall < 1:
            raise ConfigError(f"one_cycle with rise {rise}, fall {fall}: expected a rise above 1, a fall of 1 or more")
        self.start, self.end = 1 / rise, 1 / rise / fall
        self.peak = max(steps * warmup_share - 1, 1e-9)
        super().__init__(optimizer, steps, warmup_share)

    def factor(self) -> float:
        """The multiple at the step that comes next, from the first one on."""
        if self.step <= self.peak:
            return _half_cosine(self.start, 1.0, self.step / self.peak)
        return _half_cosine(1.0, self.end, min(1.0, (self.step - self.peak) / max(self.steps - 1 - self.peak, 1e-9)))


def _half_cosine(first: float, last: float, progress: float) -> float:
    return last + (first - last) / 2 * (1 + math.cos(math.pi * progress))
