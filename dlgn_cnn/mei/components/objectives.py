"""Objectives: measures of a unit's response that a stimulus maximizes."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry
from dlgn_cnn.values import whole

OBJECTIVES = Registry("objective", "dlgn_cnn.mei.components")


class Objective(Protocol):
    """The opto of each presentation of a stimulus, and the activation of the responses."""

    def opto_of(self, suppressed: torch.Tensor) -> torch.Tensor:
        """Opto of each presentation, (presentation, target) of 0 or 1, from each target's own condition (target,)."""

    def check_frames(self, frames: int) -> None:
        """Raise ConfigError if a response of ``frames`` frames is too short to be scored."""

    def __call__(self, rates: torch.Tensor) -> torch.Tensor:
        """The activation (target,) of rates (presentation, target, time) in spikes a frame."""


class OverWindow:
    """Response of a unit over the last ``window_frames`` frames: base of the registered objectives.

    The frames before the window are free, and excite through the unit's memory (Hoefling et al. 2024, for video).
    """

    def __init__(self, window_frames: int = 10) -> None:
        self.window_frames = whole("objective.window_frames", window_frames, 1)

    def opto_of(self, suppressed: torch.Tensor) -> torch.Tensor:
        """One presentation, under each target's own condition: (1, target)."""
        return suppressed[None]

    def check_frames(self, frames: int) -> None:
        """Raise ConfigError if the response is shorter than the window."""
        if frames < self.window_frames:
            raise ConfigError(
                f"objective.window_frames is {self.window_frames}, but the response of the model has "
                f"{frames} frames: lengthen the stimulus (frames) or shorten the window"
            )

    def mean(self, rates: torch.Tensor) -> torch.Tensor:
        """Rates (presentation, target, time) to their means over the window (presentation, target)."""
        return rates[..., -self.window_frames :].mean(-1)


@OBJECTIVES.register("mean_rate")
class MeanRate(OverWindow):
    """The unit's mean rate over the last frames, in spikes a frame, in the target's own condition.

    The mean is over the last ``window_frames`` frames. The frames before are free, and excite through the unit's memory
    (Hoefling et al. 2024, for video).
    """

    def __call__(self, rates: torch.Tensor) -> torch.Tensor:
        """Rates (1, target, time) to activation (target,)."""
        return self.mean(rates)[0]


@OBJECTIVES.register("least_rate")
class LeastRate(OverWindow):
    """The unit's mean rate over the last frames, negative, in the target's own condition: what inhibits it most.

    The mean is over the last ``window_frames`` frames. A unit that is silent already has almost no gradient left.
    """

    def __call__(self, rates: torch.Tensor) -> torch.Tensor:
        """Rates (1, target, time) to activation (target,), at most 0."""
        return -self.mean(rates)[0]


@OBJECTIVES.register("opto_difference")
class OptoDifference(OverWindow):
    """The unit's mean rate in the target's own condition less that to the same stimulus in the other.

    For an intact target it is what feedback adds most to, for a suppressed one what feedback takes most from: each
    stimulus is shown in both conditions at every step, and the mean is over the last ``window_frames`` frames, in
    spikes a frame. The idea is the contrastive stimulus of two models (as in the code of Walker et al. 2019 and
    its successors), here of one model in two conditions.
    """

    def opto_of(self, suppressed: torch.Tensor) -> torch.Tensor:
        """Two presentations, (2, target): the target's own condition and the other."""
        return torch.stack([suppressed, 1 - suppressed])

    def __call__(self, rates: torch.Tensor) -> torch.Tensor:
        """Rates (2, target, time) to activation (target,)."""
        own, other = self.mean(rates)
        return own - other
