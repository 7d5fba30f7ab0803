"""The picture at another size."""

import dataclasses
from collections.abc import Sequence

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.registry import nearest

METHODS = ("area", "bilinear")


@TRANSFORMS.register("scale")
class Scale:
    """Resizes every frame to ``size_px`` (height, width).

    ``method`` ``area`` averages the pixels that a new one covers, and does not alias when frames shrink; ``bilinear``
    interpolates between the nearest, for frames that grow. Field centers stay at the same place of the picture.
    ``video_mean`` and ``video_std`` stay those of the stored size. Raises ConfigError.
    """

    def __init__(
        self, data_info: DataInfo, statistics: TrainingStatistics, *, size_px: Sequence[int], method: str = "area"
    ) -> None:
        if method not in METHODS:
            raise ConfigError(f"scale.method {method!r}: {nearest(str(method), METHODS)}")
        size = tuple(size_px) if isinstance(size_px, list | tuple) else ()
        if len(size) != 2 or any(type(value) is not int or value < 1 for value in size):
            raise ConfigError(f"scale.size_px {size_px!r}: give [height, width] in whole pixels, 1 or more")
        channels, *before = data_info.frame_shape
        centers = tuple(
            (_follow(x, before[1], size[1]), _follow(y, before[0], size[0])) for x, y in data_info.field_centers
        )
        shape = (channels, size[0], size[1])
        self.data_info = dataclasses.replace(data_info, frame_shape=shape, field_centers=centers)
        self._size, self._method = size, method

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel, time, height, width) of the new size, float32."""
        frames = batch.videos.float().flatten(0, 1)
        scaled = torch.nn.functional.interpolate(frames, self._size, mode=self._method)
        return dataclasses.replace(batch, videos=scaled.unflatten(0, batch.videos.shape[:2]))


def _follow(center: float, before: int, after: int) -> float:
    """A coordinate in -1..1 between the outermost pixel centers, which lie elsewhere at another size."""
    position = ((center + 1) / 2 * (before - 1) + 0.5) * after / before - 0.5
    return min(1.0, max(-1.0, 2 * position / max(after - 1, 1) - 1))
