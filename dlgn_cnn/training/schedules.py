"""Schedules of the learning rate: functions that build one of torch's schedulers, stepped after every optimizer step.

The rate rises linearly over the first ``warmup_share`` of all steps. What comes after is a multiple of the config's
rate that depends on the step alone (``LambdaLR``). torch's ``CosineAnnealingLR`` after a ``LinearLR`` computes each
rate from the one before: other bits, and rounding that adds up over the steps.
"""

import math
from collections.abc import Callable

import torch
from torch.optim.lr_scheduler import LambdaLR

from dlgn_cnn.registry import Registry

SCHEDULES = Registry("schedule", "dlgn_cnn.training", given=("optimizer", "steps", "warmup_share"))


@SCHEDULES.register("cosine")
def cosine(optimizer: torch.optim.Optimizer, steps: int, warmup_share: float) -> LambdaLR:
    """Decrease the rate to zero along a half cosine (Loshchilov and Hutter 2017).

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are those that the warm-up ends at.
    steps : int
        Number of optimizer steps that there may be.
    warmup_share : float
        Share of the steps that the warm-up takes, 0 to 1.

    Returns
    -------
    LambdaLR
        Call its ``step`` after every step of the optimizer.
    """
    return warmed_up(optimizer, steps, warmup_share, lambda progress: 0.5 * (1 + math.cos(math.pi * progress)))


@SCHEDULES.register("constant")
def constant(optimizer: torch.optim.Optimizer, steps: int, warmup_share: float) -> LambdaLR:
    """Keep the rate of the config throughout.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are those that the warm-up ends at.
    steps : int
        Number of optimizer steps that there may be.
    warmup_share : float
        Share of the steps that the warm-up takes, 0 to 1.

    Returns
    -------
    LambdaLR
        Call its ``step`` after every step of the optimizer.
    """
    return warmed_up(optimizer, steps, warmup_share, lambda progress: 1.0)


def warmed_up(
    optimizer: torch.optim.Optimizer, steps: int, warmup_share: float, after: Callable[[float], float]
) -> LambdaLR:
    """A linear warm-up, then the rate that a function of the progress gives.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rates are those that the warm-up ends at.
    steps : int
        Number of optimizer steps that there may be.
    warmup_share : float
        Share of the steps that the warm-up takes, 0 to 1.
    after : callable
        Multiple of the rate, from the progress: 0 at the end of the warm-up, 1 at the last step.

    Returns
    -------
    LambdaLR
        Call its ``step`` after every step of the optimizer.
    """
    warmup = max(1, round(steps * warmup_share))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return after(min(1.0, (step - warmup) / max(1, steps - warmup)))

    return LambdaLR(optimizer, factor)
