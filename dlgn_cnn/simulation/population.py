"""A population of in-silico dLGN units: what drives each, and how much of each it takes."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from dlgn_cnn.shapes import Times
from dlgn_cnn.simulation.targets import Targets

SOFTNESS_HZ = 1.0
STEPS = 40
LARGEST_GAIN = 4.0  # in mean rates: keeps a short session, which says little of a gain, from making it absurd
LARGEST_STEP = 0.5
CONVERGED = 1e-6
RUNNING_CM_S = 1.0
OPTO = 1  # the row of the light's equation, and of its gain


@dataclass(frozen=True)
class Drives:
    """What the units receive, in bins of all presentations on end.

    ``movie`` (unit, bin) standardized linear response; ``light`` (unit, bin) light through kernels of sum 1, 0 to 1;
    ``lit`` (bin,) share of the bin with the light on; ``running`` (bin,) in 10 cm/s; ``pupil`` (bin,) standardized.
    """

    movie: Times
    light: Times
    lit: Times
    running: Times
    pupil: Times

    def features(self) -> list[Times]:
        """What each coefficient multiplies, in the order of ``Gains``' rows after the movie's; (1 or unit, bin)."""
        one = np.ones((1, len(self.lit)))
        return [one, self.light, self.running[None], self.pupil[None]]

    def groups(self) -> list[np.ndarray]:
        """The bins (bin,) of the first of the two states that each index compares: lit, running, pupil wide."""
        return [self.lit > 0.5, self.running * 10 > RUNNING_CM_S, self.pupil > np.median(self.pupil)]


@dataclass(frozen=True)
class Gains:
    """What each unit (unit,) takes of its drives, all in Hz inside the softplus."""

    spontaneous_hz: Times
    depth_hz: Times
    opto_hz: Times
    running_hz: Times
    pupil_hz: Times

    def rate_hz(self, drives: Drives) -> Times:
        """Expected rate (unit, bin): softplus of the sum, so that light is additive in Hz until a unit falls silent."""
        return softplus(self.inside_hz(drives))

    def inside_hz(self, drives: Drives) -> Times:
        """The sum (unit, bin) inside the softplus."""
        rows = (self.spontaneous_hz, self.opto_hz, self.running_hz, self.pupil_hz)
        total = self.depth_hz[:, None] * drives.movie
        for gain, feature in zip(rows, drives.features(), strict=True):
            total = total + gain[:, None] * feature
        return total


def softplus(inside_hz: Times) -> Times:
    """log(1 + exp(x)) at a softness of 1 Hz, stable for large x."""
    return SOFTNESS_HZ * np.logaddexp(0.0, inside_hz / SOFTNESS_HZ)


def calibrate(targets: Targets, drives: Drives, additive: np.ndarray | None = None) -> Gains:
    """The gains with which each unit has its mean rate and its three indices over these bins.

    Newton's method for all units at once, four equations in four gains each; the movie's depth is given. A gain never
    exceeds ``LARGEST_GAIN`` mean rates, so a short session can miss an index; the truth always states what was used.
    To a unit that is not ``additive`` (unit,; all are by default) the light adds nothing: its OMI is what it is.
    """
    units = len(targets.mean_hz)
    alone = np.zeros(units, bool) if additive is None else ~additive
    gains = np.zeros((units, 4))
    gains[:, 0] = targets.mean_hz
    depth_hz = targets.depth * targets.mean_hz
    limit = targets.mean_hz[:, None]
    for _ in range(STEPS):
        found = Gains(gains[:, 0], depth_hz, gains[:, 1], gains[:, 2], gains[:, 3])
        residual, slope = _residuals(targets, drives, found)
        residual[alone, OPTO] = 0.0
        slope[alone, OPTO], slope[alone, :, OPTO] = 0.0, 0.0
        step = np.einsum("uij,uj->ui", np.linalg.pinv(slope, rcond=1e-4), residual)
        gains = gains - np.clip(step, -LARGEST_STEP * limit, LARGEST_STEP * limit)
        gains = np.clip(gains, -LARGEST_GAIN * limit, LARGEST_GAIN * limit)
        if np.abs(step / limit).max() < CONVERGED:
            break
    return Gains(gains[:, 0], depth_hz, gains[:, 1], gains[:, 2], gains[:, 3])


def _residuals(targets: Targets, drives: Drives, gains: Gains) -> tuple[Times, Times]:
    """How far each unit is off: residual (unit, equation), and its slope (unit, equation, gain).

    An index A asks that (1 - A) times the mean rate in its first state equal (1 + A) times that in its second.
    """
    inside = gains.inside_hz(drives)
    rate, steep = softplus(inside), expit(inside / SOFTNESS_HZ)
    terms = [rate, *(steep * feature for feature in drives.features())]
    rows = [[term.mean(axis=1) for term in terms]]
    for group, index in zip(drives.groups(), (targets.omi, targets.running, targets.pupil), strict=True):
        first, second = group / group.sum(), ~group / (~group).sum()
        rows.append([(1 - index) * (term @ first) - (1 + index) * (term @ second) for term in terms])
    table = np.array(rows)
    table[0, 0] -= targets.mean_hz
    return table[:, 0].T, table[:, 1:].transpose(2, 0, 1)


def modulation_index(rate_hz: Times, group: np.ndarray) -> Times:
    """(a - b) / (a + b) of a unit's mean rates (unit,) in the bins of ``group`` and in all others."""
    first, second = rate_hz[:, group].mean(axis=1), rate_hz[:, ~group].mean(axis=1)
    return (first - second) / (first + second)
