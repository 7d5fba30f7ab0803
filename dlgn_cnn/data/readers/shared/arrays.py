"""Arrays of raw files: loaded without unpickling, and checked to hold what a reader expects."""

import math
from collections.abc import Callable
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.recording import MOST
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import raise_if_forbidden


def load_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises RecordingError if it is missing, damaged or holds Python objects."""
    try:
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # what numpy lets through from damaged bytes is many kinds of error
        raise_if_forbidden(error, path)
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
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} cannot be read ({error}): expected an .npz file of plain arrays") from error


def numbers(value: Any, where: str, ndim: int | None = None) -> Times:
    """Return numbers as float64.

    Parameters
    ----------
    value : array_like
        Numbers of any type, NaN included; those in an array of Python objects must be finite.
    where : str
        How the error names them.
    ndim : int, optional
        Number of axes (default: any).

    Returns
    -------
    ndarray of float64
        The numbers.

    Raises
    ------
    RecordingError
        If the value holds something else, or has another number of axes.

    Examples
    --------
    >>> numbers([1, 2], "counts")
    array([1., 2.])
    """
    try:
        array = np.asarray(value)
        if array.dtype == object and all(map(_is_number, array.ravel())):
            array = array.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        array = np.array(None)
    if array.dtype.kind not in "iuf" or ndim not in (None, array.ndim):
        expected = "numbers" if ndim is None else f"a {ndim}-D array of numbers"
        raise RecordingError(
            f"{where} is of shape {array.shape} and type {array.dtype}, expected {expected}: it holds {shown(value)}"
        )
    return array.astype(np.float64, copy=False)


def whole_numbers(values: Any, where: str) -> np.ndarray:
    """Return one whole number or a list of them, each one that the tables can hold, as int64.

    Raises RecordingError, which begins with ``where`` and names the row, for anything else.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or array.min(initial=0) < -MOST or array.max(initial=0) > MOST:
        _check_each(array, where, _is_whole, f"a whole number up to {MOST}")
    return array.astype(np.int64)


def words(values: Any, where: str) -> np.ndarray:
    """Return a text or a list of texts as an array.

    Raises RecordingError, which begins with ``where`` and names the row, for anything else.
    """
    array = np.asarray(values)
    _check_each(array, where, lambda value: isinstance(value, str), "text")
    return array


def shown(value: Any) -> str:
    """Return the beginning of a value, and its type, as errors show it."""
    text = " ".join(repr(value).split())
    return f"{text[:60]}{'...' if len(text) > 60 else ''} ({type(value).__name__})"


def _check_each(array: np.ndarray, where: str, fits: Callable[[Any], bool], expected: str) -> None:
    for row, value in enumerate(array.ravel()):
        if not fits(value):
            at = f", row {row}" if array.ndim else ""
            raise RecordingError(f"{where}{at} is {shown(value)}, expected {expected}")


def _is_number(value: Any) -> bool:
    numeric = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    return numeric and bool(-math.inf < value < math.inf)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and value == int(value) and abs(value) <= MOST
