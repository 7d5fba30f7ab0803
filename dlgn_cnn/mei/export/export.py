"""Stimuli for a screen: 8-bit gray levels at the rig's resolution, checked against what was synthesized."""

from dataclasses import dataclass

import numpy as np
import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Floats, Frames
from dlgn_cnn.values import choice

DARKEST, BRIGHTEST = 0.0, 255.0
MOST_OFF = 0.6
REFINEMENTS = 64
METHODS = ("nearest", "bilinear")
ROUNDING = 1e-3


def quantized(wanted: np.ndarray, gray_mean: float) -> Frames:
    """Round gray levels to the 256 of a screen with the same L2 norm about ``gray_mean``.

    The mean gray is seldom a whole level: rounding every value to the nearest moves all that is almost gray to one
    side, and the norm of a faint clip by a percent. So values nearest to half-way between two levels are rounded the
    other way, as few as it takes, none of them to more than 0.6 levels off. Where these do not suffice, the norm is as
    near as they bring it.

    Parameters
    ----------
    wanted : ndarray, shape (time, height, width)
        Gray levels from 0 to 255.
    gray_mean : float
        Mean gray about which the norm is kept.

    Returns
    -------
    ndarray of uint8, shape (time, height, width)
        Whole gray levels.

    Examples
    --------
    >>> quantized(np.array([[[99.5, 100.4]]]), 99.5)
    array([[[100, 100]]], dtype=uint8)
    """
    flat = np.asarray(wanted, np.float64).ravel()
    nearest = np.clip(np.rint(flat), DARKEST, BRIGHTEST)
    other = nearest + np.where(flat >= nearest, 1.0, -1.0)
    gains = np.square(other - gray_mean) - np.square(nearest - gray_mean)
    missing = float(np.square(flat - gray_mean).sum() - np.square(nearest - gray_mean).sum())
    usable = (np.abs(other - flat) <= MOST_OFF) & (other >= DARKEST) & (other <= BRIGHTEST)
    chosen = np.flatnonzero(usable)
    chosen = chosen[np.argsort(np.abs(other - flat)[chosen], kind="stable")]
    turned = chosen[_turned(gains[chosen], missing)]
    nearest[turned] = other[turned]
    return nearest.reshape(wanted.shape).astype(np.uint8)


def _turned(gains: np.ndarray, missing: float) -> np.ndarray:
    """Which of ``gains``, in order of preference, sum up to ``missing`` as nearly as may be: (gain,) of bool.

    From the first on those that lead there, as long as they do not lead beyond; then the one that brings it nearest,
    again and again.
    """
    useful = np.where(gains * missing > 0, np.abs(gains), 0.0)
    turned = (useful > 0) & (np.cumsum(useful) <= abs(missing))
    missing -= float(gains[turned].sum())
    for _ in range(REFINEMENTS):
        left = np.where(turned, np.inf, np.abs(missing - gains))
        if left.min(initial=np.inf) >= abs(missing):
            break
        turned[left.argmin()] = True
        missing -= float(gains[left.argmin()])
    return turned


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
        choice("upscaling", self.method, METHODS)
        if min(self.size_px) < 1 or not 0 <= self.tolerance < 1:
            raise ConfigError(
                f"a screen of {self.size_px[0]}x{self.size_px[1]} px, tolerance {self.tolerance}: expected pixels, and "
                "a share of the norm from 0 to below 1"
            )

    def times(self, shape: tuple[int, int]) -> int:
        """Number of pixels that one of ``shape`` (height, width) becomes along each axis. Raises ConfigError."""
        times = self.size_px[0] // shape[0]
        if times < 1 or (times * shape[0], times * shape[1]) != self.size_px:
            raise ConfigError(
                f"a screen of {self.size_px[0]}x{self.size_px[1]} px is not a whole multiple of the stimulus's "
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
        """Difference of the norm shown from the one asked for, as a share of it."""
        return abs(self.norm / self.norm_asked - 1)


def for_screen(stimulus: Floats, gray_mean: float, gray_std: float, screen: Screen) -> Shown:
    """Render a stimulus as the screen shows it.

    Rounding keeps the norm about the true mean gray (``quantized``), so that it is off by no more than what
    ``bilinear`` smooths away. No frame leaves 0 to 255 before rounding, and none is further than 0.6 levels from what
    was asked for afterwards.

    Parameters
    ----------
    stimulus : ndarray, shape (time, height, width)
        Stimulus in standard deviations from the mean gray.
    gray_mean, gray_std : float
        Mean and standard deviation of the training movies' gray level, 0 to 255.
    screen : Screen
        Size, method and tolerance.

    Returns
    -------
    Shown
        Frames in gray levels, and their norm.

    Raises
    ------
    ConfigError
        If a gray level is out of range, or the clip's norm is off by more than the tolerance.

    Examples
    --------
    >>> for_screen(np.array([[[-1.0, 1.0]]]), 100.0, 50.0, Screen((1, 2))).frames
    array([[[ 50, 150]]], dtype=uint8)
    """
    times = screen.times((stimulus.shape[1], stimulus.shape[2]))
    asked = np.asarray(stimulus, np.float64)
    wanted = gray_mean + gray_std * (asked if screen.method == "nearest" else upscaled(asked, times, screen.method))
    _check_range(wanted)
    levels = quantized(wanted, gray_mean)
    frames = upscaled(levels, times, "nearest") if screen.method == "nearest" else levels
    norm = float(np.linalg.norm((frames - gray_mean) / gray_std)) / times
    shown = Shown(frames, norm, float(np.linalg.norm(asked)), float(np.abs(levels - wanted).max()))
    if shown.departure > screen.tolerance:
        raise ConfigError(
            f"in 8 bits and {screen.method} at {times} times the size the norm is {norm:.4g}, not "
            f"{shown.norm_asked:.4g}: take nearest, a stimulus of more contrast, or a tolerance above "
            f"{shown.departure:.3f}"
        )
    return shown


def upscaled(stimulus: np.ndarray, times: int, method: str) -> np.ndarray:
    """Enlarge each pixel of a clip.

    Parameters
    ----------
    stimulus : ndarray, shape (time, height, width)
        The clip.
    times : int
        How many times as wide and as high a pixel becomes.
    method : str
        ``nearest`` repeats pixels, ``bilinear`` interpolates between them.

    Returns
    -------
    ndarray, shape (time, times * height, times * width)
        The larger clip.

    Examples
    --------
    >>> upscaled(np.array([[[1, 2]]]), 2, "nearest")
    array([[[1, 1, 2, 2],
            [1, 1, 2, 2]]])
    """
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
