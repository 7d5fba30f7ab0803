"""Part of the picture."""

import dataclasses

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo


@TRANSFORMS.register("crop")
class Crop:
    """Takes ``top``, ``bottom``, ``left`` and ``right`` pixels away.

    Field centers follow; one that was cropped away goes to the nearest pixel left. Raises ConfigError where a number
    is negative or nothing would be left.
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
            if type(value) is not int or value < 0:
                raise ConfigError(f"crop.{name} {value!r}: give whole pixels, 0 or more")
        channels, height, width = data_info.frame_shape
        kept = (height - top - bottom, width - left - right)
        if min(kept) < 1:
            raise ConfigError(f"crop {margins} leaves nothing of {height} x {width} pixels: take less away")
        centers = tuple(
            (_follow(x, width, left, kept[1]), _follow(y, height, top, kept[0])) for x, y in data_info.field_centers
        )
        self.data_info = dataclasses.replace(data_info, frame_shape=(channels, *kept), field_centers=centers)
        self._rows, self._columns = slice(top, height - bottom), slice(left, width - right)

    def __call__(self, batch: Batch) -> Batch:
        """Video (batch, channel, time, height kept, width kept)."""
        return dataclasses.replace(batch, videos=batch.videos[..., self._rows, self._columns].contiguous())


def _follow(center: float, pixels: int, first: int, kept: int) -> float:
    """A coordinate in -1..1 over ``pixels`` as one over the ``kept`` from ``first`` on."""
    position = (center + 1) / 2 * (pixels - 1) - first
    return min(1.0, max(-1.0, 2 * position / max(kept - 1, 1) - 1))
