"""Films of stimuli: several clips side by side on one clock and one gray scale, so that they can be compared."""

from collections.abc import Sequence

import numpy as np

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.shapes import Floats, Frames

PAPER = 255  # gray level between the clips
MIDDLE = 127.5


def side_by_side(clips: Sequence[Floats], reach: float, times: int = 1, gap_px: int = 8) -> Frames:
    """Clips (time, height, width) of one shape beside one another: (time, height, width) in gray levels.

    ``reach`` is the value shown as white, its negative black, 0 the middle gray; each pixel becomes ``times`` by
    ``times``. Sides are made even, as video codecs ask.
    Raises ConfigError for no clip and for clips of several shapes.
    """
    if len({clip.shape for clip in clips}) != 1 or reach <= 0:
        raise ConfigError(f"clips of {[clip.shape for clip in clips]}, reach {reach}: expected one shape, and above 0")
    grown = [np.asarray(clip).repeat(times, 1).repeat(times, 2) for clip in clips]
    gray = [np.clip(np.rint(MIDDLE + MIDDLE * clip / reach), 0, 255).astype(np.uint8) for clip in grown]
    gap = np.full((*gray[0].shape[:2], gap_px), PAPER, np.uint8)
    joined = np.concatenate([part for clip in gray for part in (clip, gap)][:-1], axis=2)
    odd = (joined.shape[1] % 2, joined.shape[2] % 2)
    return np.pad(joined, ((0, 0), (0, odd[0]), (0, odd[1])), constant_values=PAPER)
