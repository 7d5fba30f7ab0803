"""How strongly units fire, and how light, running and arousal change it: drawn to published distributions.

Quantiles over the 122 units of Schmors et al. (iScience 2025; berenslab/dLGN_movie_spline_model, CC0).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from dlgn_cnn.shapes import Times

RATE_LOG_MEAN, RATE_LOG_SD = 2.25, 0.75
DRIVEN_SHARE_OF_RATE = (0.75, 1.15)
LEVELS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
OMI_QUANTILES = (-0.45, -0.193, -0.073, -0.009, 0.025, 0.080, 0.133)
RUNNING_QUANTILES = (-0.058, -0.030, 0.015, 0.064, 0.192, 0.370, 0.600)
PUPIL_QUANTILES = (-0.246, -0.092, -0.013, 0.073, 0.180, 0.457, 0.661)
RUNNING_PUPIL_CORRELATION = 0.8


@dataclass(frozen=True)
class Targets:
    """What each unit (unit,) should do over a session.

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
    """Draw a population. Running and pupil index correlate at .8 as published: mice dilate when they run.

    The longest tail of the published OMI, one unit at -.68, is cut at -.45. At least one unit is driven.
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
