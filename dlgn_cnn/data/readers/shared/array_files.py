"""Array files, never unpickled, and checks of the arrays in them."""

from pathlib import Path

import numpy as np

from dlgn_cnn.data.recording import MOST
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times


def load_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises RecordingError if it is missing, damaged or holds Python objects."""
    try:
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # what numpy lets through from damaged bytes is many kinds of error
        raise RecordingError(f"{path} cannot be read ({error}): expected a plain .npy array") from error
    if not isinstance(array, np.ndarray):
        raise RecordingError(f"{path} is not a single array: expected a plain .npy file")
    return array


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of an ``.npz`` file by name. Raises RecordingError as ``load_array`` does."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:
        raise RecordingError(f"{path} cannot be read ({error}): expected an .npz file of plain arrays") from error


def numbers(array: np.ndarray, where: str, ndim: int | None = None) -> Times:
    """Return an array of numbers as float64.

    Parameters
    ----------
    array : ndarray
        Numbers of any type, NaN included.
    where : str
        How the error names the array.
    ndim : int, optional
        Number of axes (default: any).

    Returns
    -------
    ndarray of float64
        The numbers.

    Raises
    ------
    RecordingError
        If the array holds something else, or has another number of axes.

    Examples
    --------
    >>> numbers(np.array([1, 2]), "counts")
    array([1., 2.])
    """
    if array.dtype.kind not in "iuf" or ndim not in (None, array.ndim):
        axes = "" if ndim is None else f" along {ndim} axes"
        raise RecordingError(f"{where} is of shape {array.shape} and type {array.dtype}, expected numbers{axes}")
    return array.astype(np.float64, copy=False)


def whole_numbers(array: np.ndarray, where: str) -> np.ndarray:
    """Return whole numbers that the tables can hold as int64: no NaN, no fraction that would be cut off.

    Raises RecordingError, which begins with ``where``, for anything else.
    """
    values = numbers(array, where)
    if values.ndim > 1 or np.any(values != np.rint(values)) or np.any(np.abs(values) > MOST):
        raise RecordingError(f"{where} has shape {values.shape}, expected a list of whole numbers up to {MOST}")
    return values.astype(np.int64)
