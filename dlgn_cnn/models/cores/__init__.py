"""Cores: one file each; a core turns a video into feature maps.

A core is a module built with ``in_shape`` (channel, height, width) and called with a video (batch, channel, time,
height, width). It returns features (time - frames_lost, batch, feature, height', width'), time first, aligned with the
last frames of the video; a feature sees no later frame. It has ``out_shape`` (feature, height', width'),
``frames_lost`` and ``regularizer()``.
It may have ``receptive_field(frames)``: see ``dlgn_cnn.models.receptive_field``.
"""

from dlgn_cnn.registry import Registry

CORES = Registry("core", "dlgn_cnn.models.cores", given=("in_shape",), has=("out_shape", "frames_lost", "regularizer"))
