"""Effect of the light on a simulated unit: the kernels, gain or additive drive that it changes.

Every effect follows the light through the unit's causal kernel, whose output is 0 without light and 1 in lasting light.
"""

from dataclasses import dataclass

import numpy as np

from dlgn_cnn.shapes import Frames, Times
from dlgn_cnn.simulation.config import SimulationConfig
from dlgn_cnn.simulation.kernels import Fields, TimeCourses, movie_drive

LARGEST_OMI = 0.9
SLOWER, TAIL_LOST = 0.25, 0.1  # no figure is published: on natural movies the two drives correlate at about .9
SURROUND_LOST = 0.5  # after Born et al. (Nature Communications 2021): without feedback surrounds are weaker


@dataclass(frozen=True)
class OptoChange:
    """Effect of the light on each unit: ``changed`` (unit,) whether it acts on it at all; without light the unit has
    the kernels ``spatial`` (unit, height, width) and ``temporal`` (unit, lag), of unit norm, in lasting light the
    ``suppressed`` ones, and takes ``gain`` (unit,) times the movie's drive. ``additive`` (unit,) says whether the light
    adds to it instead.
    """

    changed: np.ndarray
    additive: np.ndarray
    spatial: Times
    temporal: Times
    suppressed_spatial: Times
    suppressed_temporal: Times
    gain: Times

    def movie_drive(self, intact: Times, movies: Frames) -> Times:
        """The drive in lasting light (scene, unit, time), from that without light, ``intact``.

        Before the gain both have one s.d.: a kernel that the light changes alters what a unit sees, not how strongly.
        """
        suppressed = intact.copy()
        if self.changed.any() and not self.additive.any():
            spatial, temporal = self.suppressed_spatial[self.changed], self.suppressed_temporal[self.changed]
            suppressed[:, self.changed] = movie_drive(movies, spatial, temporal)
        return self.gain[:, None] * suppressed


def draw_change(
    config: SimulationConfig, fields: Fields, courses: TimeCourses, omi: Times, generator: np.random.Generator
) -> OptoChange:
    """Draw what the light changes in a session, and in which units.

    A gain is the ratio of rates with the light on and off that the unit's index stands for, so that gains spread as the
    published ratios do, to the power of ``opto_strength``. A slower temporal kernel takes 1.25 times as long and has
    nine tenths of the tail; a weaker surround has half its volume; both grow with ``opto_strength``.

    Parameters
    ----------
    config : SimulationConfig
        Where the light acts, how strongly, and on which share of the units.
    fields : Fields
        Receptive fields.
    courses : TimeCourses
        Time courses.
    omi : ndarray, shape (unit,)
        Modulation index that each unit is drawn to have.
    generator : Generator
        Source of randomness.

    Returns
    -------
    OptoChange
        What the light makes of each unit.
    """
    units, strength, effect = len(omi), config.opto_strength, config.opto_effect
    changed = np.ones(units, bool)
    if config.opto_share_of_units < 1:
        changed = generator.permutation(units) < round(config.opto_share_of_units * units)
    changed &= effect != "none"
    spatial, temporal, gain = fields.kernels(), courses.kernels(), np.ones(units)
    suppressed_spatial, suppressed_temporal = spatial, temporal
    if effect == "gain":
        gain = np.where(changed, ((1 + omi) / (1 - omi)) ** strength, 1.0)
    elif effect == "temporal":
        slower = courses.kernels(1 + SLOWER * strength, max(0.0, 1 - TAIL_LOST * strength))
        suppressed_temporal = np.where(changed[:, None], slower, temporal)
    elif effect == "surround":
        weaker = fields.kernels(max(0.0, 1 - SURROUND_LOST * strength))
        suppressed_spatial = np.where(changed[:, None, None], weaker, spatial)
    additive = changed & (effect == "additive")
    return OptoChange(changed, additive, spatial, temporal, suppressed_spatial, suppressed_temporal, gain)


def additive_omi(omi: Times, strength: float) -> Times:
    """The index (unit,) that an additive light of ``strength`` is to reach: the published one, times that, below 1."""
    return np.clip(strength * omi, -LARGEST_OMI, LARGEST_OMI)
