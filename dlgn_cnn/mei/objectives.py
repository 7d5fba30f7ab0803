"""Objectives: what of a unit's response a stimulus is to maximise."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.values import whole
from dlgn_cnn.registry import Registry

OBJECTIVES = Registry("objective", "dlgn_cnn.mei")


class Objective(Protocol):
    """The light that each stimulus is shown under, and the number that its responses are worth."""

    def lights(self, suppressed: torch.Tensor) -> torch.Tensor:
        """Light of each showing, (showing, target) of 0 or 1, from each target's own condition (target,)."""
        ...

    def check_frames(self, frames: int) -> None:
        """Raise ConfigError where a response of ``frames`` frames is too short to be scored."""
        ...

    def __call__(self, rates: torch.Tensor) -> torch.Tensor:
        """The activation (target,) of rates (showing, target, time) in spikes a frame."""
        ...


@OBJECTIVES.register("mean_rate")
class MeanRate:
    """The unit's mean rate over the last ``window_frames`` frames, in spikes a frame, under the target's own light.

    The frames before the window are free, and excite through the unit's memory (Hoefling et al. 2024, for video).
    """

    def __init__(self, window_frames: int = 10) -> None:
        self.window_frames = whole("objective.window_frames", window_frames, 1)

    def lights(self, suppressed: torch.Tensor) -> torch.Tensor:
        """One showing, under each target's own condition: (1, target)."""
        return suppressed[None]

    def check_frames(self, frames: int) -> None:
        """Raise ConfigError where the response is shorter than the window."""
        if frames < self.window_frames:
            raise ConfigError(
                f"objective.window_frames is {self.window_frames}, but the model answers the stimulus with {frames} "
                "frames: lengthen the stimulus (frames) or shorten the window"
            )

    def __call__(self, rates: torch.Tensor) -> torch.Tensor:
        """Rates (1, target, time) to activation (target,)."""
        return rates[0, :, -self.window_frames :].mean(-1)
