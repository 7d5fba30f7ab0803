"""Cells of the lab's frame as arrays: numbers stay numbers, and text that looks like one is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from dlgn_cnn.data.recording import MOST
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.shapes import Times

if TYPE_CHECKING:
    import pandas as pd


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN or pandas' NA, as a concatenation of frames leaves behind."""
    import pandas as pd

    return cell is None or cell is pd.NA or (isinstance(cell, Real) and bool(cell != cell))


def numbers(cell: Any, where: str) -> Times:
    """A cell as (value,) float64. Raises RecordingError, beginning with ``where``, for anything but numbers."""
    try:
        array = np.asarray(cell)
        if array.dtype.kind == "O" and array.ndim == 1 and all(_is_number(value) for value in array):
            array = array.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        array = np.empty(0, object)
    if array.ndim != 1 or (array.dtype.kind not in "iuf"):
        raise RecordingError(f"{where} is {_shown(cell)}, expected a list of numbers")
    return array.astype(np.float64, copy=False)


def interval(cell: Any, where: str) -> Times:
    """A cell as (2,) float64: [start, stop] in s. Raises RecordingError for another length or a value not finite."""
    pair = numbers(cell, where)
    if len(pair) != 2 or not np.isfinite(pair).all():
        raise RecordingError(f"{where} is {_shown(cell)}, expected two finite numbers [start, stop] in s")
    return pair


def intervals(cell: Any, where: str) -> Times:
    """A cell as (epoch, 2) float64: a list of [on, off] in s, each on before its off. Raises RecordingError."""
    if isinstance(cell, str | bytes) or not isinstance(cell, Sequence | np.ndarray):
        raise RecordingError(f"{where} is {_shown(cell)}, expected a list of [on, off] in s")
    pairs = np.array([interval(pair, f"{where}, entry {index}") for index, pair in enumerate(cell)]).reshape(-1, 2)
    for on, off in pairs[pairs[:, 0] >= pairs[:, 1]]:
        raise RecordingError(f"{where} has the light on at {on} s and off at {off} s, expected on before off")
    return pairs


def whole_numbers(column: pd.Series, name: str) -> np.ndarray:
    """A key column (row,) as int64. Raises RecordingError, naming row and value, for anything but whole numbers."""
    values = column.to_numpy()
    if values.dtype.kind in "iu" and values.min(initial=0) >= -MOST and values.max(initial=0) <= MOST:
        return values.astype(np.int64)
    for row, value in enumerate(values):
        if not _is_number(value) or value != int(value) or abs(value) > MOST:
            raise RecordingError(f"column {name!r}, row {row} is {_shown(value)}, expected a whole number up to {MOST}")
    return values.astype(np.int64)


def words(column: pd.Series, name: str) -> np.ndarray:
    """A text column (row,) as str. Raises RecordingError, naming row and value, for anything but text."""
    import pyarrow as pa

    try:
        values = column.to_numpy(dtype=object)
    except pa.ArrowException as error:
        raise RecordingError(f"column {name!r} is no text ({error}): export it again") from error
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise RecordingError(f"column {name!r}, row {row} is {_shown(value)}, expected text")
    return values


def _is_number(value: Any) -> bool:
    numeric = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    return numeric and bool(-math.inf < value < math.inf)


def _shown(cell: Any) -> str:
    text = repr(cell)
    return f"{text[:60]}{'...' if len(text) > 60 else ''} ({type(cell).__name__})"
