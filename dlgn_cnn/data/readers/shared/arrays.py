"""Arrays of raw files: loaded without unpickling, and checked to hold what a reader expects."""

import math
import zipfile
from collections.abc import Callable, Collection
from numbers import Real
from pathlib import Path
from typing import IO, Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.recording import MOST
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.registry import nearest
from dlgn_cnn.shapes import Times
from dlgn_cnn.storage.rights import raise_if_forbidden

RESOLUTION_S = 1e-3


def load_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file. Raises RecordingError if it is missing, damaged or holds Python objects."""
    try:
        with path.open("rb") as file:
            return _array(file, path.stat().st_size)
    except Exception as error:  # what numpy lets through from damaged bytes is many kinds of error
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} cannot be read ({error}): expected a plain .npy array") from error


def map_array(path: Path) -> np.ndarray:
    """The array of a ``.npy`` file, read where it is asked for. Raises RecordingError as ``load_array``."""
    try:
        with path.open("rb") as file:
            shape, by_column, dtype = _head(file, path.stat().st_size)
            at = file.tell()
        if not math.prod(shape):
            return np.empty(shape, dtype)
        return np.memmap(path, dtype, "r", at, shape, "F" if by_column else "C")
    except Exception as error:
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} cannot be read ({error}): expected a plain .npy array") from error


def load_arrays(path: Path, known: Collection[str]) -> dict[str, np.ndarray]:
    """Every array of an ``.npz`` file by name, once their names are known and their sizes within bounds.

    Raises RecordingError as ``load_array`` does, and for a name that is unknown or that the file has twice.
    """
    try:
        with zipfile.ZipFile(path) as file:
            members = file.infolist()
            check("arrays.members", len(members), path)
            check("arrays.unpacked", sum(one.file_size for one in members), path, path.stat().st_size)
            names = [one.filename.removesuffix(".npy") for one in members]
            for name in names:
                if name not in known:
                    raise RecordingError(f"{path} holds {name!r}, which means nothing here: {nearest(name, known)}")
            if len(set(names)) < len(names):
                raise RecordingError(f"{path} holds two arrays of one name: leave one of them out")
            return {name: _member(file, one, name) for name, one in zip(names, members, strict=True)}
    except RecordingError:
        raise
    except Exception as error:
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} cannot be read ({error}): expected an .npz file of plain arrays") from error


def _member(file: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> np.ndarray:
    try:
        return _array(file.open(member), member.file_size)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _array(file: IO[bytes], size: int) -> np.ndarray:
    """The array of an open ``.npy`` file of ``size`` bytes. Raises ValueError if its head says another size."""
    _, _, dtype = _head(file, size)
    file.seek(0)
    array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
    if not sound(array):
        raise ValueError(f"its bytes are not values of {dtype}")
    return array


def _head(file: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an open ``.npy`` file of ``size`` bytes. Raises ValueError if they are another size."""
    head = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in head:
        raise ValueError(f"its version {version} is that of arrays with named columns")
    shape, by_column, dtype = head[version](file)
    announced = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise ValueError("Python objects in it are never unpickled")
    if dtype.itemsize == 0 or announced != size - file.tell():
        raise ValueError(f"its head announces {shape} of {dtype}, and {size - file.tell()} bytes follow")
    return shape, by_column, dtype


def sound(array: np.ndarray) -> bool:
    """Whether an array's bytes are values of its type: numpy takes text, and truth values other than 0 and 1, on trust.

    >>> sound(np.array([1, 2], np.uint8).view(bool))
    False
    """
    raw = np.ascontiguousarray(array).ravel()
    if array.dtype.kind == "b":
        return bool(raw.view(np.uint8).max(initial=0) <= 1)
    if array.dtype.kind == "U" and array.size:
        return bool(raw.view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder)).max(initial=0) <= 0x10FFFF)
    return True


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


def seconds(value: Any, where: str, ndim: int | None = None) -> Times:
    """Return times in seconds as float64.

    Parameters
    ----------
    value : array_like
        Times, NaN included.
    where : str
        How the error names them.
    ndim : int, optional
        Number of axes (default: any).

    Returns
    -------
    ndarray of float64
        The times.

    Raises
    ------
    RecordingError
        As ``numbers`` does, and where their type does not tell a millisecond from the next, as float32 does not beyond
        four and a half hours.

    Examples
    --------
    >>> seconds(np.array([1.5], np.float32), "spike_times_s")
    array([1.5])
    """
    times, kind = numbers(value, where, ndim), np.asarray(value).dtype
    if kind.kind == "f" and kind.itemsize < 8 and np.isfinite(times).any():
        last = float(np.abs(times[np.isfinite(times)]).max())
        step = float(np.spacing(kind.type(last)))
        if step > RESOLUTION_S:
            raise RecordingError(
                f"{where} runs to {last:.9g} s in {kind}, which tells no times apart within {step:.3g} s: "
                "export it as float64"
            )
    return times


def whole_numbers(values: Any, where: str) -> np.ndarray:
    """Return one whole number or a list of them, each one that the tables can hold, as int64.

    Raises RecordingError, which begins with ``where`` and names the row, for anything else.
    """
    array = np.asarray(values)
    whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool((array == np.rint(array)).all()))
    if not whole or array.min(initial=0) < -MOST or array.max(initial=0) > MOST:
        _check_each(array, where, _is_whole, f"a whole number up to {MOST}")
    return array.astype(np.int64)


def words(values: Any, where: str) -> np.ndarray:
    """Return a text or a list of texts as an array.

    Raises RecordingError, which begins with ``where`` and names the row, for anything else.
    """
    array = np.asarray(values)
    if array.dtype.kind != "U" or not _is_text("".join(array.ravel().tolist())):
        _check_each(array, where, _is_text, "text")
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


def _is_text(value: Any) -> bool:
    """Whether it is text that a file and a table can hold: no half of a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and value == int(value) and abs(value) <= MOST
