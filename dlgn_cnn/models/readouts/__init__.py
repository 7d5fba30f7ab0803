"""Readouts: one file each; a readout reads each unit's drive from feature maps.

A readout is a module called with features (time, batch, feature, height, width) that returns (time, batch, unit); it
has ``regularizer()``.
"""

from dlgn_cnn.registry import Registry

READOUTS = Registry("readout", "dlgn_cnn.models.readouts")
