"""The picture at another size."""

import dataclasses
from collections.abc import Sequence

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics, with_frame
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.values import choice

METHODS = ("area", "bilinear")


@TRANSFORMS.register("scale")
class Scale:
    """Resizes every frame.

    Field centers stay at the same place of the picture; ``video_mean`` and ``video_std`` stay those of the stored size.

    Parameters
    ----------
    data_info : DataInfo
        What is known of the session before.
    statistics : TrainingStatistics
        Not used.
    size_px : sequence of int
        New height and width in pixels.
    method : {"area", "bilinear"}, default "area"
        ``area`` averages the pixels that a new one covers, and does not alias when frames shrink; ``bilinear``
        interpolates between the nearest, for frames that grow.

    Raises
    ------
    ConfigError
        If the method is unknown, or the size is not two whole numbers above 0.
    """

    def __init__(
        self, data_info: DataInfo, statistics: TrainingStatistics, *, size_px: Sequence[int], method: str = "area"
    ) -> None:
        choice("scale.method", method, METHODS)
        size = tuple(size_px) if isinstance(size_px, list | tuple) else ()
        if len(size) != 2 or any(type(value) is not int or value < 1 for value in size):
            raise ConfigError(f"scale.size_px {size_px!r}: give [height, width] in whole pixels, 1 or more")
        _, *before = data_info.frame_shape
        # Between the outermost pixels' centers, which lie elsewhere at another size.
        self.data_info = with_frame(
            data_info, (size[0], size[1]), lambda pixel, axis: (pixel + 0.5) * size[axis] / before[axis] - 0.5
        )
        self._size, self._method = size, method

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel, time, height, width) of the new size, float32."""
        frames = batch.videos.float().flatten(0, 1)
        scaled = torch.nn.functional.interpolate(frames, self._size, mode=self._method)
        return dataclasses.replace(batch, videos=scaled.unflatten(0, batch.videos.shape[:2]))
