"""Frames in memory laid out so that windows of them are cut, made float32 and normalized in one pass.

Cutting uint8, converting and then scaling are three passes, two of them over four times the bytes.
"""

from collections.abc import Sequence

import numpy as np
import torch

from dlgn_cnn.shapes import Frames

Window = tuple[int, int, int]
BOUND_BYTES = 2**30


class VideoTable:
    """Videos (time, height, width) uint8 of one size, copied end to end, to be read as ``factor * gray + offset``.

    A row a frame: its gray levels, then factor and offset as two float32, which is how torch keeps tables of 8-bit
    embeddings: a batch of windows is one look-up, on all of torch's threads. ``videos`` are views of the copy.
    """

    def __init__(self, videos: Sequence[Frames], factor: float, offset: float) -> None:
        lengths = [len(video) for video in videos]
        _, *size = videos[0].shape
        pixels, scale = size[0] * size[1], np.array([factor, offset], np.float32).view(np.uint8)
        rows = np.empty((sum(lengths), pixels + len(scale)), np.uint8)
        rows[:, pixels:] = scale
        self._first = np.cumsum([0, *lengths])
        frames = np.lib.stride_tricks.as_strided(rows, (len(rows), *size), (rows.shape[1], size[1], 1))
        self.videos = [frames[a:b] for a, b in zip(self._first[:-1], self._first[1:], strict=True)]
        for packed, video in zip(self.videos, videos, strict=True):
            packed[...] = video
        self._rows = torch.from_numpy(rows)

    def cut(self, windows: Sequence[Window]) -> torch.Tensor:
        """Float32 video (window, 1, time, height, width) of windows of one length, each (video, first, after last)."""
        _, start, stop = windows[0]
        firsts = [self._first[video] + first for video, first, _ in windows]
        frames = torch.from_numpy(np.add.outer(firsts, np.arange(stop - start)).ravel())
        found = torch.ops.quantized.embedding_bag_byte_rowwise_offsets(self._rows, frames, torch.arange(len(frames)))
        return found.view(len(windows), 1, -1, *self.videos[0].shape[1:])
