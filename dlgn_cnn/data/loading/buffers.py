"""Pool of batch buffers; a buffer is reused once no tensor refers to it.

The system's allocator may return a batch's megabytes after every step and fetch them again, page by page, which was
seen to take up to six times as long as filling them.
"""

import math
import weakref
from collections import deque

import numpy as np
import torch

KEPT = 4
SMALL_BYTES = 2**20
_free: deque[np.ndarray] = deque(maxlen=KEPT)


def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Return a tensor like ``torch.empty``, on memory that no other tensor uses.

    At most ``KEPT`` buffers are held in reserve for the whole process. Below 1 MiB, where the allocator does well by
    itself, the pool is not used.
    """
    size = math.prod(shape) * dtype.itemsize
    if size < SMALL_BYTES:
        return torch.empty(shape, dtype=dtype)
    memory = _take(size)
    # The tensor, and each view of it, holds this array and not ``memory``: it goes when the last of them does.
    held = memory[:]
    weakref.finalize(held, _free.append, memory).atexit = False
    return torch.from_numpy(held).view(dtype).view(shape)


def _take(size: int) -> np.ndarray:
    for _ in range(len(_free)):
        try:
            # The last to come back first: some of it is still in the processor's caches.
            memory = _free.pop()
        except IndexError:  # another thread was faster
            break
        if memory.nbytes == size:
            return memory
        _free.appendleft(memory)
    # torch aligns its memory, numpy does not.
    return torch.empty(size, dtype=torch.uint8).numpy()
