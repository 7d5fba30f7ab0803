"""Plain ``.npy`` arrays of an archive: never Python objects, and never more memory than the file has bytes."""

from pathlib import Path

import numpy as np

from dlgn_cnn.errors import ArchiveError


def read_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises ArchiveError if its head says another size than it has."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # which refuses objects, and more than the file has
        if mapped.offset + mapped.nbytes != path.stat().st_size:
            raise ValueError(f"its head announces {mapped.nbytes} bytes of {mapped.dtype}")
        return np.array(mapped)
    except (ValueError, OSError, EOFError, TypeError, SyntaxError, RecursionError, AttributeError) as error:
        raise ArchiveError(f"{path.name} is not a plain .npy array ({error})") from error
