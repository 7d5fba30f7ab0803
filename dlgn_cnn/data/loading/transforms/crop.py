"""Part of the picture."""

import dataclasses

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics, with_frame
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.values import whole


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
        self.data_info = with_frame(data_info, kept, lambda pixel, axis: pixel - (top, left)[axis])
        self._rows, self._columns = slice(top, height - bottom), slice(left, width - right)

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel, time, height kept, width kept)."""
        return dataclasses.replace(batch, videos=batch.videos[..., self._rows, self._columns].contiguous())
