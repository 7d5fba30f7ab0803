"""Recurrent units: one file each; they carry feature maps through time and let the light act on the way.

A recurrent unit is a module called with features (time, batch, feature, height, width), opto (time, batch) and the
state that the last call returned, or None; it returns (features, state). It has ``out_channels`` and ``regularizer()``.
"""

from dlgn_cnn.registry import Registry

RECURRENTS = Registry(
    "recurrent unit", "dlgn_cnn.models.recurrent", given=("in_channels",), has=("out_channels", "regularizer")
)
