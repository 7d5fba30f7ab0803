"""Light and behavior as channels of the video, for cores that take them with the picture."""

import dataclasses

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo


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
