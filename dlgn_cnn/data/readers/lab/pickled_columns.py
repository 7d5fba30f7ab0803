"""Columns and labels of a frame, from the records of a pickle: placements, codes and offsets are checked first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dlgn_cnn.data.readers.lab.pickle_machine import Call, Name, brief
from dlgn_cnn.data.readers.lab.pickled_values import ADVICE, Values
from dlgn_cnn.errors import RecordingError

if TYPE_CHECKING:
    import pandas as pd

_LABELS = (str, int, float, bool, bytes, type(None))
_STORED_DATES = ("s", "ms", "us", "ns")
_WIDTHS: dict[str, np.dtype[Any]] = {
    "string": np.dtype("<i4"),
    "utf8": np.dtype("<i4"),
    "large_string": np.dtype("<i8"),
}
_WIDTHS["large_utf8"] = _WIDTHS["large_string"]


def _is(item: Any, *words: str) -> bool:
    return type(item) is Call and item.word in words


def _refused(item: Any, expected: str) -> RecordingError:
    return RecordingError(f"{brief(item)} is refused, expected {expected}: {ADVICE}")


class Columns:
    """Columns and labels of one pickled frame."""

    def __init__(self, values: Values):
        self._values = values

    def labels(self, item: Any) -> pd.Index:
        """The names of columns or rows. Raises RecordingError for labels of another kind than text and numbers."""
        import pandas as pd

        if not _is(item, "labels") or len(item.arguments) != 2 or type(item.arguments[1]) is not dict:
            raise _refused(item, "an Index or a RangeIndex")
        kind, state = item.arguments
        name = state.get("name")
        if type(name) not in _LABELS:
            raise _refused(name, "the name of an Index")
        if type(kind) is Name and kind.word == "RangeIndex":
            steps = [state.get(each) for each in ("start", "stop", "step")]
            if not all(type(each) is int and abs(each) < 2**62 for each in steps) or not steps[2]:
                raise _refused(item, "a RangeIndex of three whole numbers")
            self._values.count(len(range(*steps)))
            return pd.RangeIndex(steps[0], steps[1], steps[2], name=name)
        if type(kind) is not Name or kind.word != "Index":
            raise _refused(kind, "an Index or a RangeIndex")
        column = self._column(state.get("data"))
        if column.ndim != 1 or (column.dtype == object and not all(_label(each) for each in column)):
            raise _refused(item, "labels that are text or numbers")
        return pd.Index(column, dtype=column.dtype, name=name, tupleize_cols=False)

    def placed(self, block: Any, columns: int, rows: int) -> Iterator[tuple[int, Any]]:
        """The columns of a block, each with its place.

        Parameters
        ----------
        block : Any
            Record of a block.
        columns, rows : int
            Numbers of the frame's columns and rows.

        Yields
        ------
        tuple of int and array
            Place of a column, and the column.

        Raises
        ------
        RecordingError
            Where places or rows do not fit.
        """
        if not _is(block, "block") or len(block.arguments) != 3 or block.arguments[2] != 2:
            raise _refused(block, "a block of columns")
        self._values.once(block.arguments[0], 2**20)
        column = self._column(block.arguments[0])
        places = self._places(block.arguments[1], columns)
        shape = (len(places), rows) if isinstance(column, np.ndarray) or column.ndim == 2 else (rows,)
        if column.shape != shape or (len(shape) == 1 and len(places) != 1):
            raise RecordingError(
                f"a block of shape {column.shape} for {len(places)} columns and {rows} rows is damaged: export it again"
            )
        yield from zip(places, column if len(shape) == 2 else [column], strict=True)

    def _places(self, item: Any, columns: int) -> list[int]:
        if _is(item, "slice"):
            if len(item.arguments) != 3 or not all(type(n) in (int, type(None)) for n in item.arguments):
                raise _refused(item, "a slice of whole numbers")
            return list(range(*slice(*item.arguments).indices(columns)))
        places = self._values.array(item)
        if places.ndim != 1 or places.dtype.kind != "i" or not ((places >= 0) & (places < columns)).all():
            raise RecordingError(f"places beyond the {columns} columns of the frame are damaged: export it again")
        return places.tolist()

    def _column(self, item: Any) -> Any:
        if _is(item, "array", "buffer"):
            column = self._values.array(item)
            if column.dtype.kind in "SU" or (column.dtype.kind in "Mm" and _unit(column) not in _STORED_DATES):
                raise _refused(str(column.dtype), "columns of numbers, dates or objects")
            return column
        if _is(item, "backed"):
            return self._backed(item)
        if _is(item, "ArrowStringArray"):
            return self._arrow_strings(item)
        if _is(item, "IntegerArray", "FloatingArray", "BooleanArray"):
            return self._masked(item)
        raise _refused(item, "a column of numbers, text, categories or dates")

    def _masked(self, item: Call) -> Any:
        import pandas as pd

        state = item.state if type(item.state) is dict else {}
        data, mask = self._values.array(state.get("_data")), self._values.array(state.get("_mask"))
        kinds = {"IntegerArray": "iu", "FloatingArray": "f", "BooleanArray": "b"}[item.word]
        if data.ndim != 1 or data.shape != mask.shape or data.dtype.kind not in kinds or mask.dtype.kind != "b":
            raise _refused(item, "numbers and a mask of equal length")
        return getattr(pd.arrays, item.word)(data, mask)

    def _backed(self, item: Call) -> Any:
        """Categories, text or dates: a dtype, the array behind it, and in some versions a dict."""
        import pandas as pd

        kind, state = item.arguments[0] if item.arguments else None, item.state
        if type(kind) is not Name or type(state) is not tuple or not 2 <= len(state) <= 3:
            raise _refused(item, "an array of categories, text or dates")
        parts = sorted(state[:2], key=lambda part: _is(part, "array", "buffer"))
        array = self._values.array(parts[1])
        if kind.word == "Categorical" and array.ndim == 1 and array.dtype.kind == "i":
            return pd.Categorical.from_codes(array, dtype=self._categories(parts[0]))
        if kind.word == "StringArray" and array.ndim == 1 and array.dtype == object:
            return self._strings(array, parts[0])
        wanted = {"DatetimeArray": "M", "TimedeltaArray": "m"}.get(kind.word)
        if array.dtype.kind == wanted and _unit(array) in _STORED_DATES and self._values.dtype(parts[0]) == array.dtype:
            return array
        raise _refused(kind, "an array of categories, text or dates")

    def _categories(self, item: Any) -> pd.CategoricalDtype:
        import pandas as pd

        state = item.state if _is(item, "CategoricalDtype") and type(item.state) is dict else {}
        ordered = state.get("ordered", state.get("_ordered"))
        if type(ordered) is not bool:
            raise _refused(item, "categories")
        return pd.CategoricalDtype(self.labels(state.get("categories")), ordered)

    def _string_dtype(self, item: Any) -> pd.StringDtype:
        import pandas as pd

        if not _is(item, "StringDtype"):
            raise _refused(item, "the dtype of text")
        storage, missing = (*item.arguments, None, None)[:2]  # pandas before 3 has a state in place of arguments
        if type(item.state) is dict:
            storage = item.state.get("storage", item.state.get("_storage"))
        if storage not in ("python", "pyarrow"):
            raise _refused(item, "the dtype of text")
        return pd.StringDtype(storage, na_value=np.nan if type(missing) is float else pd.NA)

    def _strings(self, cells: Any, dtype: Any) -> Any:
        import pandas as pd

        if not all(type(cell) is str or cell is None or cell is pd.NA or cell != cell for cell in cells):
            raise RecordingError(f"a column of text with other values is damaged: {ADVICE}")
        return pd.array(cells, dtype=self._string_dtype(dtype))

    def _arrow_strings(self, item: Call) -> Any:
        state = item.state if type(item.state) is dict else {}
        data: Any = state.get("_pa_array", state.get("_data"))
        if _is(data, "arrow chunks") and data.arguments and type(data.arguments[0]) is list:
            cells = [cell for chunk in data.arguments[0] for cell in self._arrow(chunk)]
        else:
            cells = self._arrow(data)
        return self._strings(np.fromiter(cells, object, len(cells)), state.get("_dtype"))

    def _arrow(self, item: Any) -> list[str | None]:
        """Text of an arrow array: type, length, nulls, offset and buffers of validity, offsets and bytes."""
        parts = item.arguments[0] if _is(item, "arrow array") and len(item.arguments) == 1 else None
        if type(parts) is not tuple or len(parts) != 7 or type(parts[4]) is not list or len(parts[4]) != 3:
            raise _refused(item, "an arrow array of text")
        kind, length, _, first, buffers = parts[:5]
        width = _WIDTHS.get(kind.arguments[0]) if _is(kind, "arrow type") and kind.arguments else None
        if width is None or not all(type(n) is int and 0 <= n < 2**40 for n in (length, first)):
            raise _refused(kind, "an arrow array of text")
        valid, offsets, text = (None if part is None else self._buffer(part) for part in buffers)
        self._values.count(length)
        if not length:
            return []
        return _cut(np.frombuffer(offsets or b"", width), text or b"", _bits(valid, first, length), first)

    def _buffer(self, item: Any) -> memoryview | bytes:
        if not _is(item, "arrow buffer") or len(item.arguments) != 1:
            raise _refused(item, "a buffer of an arrow array")
        raw = self._values.raw(item.arguments[0])
        self._values.once(item.arguments[0], len(raw))
        return raw


def _unit(array: np.ndarray) -> str:
    return np.datetime_data(array.dtype)[0]


def _label(value: Any) -> bool:
    import pandas as pd

    return isinstance(value, (*_LABELS, np.generic)) or value is pd.NA or value is pd.NaT


def _bits(valid: memoryview | bytes | None, first: int, length: int) -> list[bool]:
    if valid is None:
        return [True] * length
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[first : first + length]
    return [] if len(bits) < length else bits.astype(bool).tolist()


def _cut(offsets: np.ndarray, text: memoryview | bytes, valid: list[bool], first: int) -> list[str | None]:
    ends = offsets[first : first + len(valid) + 1]
    if not valid or len(ends) != len(valid) + 1 or ends[0] < 0 or ends[-1] > len(text) or (np.diff(ends) < 0).any():
        raise RecordingError("an arrow array that points outside its buffers is damaged: export the frame again")
    pieces = zip(ends[:-1].tolist(), ends[1:].tolist(), valid, strict=True)
    return [str(text[start:end], "utf-8") if there else None for start, end, there in pieces]
