"""Transforms of the video: gray levels, size, and more channels."""

import dataclasses
from collections.abc import Callable, Sequence

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.values import choice, whole

METHODS = ("area", "bilinear")


@TRANSFORMS.register("normalize")
class Normalize:
    """Subtracts ``video_mean`` from the video and divides by ``video_std``, within 1e-6 of exact.

    Raises ConfigError after ``channels``, which are not gray levels.
    """

    def __init__(self, data_info: DataInfo, statistics: TrainingStatistics) -> None:
        if data_info.frame_shape[0] != 1:
            raise ConfigError(
                f"normalize takes a video of one channel, not {data_info.frame_shape[0]}: list it before channels"
            )
        self.data_info = data_info
        self.gray_scaling = 1.0 / data_info.video_std, -data_info.video_mean / data_info.video_std

    def __call__(self, batch: Batch) -> Batch:
        """Normalized float32 video."""
        factor, offset = self.gray_scaling
        videos = batch.videos.to(torch.float32, copy=True)
        # One pass over memory; subtracting and then dividing would be two, and is a third slower.
        torch.add(torch.tensor(offset), videos, alpha=factor, out=videos)
        return dataclasses.replace(batch, videos=videos)


@TRANSFORMS.register("crop")
class Crop:
    """Cuts away pixels at the edges of every frame.

    Field centers follow; one that was cut away goes to the nearest pixel left.

    Parameters
    ----------
    data_info : DataInfo
        What is known of the session before.
    statistics : TrainingStatistics
        Not used.
    top, bottom, left, right : int, default 0
        Pixels to cut away at each edge.

    Raises
    ------
    ConfigError
        If a number is negative, or nothing would be left.
    """

    def __init__(
        self,
        data_info: DataInfo,
        statistics: TrainingStatistics,
        *,
        top: int = 0,
        bottom: int = 0,
        left: int = 0,
        right: int = 0,
    ) -> None:
        margins = {"top": top, "bottom": bottom, "left": left, "right": right}
        for name, value in margins.items():
            whole(f"crop.{name}", value)
        _, height, width = data_info.frame_shape
        kept = (height - top - bottom, width - left - right)
        if min(kept) < 1:
            raise ConfigError(f"crop {margins} leaves nothing of {height} x {width} pixels: take less away")
        self.data_info = _with_frame(data_info, kept, lambda pixel, axis: pixel - (top, left)[axis])
        self._rows, self._columns = slice(top, height - bottom), slice(left, width - right)

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel, time, height kept, width kept)."""
        return dataclasses.replace(batch, videos=batch.videos[..., self._rows, self._columns].contiguous())


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
        self.data_info = _with_frame(
            data_info, (size[0], size[1]), lambda pixel, axis: (pixel + 0.5) * size[axis] / before[axis] - 0.5
        )
        self._size, self._method = size, method

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel, time, height, width) of the new size, float32."""
        frames = batch.videos.float().flatten(0, 1)
        scaled = torch.nn.functional.interpolate(frames, self._size, mode=self._method)
        return dataclasses.replace(batch, videos=scaled.unflatten(0, batch.videos.shape[:2]))


@TRANSFORMS.register("channels")
class Channels:
    """Appends the light and behavior as channels that are the same at every pixel.

    ``opto`` and ``behavior`` of the batch stay.

    Parameters
    ----------
    data_info : DataInfo
        What is known of the session before.
    statistics : TrainingStatistics
        Mean and standard deviation of behavior in training.
    opto : bool, default False
        Whether to add one channel: the share of each frame that was lit.
    behavior : bool, default False
        Whether to add two channels, running and pupil size, standardized on the training tier; 0 where missing.

    Raises
    ------
    ConfigError
        If neither is chosen.
    """

    def __init__(
        self, data_info: DataInfo, statistics: TrainingStatistics, *, opto: bool = False, behavior: bool = False
    ) -> None:
        if not opto and not behavior:
            raise ConfigError("channels adds nothing: set opto or behavior to true, or leave it out")
        self.opto, self.behavior = opto, behavior
        channels, height, width = data_info.frame_shape
        added = opto + len(statistics.behavior_mean) * behavior
        self.data_info = dataclasses.replace(data_info, frame_shape=(channels + added, height, width))
        self._mean = torch.tensor(statistics.behavior_mean, dtype=torch.float32)[:, None]
        self._std = torch.tensor(statistics.behavior_std, dtype=torch.float32)[:, None]

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel + added, time, height, width), float32."""
        signals = []
        if self.opto:
            signals.append(batch.opto[:, None])
        if self.behavior:
            signals.append(torch.nan_to_num((batch.behavior - self._mean) / self._std, nan=0.0))
        size = batch.videos.shape[-2:]
        planes = [signal[..., None, None].expand(*signal.shape, *size) for signal in signals]
        return dataclasses.replace(batch, videos=torch.cat([batch.videos.float(), *planes], 1))


def _with_frame(info: DataInfo, size: tuple[int, int], moved: Callable[[float, int], float]) -> DataInfo:
    """What is known of a session once its frames have another size (height, width).

    ``moved`` gives the pixel to which one at a place along an axis (0 height, 1 width) has moved. Each field center
    goes there, or to the nearest pixel that is left.
    """

    def follow(center: float, axis: int) -> float:
        position = moved((center + 1) / 2 * (info.frame_shape[1 + axis] - 1), axis)
        return min(1.0, max(-1.0, 2 * position / max(size[axis] - 1, 1) - 1))

    centers = tuple((follow(x, 1), follow(y, 0)) for x, y in info.field_centers)
    return dataclasses.replace(info, frame_shape=(info.frame_shape[0], *size), field_centers=centers)
