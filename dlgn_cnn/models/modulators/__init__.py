"""Modulators: one file each; a modulator changes each unit's drive with running, pupil and light.

A modulator is built with ``units`` (their number), ``info`` (the session's ``DataInfo``) and ``generator``, and called
with drive (time, batch, unit) and the ``Signals`` of the same windows; it returns the changed drive. It has
``regularizer()``. It acts before the output nonlinearity, and leaves the drive as it is where its signal is missing.
It may have ``unitwise = True``: no unit's drive then depends on another's, and an MEI computes its own unit's alone.
"""

from dataclasses import dataclass

from dlgn_cnn.registry import Registry
from dlgn_cnn.shapes import Behavior, Opto, Pupil

MODULATORS = Registry(
    "modulator", "dlgn_cnn.models.modulators", given=("units", "info", "generator"), has=("regularizer",)
)


@dataclass(frozen=True)
class Signals:
    """Signals that go with a video, over all of its frames: a drive that is shorter covers the last of them.

    ``opto`` (batch, time); ``behavior`` (batch, feature, time) and ``pupil_center`` (batch, axis, time), NaN where
    missing, None where the session has none.
    """

    opto: Opto
    behavior: Behavior | None = None
    pupil_center: Pupil | None = None
