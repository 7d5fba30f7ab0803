"""Values of a frame's cells, from the records of a pickle: numbers, text, lists, dicts and arrays, each checked.

Sizes, shapes and codes are compared with the bytes that are there before an array is made. A value that is used in many
places is made once and counted each time, so that a small file cannot stand for a large frame.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check, limit
from dlgn_cnn.data.readers.lab.pickle_machine import Call, Name, brief
from dlgn_cnn.data.readers.shared.arrays import sound
from dlgn_cnn.errors import RecordingError

ADVICE = "save the frame again with numbers, strings, lists and numpy arrays only, or as Parquet"
_ATOMS = frozenset((str, int, float, bool, type(None)))
_DTYPE = re.compile(r"[<>|=]?([biufc]\d{1,2}|O8?|[SU]\d{1,9}|[Mm]8)")
_UNITS = frozenset(("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"))
_TIMESTAMP_UNITS = {7: "s", 8: "ms", 9: "us", 10: "ns"}  # as pandas numbers them
_SMALL = 1024  # bytes that Python itself may keep once for several values
_OPEN = (None, 0)  # stands for a value that is not finished


class Values:
    """What the records of one pickle stand for.

    Parameters
    ----------
    size : int
        Bytes of the file.
    """

    def __init__(self, size: int):
        self._size, self._elements, self._deepest = size, limit("pickle.elements", size), limit("pickle.depth")
        self._counted = self._depth = 0
        self._known: dict[int, tuple[Any, int]] = {}
        self._used: set[int] = set()

    def count(self, elements: int) -> None:
        """Count what is about to be made. Raises RecordingError beyond the bound."""
        self._counted += elements
        if self._counted > self._elements:
            check("pickle.elements", self._counted, file_bytes=self._size)

    def plain(self, item: Any) -> Any:
        """A value as it may lie in a cell. Raises RecordingError for any other, and for one that contains itself."""
        if type(item) in _ATOMS:
            self.count(1)
            return item
        if type(item) is Call and item.word == "scalar":  # the many of a list: made again, faster than remembered
            return self._scalar(item)
        return self._once(item, self._make)

    def once(self, item: Any, size: int) -> None:
        """Raises RecordingError if large data is used twice, which would let a small file ask for much memory."""
        if size > _SMALL:
            if id(item) in self._used:
                raise RecordingError(f"two values share the same {size} bytes, which is refused: {ADVICE}")
            self._used.add(id(item))

    def _once(self, item: Any, make: Callable[[Any], Any]) -> Any:
        known = self._known.get(id(item))
        if known is not None:
            if known is _OPEN:
                raise RecordingError(f"{brief(item)} contains itself, which is refused: {ADVICE}")
            self.count(known[1])
            return known[0]
        self._known[id(item)], before = _OPEN, self._counted
        self._depth += 1
        if self._depth > self._deepest:
            check("pickle.depth", self._depth)
        made = make(item)
        self._depth -= 1
        self._known[id(item)] = (made, max(1, self._counted - before))
        return made

    def _make(self, item: Any) -> Any:
        kind = type(item)
        if kind is list:
            return self._list(item)
        if kind is tuple:
            return tuple(map(self.plain, item))
        if kind is dict:
            return {key: self.plain(value) for key, value in item.items()}
        if kind is memoryview:
            return self._bytes(item)
        maker = _MAKERS.get(item.word) if kind is Call else None
        if maker is not None:
            return maker(self, item)
        if kind is Name and item.word == "NA":
            import pandas as pd

            self.count(1)
            return pd.NA
        raise RecordingError(f"{brief(item)} in a cell is refused: {ADVICE}")

    def _list(self, items: list[Any]) -> list[Any]:
        if _ATOMS.issuperset(map(type, items)):
            self.count(len(items))
            return items
        return [self.plain(item) for item in items]

    def raw(self, item: Any) -> memoryview | bytes:
        """Bytes, as any protocol writes them; no codec is looked up, since that imports."""
        if type(item) is memoryview:
            return item
        if type(item) is Call and item.word in ("bytes", "bytearray") and len(item.arguments) <= 1:
            return self.raw(item.arguments[0]) if item.arguments else b""
        if type(item) is Call and item.word in ("encode", "bytearray") and len(item.arguments) == 2:
            text, encoding = item.arguments
            if type(text) is str and encoding in ("latin1", "latin-1"):
                self.once(text, len(text))
                return text.encode("latin1")
            raise RecordingError(f"text encoded as {brief(encoding)} is refused: {ADVICE}")
        raise RecordingError(f"{brief(item)} is refused, expected bytes: {ADVICE}")

    def _bytes(self, item: Any) -> bytes:
        raw = self.raw(item)
        self.count(max(1, len(raw) // 8))
        return bytes(raw)

    def dtype(self, item: Any) -> np.dtype[Any]:
        """Only dtypes of one plain value: a structured one can hide object pointers inside raw bytes."""
        if type(item) is not Call or item.word != "dtype":
            raise RecordingError(f"{brief(item)} is refused, expected a numpy dtype: {ADVICE}")
        return self._once(item, self._dtype)

    def _dtype(self, item: Call) -> np.dtype[Any]:
        name = item.arguments[0] if item.arguments else None
        if type(name) is not str or _DTYPE.fullmatch(name) is None:
            raise RecordingError(f"numpy dtype {brief(name)} is refused: {ADVICE}")
        state = item.state if item.state is not None else (3, "=", None, None, None, -1, -1, None)
        made = self._described(name, state) if type(state) is tuple and len(state) in (8, 9) else None
        if made is None:
            raise RecordingError(f"a numpy dtype {brief(name)} with another state than its own is refused: {ADVICE}")
        return made

    def _described(self, name: str, state: tuple[Any, ...]) -> np.dtype[Any] | None:
        version, order, *structure = state[:5]
        if name[-2:] in ("M8", "m8"):
            if version != 4 or len(state) != 9 or type(state[8]) is not tuple or len(state[8]) != 2:
                return None
            name = f"{name}[{self._unit(state[8][1])}]"
        elif version != 3 or len(state) != 8:
            return None
        try:
            made = np.dtype(name)
        except (TypeError, ValueError):
            raise RecordingError(f"numpy dtype {brief(name)} does not exist: {ADVICE}") from None
        size = (made.itemsize, made.alignment) if made.kind in "SU" else (-1, -1)
        sound = structure == [None] * 3 and state[5:7] == size and state[7] in (made.flags, None)
        if not sound or order not in ("<", ">", "|", "="):
            return None
        return made.newbyteorder(order) if order in "<>" else made

    def _unit(self, unit: Any) -> str:
        if type(unit) is not tuple or len(unit) != 4 or unit[1:] != (1, 1, 1):
            raise RecordingError(f"a date in the unit {brief(unit)} is refused: {ADVICE}")
        name = bytes(self.raw(unit[0])).decode("latin1")
        if name not in _UNITS:
            raise RecordingError(f"a date in the unit {brief(name)} is refused: {ADVICE}")
        return name

    def array(self, item: Any) -> np.ndarray:
        """A numpy array. Raises RecordingError unless shape and dtype fit the bytes exactly."""
        if type(item) is not Call or item.word not in ("array", "buffer"):
            raise RecordingError(f"{brief(item)} is refused, expected a numpy array: {ADVICE}")
        return self._once(item, self._array)

    def _array(self, item: Call) -> np.ndarray:
        if item.word == "buffer" and len(item.arguments) == 4 and item.arguments[3] in ("C", "F"):
            data, dtype, shape, order = item.arguments
            return self._filled(data, self.dtype(dtype), shape, order == "F")
        kind = item.arguments[0] if item.arguments else None
        if type(kind) is not Name or kind.word != "ndarray" or type(item.state) is not tuple or len(item.state) != 5:
            raise RecordingError(f"an array of the type {brief(kind)} or without its own state is refused: {ADVICE}")
        _, shape, dtype, fortran, data = item.state
        made = self._filled(data, self.dtype(dtype), shape, bool(fortran))
        return made if made.dtype.isnative else made.astype(made.dtype.newbyteorder("="))  # as numpy does for this call

    def _filled(self, data: Any, dtype: np.dtype[Any], shape: Any, fortran: bool) -> np.ndarray:
        if type(shape) is not tuple or len(shape) > 32 or not all(type(n) is int and 0 <= n < 2**62 for n in shape):
            raise RecordingError(f"an array of shape {brief(shape)} is refused, expected up to 32 sizes: {ADVICE}")
        self.count(math.prod(max(1, n) for n in shape))
        flat = self._objects(data, shape) if dtype.hasobject else self._numbers(data, dtype, shape)
        return flat if len(shape) == 1 else flat.reshape(shape, order="F" if fortran else "C")

    def _objects(self, data: Any, shape: tuple[int, ...]) -> np.ndarray:
        if type(data) is not list or len(data) != math.prod(shape):
            raise RecordingError(f"objects of shape {shape} are refused: expected a list of {math.prod(shape)} values")
        self.once(data, 8 * len(data))
        return np.fromiter(map(self.plain, data), object, len(data))

    def _numbers(self, data: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
        raw = data if type(data) is memoryview else self.raw(data)
        count = math.prod(shape)
        size, expected = len(raw), count * dtype.itemsize
        if size != expected or (count and not expected):
            raise RecordingError(
                f"raw bytes as an array of {dtype} and shape {shape} are refused: it takes {expected} bytes, there are "
                f"{size}"
            )
        self.once(data, size)
        self.count(size // 8)
        array = np.frombuffer(raw, dtype).copy() if size else np.empty(0, dtype)
        if not sound(array):
            raise RecordingError(f"bytes that are not values of {dtype} are refused: export the frame again")
        return array

    def _scalar(self, item: Call) -> Any:
        if len(item.arguments) != 2:
            raise RecordingError(f"a numpy scalar of {len(item.arguments)} values is refused: {ADVICE}")
        described, data = item.arguments
        known = self._known.get(id(described))
        dtype = (
            known[0]
            if known is not None and type(described) is Call and described.word == "dtype"
            else self.dtype(described)
        )
        if type(data) is memoryview and dtype.kind in "iuf" and len(data) == dtype.itemsize:
            self.count(1)
            return np.frombuffer(data, dtype)[0]
        if dtype.hasobject:
            raise RecordingError(f"a numpy scalar of objects is refused: {ADVICE}")
        return self._numbers(data, dtype, ())[0]

    def moment(self, item: Call) -> Any:
        """A time stamp without a zone: value, frequency, zone and, from pandas 2 on, unit."""
        import pandas as pd

        self.count(1)
        value, _, zone, unit = (*item.arguments, 10)[:4]
        if type(value) is not int or zone is not None or unit not in _TIMESTAMP_UNITS:
            raise RecordingError(f"a time stamp of {brief(value)} in the zone {brief(zone)} is refused: {ADVICE}")
        return pd.Timestamp(np.int64(value).view(f"M8[{_TIMESTAMP_UNITS[unit]}]"))


def _no_time(values: Values, item: Call) -> Any:
    import pandas as pd

    values.count(1)
    return pd.NaT


_MAKERS: dict[str, Callable[[Values, Call], Any]] = {
    "array": Values._array,
    "buffer": Values._array,
    "encode": Values._bytes,
    "bytes": Values._bytes,
    "bytearray": Values._bytes,
    "NaT": _no_time,
    "Timestamp": Values.moment,
}
