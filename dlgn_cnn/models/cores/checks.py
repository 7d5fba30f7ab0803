"""Checks that all cores share."""

from collections.abc import Mapping, Sequence

import torch

from dlgn_cnn.errors import ConfigError, ModelError


def check_layers(lists: Mapping[str, Sequence[int]]) -> None:
    """Raise ConfigError unless each named list holds one whole number above 0 a layer and all kernels in space are odd.

    An even kernel has no pixel at its center: its maps would lie half a pixel beside the frame.
    """
    for name, values in lists.items():
        if not isinstance(values, (list, tuple)) or not values or not all(type(v) is int and v > 0 for v in values):
            raise ConfigError(f"{name} of a core is {values!r}: give a list of whole numbers above 0, one a layer")
    if len({len(values) for values in lists.values()}) > 1:
        counts = ", ".join(f"{len(values)} {name}" for name, values in lists.items())
        raise ConfigError(f"a core has {counts}: give one of each a layer")
    if any(kernel % 2 == 0 for kernel in lists["kernels"]):
        raise ConfigError(f"kernels of a core are {list(lists['kernels'])} px: give odd ones")


def check_frames(videos: torch.Tensor, frames_lost: int) -> None:
    """Raise ModelError for a video (batch, channel, time, height, width) of which a core would leave no frame."""
    frames = videos.shape[2]
    if frames <= frames_lost:
        raise ModelError(
            f"the video has {frames} frames and the core loses {frames_lost}: "
            f"show it {frames_lost + 1} or more, or give the core shorter kernels_time"
        )
