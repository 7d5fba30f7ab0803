"""Rounding to the 256 gray levels of a screen that leaves a clip's contrast as it is."""

import numpy as np

from dlgn_cnn.shapes import Frames

DARKEST, BRIGHTEST = 0.0, 255.0
MOST_OFF = 0.6
REFINEMENTS = 64


def quantized(wanted: np.ndarray, gray_mean: float) -> Frames:
    """Gray levels (time, height, width) as whole ones of 8 bits, with the same L2 norm about ``gray_mean``.

    The mean gray is no whole level: rounding every value to the nearest moves all that is almost gray to one side, and
    the norm of a faint clip by a per cent. So values that lie nearest half-way between two levels are rounded the other
    way, as few as it takes, none of them to more than 0.6 levels off. Where these do not suffice, the norm is as near
    as they bring it.
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
    again and again; last the pair that does.
    """
    useful = np.where(gains * missing > 0, np.abs(gains), 0.0)
    turned = (useful > 0) & (np.cumsum(useful) <= abs(missing))
    missing -= float(gains[turned].sum())
    order = np.argsort(gains, kind="stable")
    order = order[~turned[order]]
    for _ in range(REFINEMENTS):
        if not len(order):
            break
        place = _nearest(gains[order], np.array([missing]))[0]
        if abs(missing - gains[order[place]]) >= abs(missing):
            break
        turned[order[place]] = True
        missing -= float(gains[order[place]])
        order = np.delete(order, place)
    if len(order) > 1:
        partner = _nearest(gains[order], missing - gains[order])
        left = np.abs(missing - gains[order] - gains[order[partner]])
        left[partner == np.arange(len(order))] = np.inf
        if left.min() < abs(missing):
            turned[order[[left.argmin(), partner[left.argmin()]]]] = True
    return turned


def _nearest(ascending: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The place of the value nearest to each wanted one."""
    after = np.searchsorted(ascending, wanted).clip(1, max(1, len(ascending) - 1)).clip(max=len(ascending) - 1)
    before = (after - 1).clip(0)
    return np.where(np.abs(ascending[before] - wanted) <= np.abs(ascending[after] - wanted), before, after)
