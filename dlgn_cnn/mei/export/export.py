"""Stimuli for a screen: 8-bit gray levels at the rig's resolution, checked against what was synthesized."""

from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.export.quantize import BRIGHTEST, DARKEST, MOST_OFF, quantized
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Floats, Frames

METHODS = ("nearest", "bilinear")
ROUNDING = 1e-3


@dataclass(frozen=True)
class Screen:
    """The rig's picture: ``size_px`` (height, width), how pixels are made more, and what the norm may be off.

    The size is a whole multiple of the stimulus's, one and the same along both axes; ``nearest`` repeats pixels, and
    ``bilinear`` interpolates, which lowers the contrast of fine detail. ``tolerance`` is a share of the norm. Raises
    ConfigError.
    """

    size_px: tuple[int, int]
    method: str = "nearest"
    tolerance: float = 0.01

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigError(f"upscaling {self.method!r}: {nearest(self.method, METHODS)}")
        if min(self.size_px) < 1 or not 0 <= self.tolerance < 1:
            raise ConfigError(
                f"a screen of {self.size_px[0]}x{self.size_px[1]} px, tolerance {self.tolerance}: expected pixels, and "
                "a share of the norm from 0 to below 1"
            )

    def times(self, shape: tuple[int, int]) -> int:
        """How many pixels one of ``shape`` (height, width) becomes along each axis. Raises ConfigError."""
        times = self.size_px[0] // shape[0]
        if times < 1 or (times * shape[0], times * shape[1]) != self.size_px:
            raise ConfigError(
                f"a screen of {self.size_px[0]}x{self.size_px[1]} px is no whole multiple of the stimulus's "
                f"{shape[0]}x{shape[1]}: take {max(times, 1) * shape[0]}x{max(times, 1) * shape[1]}"
            )
        return times


@dataclass(frozen=True)
class Shown:
    """A stimulus as it goes to the rig: ``frames`` (time, height, width) in gray levels, and its norm as quantized.

    ``norm`` is over the stimulus's own pixels and in its own unit, as the constraint is: the screen's over the number
    of pixels that one became. ``levels_off`` is the largest departure of a value from what was asked for.
    """

    frames: Frames
    norm: float
    norm_asked: float
    levels_off: float

    @property
    def departure(self) -> float:
        """How far the norm shown is from the one asked for, as a share of it."""
        return abs(self.norm / self.norm_asked - 1)


def for_screen(stimulus: Floats, gray_mean: float, gray_std: float, screen: Screen) -> Shown:
    """A stimulus (time, height, width) in standard deviations from the mean gray, as the screen shows it.

    Rounding keeps the norm about the true mean gray (``quantized``), so that it is off by no more than what
    ``bilinear`` smooths away. Every frame is checked: none leaves 0..255 before it is rounded, and none is further than
    0.6 levels from what was asked for after; the clip's norm is within the tolerance. Raises ConfigError.
    """
    times = screen.times((stimulus.shape[1], stimulus.shape[2]))
    asked = np.asarray(stimulus, np.float64)
    wanted = gray_mean + gray_std * (asked if screen.method == "nearest" else upscaled(asked, times, screen.method))
    _check_range(wanted)
    levels = quantized(wanted, gray_mean)
    off = np.abs(levels - wanted).max((1, 2))
    if (off > MOST_OFF + ROUNDING).any():
        raise ConfigError(f"frame {int(off.argmax())} is {off.max():.3f} gray levels off after rounding")
    frames = upscaled(levels, times, "nearest") if screen.method == "nearest" else levels
    norm = float(np.linalg.norm((frames - gray_mean) / gray_std)) / times
    shown = Shown(frames, norm, float(np.linalg.norm(asked)), float(off.max()))
    if shown.departure > screen.tolerance:
        raise ConfigError(
            f"in 8 bits and {screen.method} at {times} times the size the norm is {norm:.4g}, not "
            f"{shown.norm_asked:.4g}: take nearest, a stimulus of more contrast, or a tolerance above "
            f"{shown.departure:.3f}"
        )
    return shown


def upscaled(stimulus: np.ndarray, times: int, method: str) -> np.ndarray:
    """A clip (time, height, width) with each pixel ``times`` times as wide and high."""
    if method == "nearest":
        return stimulus.repeat(times, 1).repeat(times, 2)
    clip = torch.from_numpy(stimulus)[:, None]
    grown = torch.nn.functional.interpolate(clip, scale_factor=times, mode="bilinear")
    return np.asarray(grown[:, 0].numpy())


def _check_range(wanted: np.ndarray) -> None:
    low, high = wanted.min((1, 2)), wanted.max((1, 2))
    outside = np.maximum(DARKEST - low, high - BRIGHTEST)
    if (outside > ROUNDING).any():
        frame = int(outside.argmax())
        raise ConfigError(
            f"frame {frame} asks for gray levels {low[frame]:.2f} to {high[frame]:.2f}, a screen has 0 to 255: "
            "synthesize within the screen's range"
        )
