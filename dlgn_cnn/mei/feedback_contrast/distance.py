"""How far two stimuli are from each other: as clips, in space, in time, and in frequency."""

from dataclasses import dataclass

import numpy as np

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Floats


@dataclass(frozen=True)
class Distance:
    """Distances of two clips (time, height, width) about the mean gray, blind to their norms.

    ``clip`` is 1 less the cosine of all values: 0 for the same stimulus, 2 for its negative. The others compare what is
    never negative, and lie between 0, the same, and 1, nothing in common: ``spatial`` 1 less the cosine of the maps of
    root mean square over time, where the stimulus is and how large; ``temporal`` that of the courses of root mean
    square over space, when it is; ``spectral`` that of the amplitudes of the Fourier transform over time and space,
    which is blind to where and when and polarity, and tells orientation, spatial and temporal frequency apart.
    """

    clip: float
    spatial: float
    temporal: float
    spectral: float


def distance(one: Floats, other: Floats) -> Distance:
    """The distances of two clips of one shape. Raises ConfigError for two shapes, and for a clip that is all gray."""
    first, second = (np.asarray(clip, np.float64) for clip in (one, other))
    if first.shape != second.shape or first.ndim != 3:
        raise ConfigError(f"clips of shapes {first.shape} and {second.shape}: expected one (time, height, width)")
    if not first.any() or not second.any():
        raise ConfigError("one of two clips is mean gray throughout: its distance from another is not defined")
    pairs = zip(views(first), views(second), strict=True)
    return Distance(*(1 - _cosine(*pair) for pair in pairs))


def extent_px(stimulus: Floats) -> float:
    """Radius of a clip's energy in px: the root mean square distance of its squared values from their center."""
    energy = np.square(np.asarray(stimulus, np.float64)).sum(0)
    down, across = np.mgrid[: energy.shape[0], : energy.shape[1]]
    share = energy / energy.sum()
    y, x = (down * share).sum(), (across * share).sum()
    return float(np.sqrt((share * ((down - y) ** 2 + (across - x) ** 2)).sum()))


def views(clip: np.ndarray) -> tuple[np.ndarray, ...]:
    """What is compared of a clip (time, height, width), in the order of ``Distance``'s fields."""
    square = np.square(clip)
    return clip, np.sqrt(square.mean(0)), np.sqrt(square.mean((1, 2))), np.abs(np.fft.fftn(clip))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.vdot(one, other) / np.linalg.norm(one) / np.linalg.norm(other))
