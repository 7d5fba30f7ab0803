"""Plain ``.npy`` arrays, to bytes and back: never Python objects, and never more memory than the file has bytes."""

import io
import math
from pathlib import Path

import numpy as np

from dlgn_cnn.errors import ArchiveError


def array_bytes(array: np.ndarray) -> bytes:
    """The ``.npy`` file of an array: equal arrays, equal bytes."""
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
    return file.getvalue()


def read_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises ArchiveError if its head says another size than it has."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
            announced = file.tell() + math.prod(shape) * dtype.itemsize
        if dtype.hasobject or announced != path.stat().st_size:
            raise ValueError(f"its head announces {announced} bytes of {dtype}")
        found: np.ndarray = np.load(path, allow_pickle=False)
        return found
    except (ValueError, OSError, EOFError, TypeError, SyntaxError, RecursionError) as error:
        raise ArchiveError(f"{path.name} is not a plain .npy array ({error})") from error
