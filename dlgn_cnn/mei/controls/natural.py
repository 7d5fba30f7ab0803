"""Natural clips of the session as controls: what the unit has really seen, at the MEI's norm."""

from collections.abc import Iterable, Iterator

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.constraints import Constraint
from dlgn_cnn.mei.controls.controls import scaled


def natural_clips(
    videos: Iterable[torch.Tensor],
    frames: int,
    every_frames: int,
    constraint: Constraint,
    mask: torch.Tensor | None = None,
    batch_size: int = 32,
) -> Iterator[torch.Tensor]:
    """All windows of ``frames`` frames of a session's videos, in batches (clip, time, height, width), as allowed.

    ``videos`` are trials (time, height, width) in normalized gray levels; a window begins every ``every_frames``.
    The ``mask`` (1, time or 1, height, width) cuts the same hole into each. A window that is mean gray is left out.
    Raises ConfigError.
    """
    if frames < 1 or every_frames < 1:
        raise ConfigError(f"windows of {frames} frames every {every_frames}: both must be 1 or more")
    waiting: list[torch.Tensor] = []
    for video in videos:
        for first in range(0, len(video) - frames + 1, every_frames):
            clip = video[first : first + frames]
            if (clip if mask is None else clip * mask[0]).any():
                waiting.append(clip)
            if len(waiting) == batch_size:
                yield scaled(torch.stack(waiting), constraint, mask)
                waiting = []
    if waiting:
        yield scaled(torch.stack(waiting), constraint, mask)
