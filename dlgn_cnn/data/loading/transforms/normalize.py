"""Gray levels as standard deviations from the mean of the training tier."""

import torch

from dlgn_cnn.data.loading import buffers
from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo


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
        videos = buffers.empty(tuple(batch.videos.shape), torch.float32).copy_(batch.videos)
        # One pass over memory; subtracting and then dividing would be two, and is a third slower.
        torch.add(torch.tensor(offset), videos, alpha=factor, out=videos)
        return Batch(videos, batch.responses, batch.opto, batch.behavior, batch.pupil_center)
