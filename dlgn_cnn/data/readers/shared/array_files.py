"""Array files, never unpickled."""

from pathlib import Path

import numpy as np

from dlgn_cnn.errors import RecordingError


def load_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises RecordingError where it is missing, damaged or holds Python objects."""
    try:
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # what numpy lets through from damaged bytes is many kinds of error
        raise RecordingError(f"{path} cannot be read ({error}): expected a plain .npy array") from error
    if not isinstance(array, np.ndarray):
        raise RecordingError(f"{path} is no single array: expected a plain .npy file")
    return array


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of an ``.npz`` file by name. Raises RecordingError as ``load_array`` does."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:
        raise RecordingError(f"{path} cannot be read ({error}): expected an .npz file of plain arrays") from error
