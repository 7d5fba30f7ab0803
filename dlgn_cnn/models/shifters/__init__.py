"""Shifters: one file each; a shifter moves every unit's position with the eye.

A shifter is built with ``info`` (the session's ``DataInfo``) and ``generator``, and called with pupil positions
(batch, axis, time), NaN where missing. It returns shifts (time, batch, 2) in the readout's coordinates, in which the
picture spans -1..1 (x, y); 0 where the pupil's position is missing. It has ``regularizer()``. One that is named by
import path may keep neuralpredictors' contract instead: ``dlgn_cnn.models.adapters`` says how.
"""

from dlgn_cnn.models.adapters import adapt_shifter
from dlgn_cnn.registry import Registry

SHIFTERS = Registry(
    "shifter", "dlgn_cnn.models.shifters", given=("info", "generator"), has=("regularizer",), adapt=adapt_shifter
)
