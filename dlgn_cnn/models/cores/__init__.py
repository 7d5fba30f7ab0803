"""Cores: one file each; a core turns frames into feature maps.

A core is a module called with frames (frame, channel, height, width) that returns (frame, feature, height', width').
It has ``out_shape`` (feature, height', width'), ``frames_lost`` and ``regularizer()``.
"""

from dlgn_cnn.registry import Registry

CORES = Registry("core", "dlgn_cnn.models.cores")
