"""Constraints: which stimuli are allowed. Every stimulus the model sees during a synthesis has been projected."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.projection import project
from dlgn_cnn.mei.values import number
from dlgn_cnn.registry import Registry

CONSTRAINTS = Registry("constraint", "dlgn_cnn.mei")


class Constraint(Protocol):
    """A set of allowed stimuli, given as the map from any stimulus to the nearest allowed one."""

    def project(self, proposals: torch.Tensor) -> torch.Tensor:
        """The nearest allowed stimulus of each proposal, (stimulus, time, height, width)."""
        ...


@CONSTRAINTS.register("rms_contrast")
class RmsContrast:
    """A fixed root-mean-square contrast within a pixel range, both exact at once.

    ``contrast`` is the root mean square of the whole clip about the mean grey, in standard deviations of the training
    movies' grey level (so that 1 is the contrast of the average movie over its whole frame); the clip's L2 norm is
    ``contrast`` times the root of its number of pixels and frames. A receptive field fills a few hundredths of a clip:
    0.15 over all of it is about a movie's contrast within the field, and near what Hoefling et al. (2024) allow (0.18);
    with 1, the field is all black and white. ``low`` and ``high`` bound every pixel, in the same normalised grey
    level, of which 0 is the mean grey. Raises ConfigError for a range without the mean grey, and for a contrast that no
    clip in the range has.
    """

    def __init__(self, low: float, high: float, contrast: float = 0.15) -> None:
        self.low = number("constraint.low", low, high=0)
        self.high = number("constraint.high", high, low=0)
        largest = max(-self.low, self.high)
        self.contrast = number("constraint.contrast", contrast, 0, above=True)
        if self.contrast > largest:
            raise ConfigError(
                f"constraint.contrast is {contrast}, but a clip within [{low}, {high}] has a contrast of at most "
                f"{largest:g}: lower the contrast or widen the range"
            )

    def project(self, proposals: torch.Tensor) -> torch.Tensor:
        """The nearest clip of this contrast in this range to each of (stimulus, time, height, width)."""
        norm = self.contrast * proposals[0].numel() ** 0.5
        return project(proposals, norm, self.low, self.high)
