"""Readouts: one file each; a readout reads each unit's drive from feature maps.

A readout is a module built with ``in_shape`` (feature, height, width), ``units`` (their number), ``centers`` (unit, 2),
``bias`` (unit,) and ``generator``. It is called with features (time, batch, feature, height, width), ``shift`` (time,
batch, 2), by which every unit's position moves, or None, and ``opto`` (time, batch); it returns drive (time, batch,
unit). It has ``regularizer()``. One that is named by import path may keep neuralpredictors' contract instead:
``dlgn_cnn.models.adapters`` says how.
One of which each unit looks at one place may have ``places_px`` and ``read_each``, as ``gaussian`` has them.
"""

from dlgn_cnn.models.adapters import adapt_readout
from dlgn_cnn.registry import Registry

READOUTS = Registry(
    "readout",
    "dlgn_cnn.models.readouts",
    given=("in_shape", "units", "centers", "bias", "generator"),
    has=("regularizer",),
    adapt=adapt_readout,
)
