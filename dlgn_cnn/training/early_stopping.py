"""Early stopping: which epoch is the best so far, and whether it is time to stop."""

import math
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest

CRITERIA = ("correlation", "loss")


@dataclass
class EarlyStopping:
    """Tracks the best epoch of the validation tier; ``patience`` epochs without a better one end a fit.

    ``goodness`` of an epoch is its correlation, or its negative loss: larger is better (Prechelt 1998).
    """

    patience: int
    best: float = -math.inf
    best_epoch: int = -1

    def hear(self, epoch: int, goodness: float) -> bool:
        """Whether ``epoch`` is the best so far."""
        better = goodness > self.best
        if better:
            self.best, self.best_epoch = goodness, epoch
        return better

    def exhausted(self, epochs: int) -> bool:
        """Whether to stop after so many epochs."""
        return epochs > 0 and epochs - 1 - self.best_epoch >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """What ``load_state_dict`` needs; JSON can carry it."""
        return {"best": None if self.best == -math.inf else self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best = -math.inf if state["best"] is None else state["best"]
        self.best_epoch = state["best_epoch"]


def check_criterion(criterion: object) -> None:
    """Raise ConfigError for a criterion that there is not."""
    if criterion not in CRITERIA:
        raise ConfigError(f"criterion {criterion!r}: {nearest(str(criterion), CRITERIA)}")
