"""Light and behavior as channels of the video, for cores that take them with the picture."""

import dataclasses

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo


@TRANSFORMS.register("channels")
class Channels:
    """Appends channels that are the same at every pixel: ``light`` (one, share lit) and ``behavior`` (two).

    Behavior is running and pupil size, standardized on the training tier; where it is missing, the channel is 0, its
    mean. ``opto`` and ``behavior`` of the batch stay. Raises ConfigError where neither is asked for.
    """

    def __init__(
        self, data_info: DataInfo, statistics: TrainingStatistics, *, light: bool = False, behavior: bool = False
    ) -> None:
        for name, value in (("light", light), ("behavior", behavior)):
            if not isinstance(value, bool):
                raise ConfigError(f"channels.{name} {value!r}: give true or false")
        if not light and not behavior:
            raise ConfigError("channels adds nothing: set light or behavior to true, or leave it out")
        self.light, self.behavior = light, behavior
        channels, height, width = data_info.frame_shape
        added = light + len(statistics.behavior_mean) * behavior
        self.data_info = dataclasses.replace(data_info, frame_shape=(channels + added, height, width))
        self._mean = torch.tensor(statistics.behavior_mean, dtype=torch.float32)[:, None]
        self._std = torch.tensor(statistics.behavior_std, dtype=torch.float32)[:, None]

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel + added, time, height, width), float32."""
        signals = []
        if self.light:
            signals.append(batch.opto[:, None])
        if self.behavior:
            signals.append(torch.nan_to_num((batch.behavior - self._mean) / self._std, nan=0.0))
        size = batch.videos.shape[-2:]
        planes = [signal[..., None, None].expand(*signal.shape, *size) for signal in signals]
        return dataclasses.replace(batch, videos=torch.cat([batch.videos.float(), *planes], 1))
