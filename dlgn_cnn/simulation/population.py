"""A population of in-silico dLGN units: what drives each, and how much of each it takes."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from dlgn_cnn.shapes import Times

RATE_LOG_MEAN, RATE_LOG_SD = 2.25, 0.75
DRIVEN_SHARE_OF_RATE = (0.75, 1.15)
LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
OMI_QUANTILES = (-0.45, -0.193, -0.073, -0.009, 0.025, 0.080, 0.133)
RUNNING_QUANTILES = (-0.058, -0.030, 0.015, 0.064, 0.192, 0.370, 0.600)
PUPIL_QUANTILES = (-0.246, -0.092, -0.013, 0.073, 0.180, 0.457, 0.661)
RUNNING_PUPIL_CORRELATION = 0.8
SOFTNESS_HZ = 1.0
STEPS = 40
LARGEST_GAIN = 4.0  # in mean rates: keeps a short session, which says little of a gain, from making it absurd
LARGEST_STEP = 0.5
CONVERGED = 1e-6
RUNNING_CM_S = 1.0
OPTO = 1  # the row of the light's equation, and of its gain


@dataclass(frozen=True)
class Targets:
    """Rates and modulation indices that each unit (unit,) is drawn to have over a session.

    ``mean_hz`` the mean rate; ``depth`` the s.d. of the movie's drive over that mean, 0 for a unit that the movie does
    not drive; the modulation indices (a - b) / (a + b) of mean rates: ``omi`` with the light on and off, ``running``
    while faster than 1 cm/s and while not, ``pupil`` above and below the session's median pupil size.
    """

    mean_hz: Times
    depth: Times
    omi: Times
    running: Times
    pupil: Times

    @property
    def driven(self) -> np.ndarray:
        """Whether the movie drives the unit at all (unit,)."""
        return self.depth > 0


def draw_targets(units: int, undriven_share: float, generator: np.random.Generator) -> Targets:
    """Draw what each unit of a population does over a session.

    Running and pupil index correlate at .8 as published: mice dilate when they run. The longest tail of the published
    OMI, one unit at -.68, is cut at -.45.

    Parameters
    ----------
    units : int
        Number of units.
    undriven_share : float
        Share of the units that the movie does not drive; at least one unit is driven.
    generator : Generator
        Source of randomness.

    Returns
    -------
    Targets
        Rates and modulation indices.

    References
    ----------
    Schmors et al. 2025, iScience.
    """
    common, own = generator.standard_normal((2, units))
    pupil = RUNNING_PUPIL_CORRELATION * common + np.sqrt(1 - RUNNING_PUPIL_CORRELATION**2) * own
    depth = generator.uniform(*DRIVEN_SHARE_OF_RATE, units)
    undriven = min(round(undriven_share * units), units - 1)
    depth[generator.permutation(units)[:undriven]] = 0.0
    return Targets(
        np.exp(RATE_LOG_MEAN + RATE_LOG_SD * generator.standard_normal(units)),
        depth,
        np.interp(generator.random(units), LEVELS, OMI_QUANTILES),
        np.interp(ndtr(common), LEVELS, RUNNING_QUANTILES),
        np.interp(ndtr(pupil), LEVELS, PUPIL_QUANTILES),
    )


@dataclass(frozen=True)
class Drives:
    """Inputs of the units, in the bins of all presentations laid end to end.

    ``movie`` (unit, bin) standardized linear response; ``opto`` (unit, bin) light through kernels of sum 1, 0 to 1;
    ``switch`` (bin,) share of the bin with the light on; ``running`` (bin,) in 10 cm/s; ``pupil`` (bin,) standardized.
    """

    movie: Times
    opto: Times
    switch: Times
    running: Times
    pupil: Times

    def features(self) -> list[Times]:
        """Factors of the gains after the movie's: 1 in silence, opto, running and pupil; (1 or unit, bin)."""
        one = np.ones((1, len(self.switch)))
        return [one, self.opto, self.running[None], self.pupil[None]]

    def groups(self) -> list[np.ndarray]:
        """The bins (bin,) of the first of the two states that each index compares: light on, running, pupil wide."""
        return [self.switch > 0.5, self.running * 10 > RUNNING_CM_S, self.pupil > np.median(self.pupil)]


@dataclass(frozen=True)
class Gains:
    """Gains of each unit for its drives, all in Hz inside the softplus.

    ``depth_hz`` (unit,) is that of the movie, ``feature_hz`` (unit, feature) those of ``Drives.features``.
    """

    depth_hz: Times
    feature_hz: Times

    def rate_hz(self, drives: Drives) -> Times:
        """Expected rate (unit, bin): softplus of the sum, so that light is additive in Hz until a unit falls silent."""
        return softplus(self.inside_hz(drives))

    def inside_hz(self, drives: Drives) -> Times:
        """The sum (unit, bin) inside the softplus."""
        total = self.depth_hz[:, None] * drives.movie
        for gain, feature in zip(self.feature_hz.T, drives.features(), strict=True):
            total = total + gain[:, None] * feature
        return total


def softplus(inside_hz: Times) -> Times:
    """log(1 + exp(x)) at a softness of 1 Hz, stable for large x."""
    return SOFTNESS_HZ * np.logaddexp(0.0, inside_hz / SOFTNESS_HZ)


def calibrate(targets: Targets, drives: Drives, additive: np.ndarray | None = None) -> Gains:
    """Find the gains with which each unit has its mean rate and its three indices over these bins.

    Newton's method for all units at once, four equations in four gains each; the movie's depth is given. A gain never
    exceeds ``LARGEST_GAIN`` mean rates, so a short session can miss an index; the truth always states what was used.

    Parameters
    ----------
    targets : Targets
        What each unit is meant to do.
    drives : Drives
        What the units receive.
    additive : ndarray of bool, shape (unit,), optional
        Whether the light adds to a unit's drive (default: to all). Where it does not, the OMI is not fitted.

    Returns
    -------
    Gains
        In Hz.
    """
    units = len(targets.mean_hz)
    alone = np.zeros(units, bool) if additive is None else ~additive
    gains = np.zeros((units, 4))
    gains[:, 0] = targets.mean_hz
    depth_hz = targets.depth * targets.mean_hz
    limit = targets.mean_hz[:, None]
    for _ in range(STEPS):
        residual, slope = _residuals(targets, drives, Gains(depth_hz, gains))
        residual[alone, OPTO] = 0.0
        slope[alone, OPTO], slope[alone, :, OPTO] = 0.0, 0.0
        step = np.einsum("uij,uj->ui", np.linalg.pinv(slope, rcond=1e-4), residual)
        gains = gains - np.clip(step, -LARGEST_STEP * limit, LARGEST_STEP * limit)
        gains = np.clip(gains, -LARGEST_GAIN * limit, LARGEST_GAIN * limit)
        if np.abs(step / limit).max() < CONVERGED:
            break
    return Gains(depth_hz, gains)


def _residuals(targets: Targets, drives: Drives, gains: Gains) -> tuple[Times, Times]:
    """Residual of each unit (unit, equation), and its slope (unit, equation, gain).

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
