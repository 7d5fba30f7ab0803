"""Recurrent units: one file each; they carry feature maps through time and let the light act on the way.

A recurrent unit is a module built with ``in_channels`` and called with features (time, batch, feature, height, width),
opto (time, batch) and the state that the last call returned, or None at the start of a clip; it returns (features,
state). It gives a frame for every frame, none of which sees a later one, so that a clip in pieces, the state passed on,
is the clip whole. What the state holds is the unit's own affair. With opto at 0 the parameters of the light do nothing.
It has ``out_channels`` and ``regularizer()``; it may have ``receptive_field(frames)``
(``dlgn_cnn.models.receptive_field``).
"""

from dlgn_cnn.registry import Registry

RECURRENTS = Registry(
    "recurrent unit", "dlgn_cnn.models.recurrent", given=("in_channels",), has=("out_channels", "regularizer")
)
