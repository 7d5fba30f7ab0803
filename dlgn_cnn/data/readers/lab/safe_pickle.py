"""Frames out of pickles of unknown origin: an exact allow-list, and nothing that can run code.

A pickle is a program. This reader lets it call only what pandas 1, 2 and 3 need to rebuild a frame of numbers, strings,
lists and arrays, each by its exact name, and checks the two steps of numpy and arrow that trust their input blindly.
"""

from __future__ import annotations

import importlib
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dlgn_cnn.errors import RecordingError
from dlgn_cnn.storage.rights import present_file, raise_if_forbidden

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ADVICE = "save the frame again with numbers, strings, lists and numpy arrays only, or as Parquet"
_PLAIN_DTYPE = re.compile(r"[<>|=]?[biufOSU]\d*")


def load_frame(path: Path) -> pd.DataFrame:
    """The pandas frame in ``path``, pickled by pandas 1 to 3 under any protocol up to 5.

    Whatever the file names beyond the allow-list is refused before it is imported. Raises RecordingError for such a
    file (with the name), a damaged or truncated one, and one that holds something other than a frame.
    """
    import pandas as pd

    if not present_file(path):
        raise RecordingError(f"{path} is missing: expected a pickled pandas frame")
    try:
        with path.open("rb") as file:
            found = _FrameUnpickler(file).load()
        if type(found) is pd.DataFrame:
            list(found.columns)  # fails for a frame without its data
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    except Exception as error:
        raise_if_forbidden(error, path)
        raise RecordingError(
            f"{path} is damaged, cut short or not a pickle ({error!r}): copy or export it again"
        ) from error
    if type(found) is not pd.DataFrame:
        raise RecordingError(f"{path} holds a {type(found).__name__}, expected a pandas DataFrame: {_ADVICE}")
    return found


def _plain_dtype(name: object, align: object = False, copy: object = False) -> np.dtype[Any]:
    """Only dtypes of one plain value: a structured one can hide object pointers inside raw bytes."""
    if not (isinstance(name, str) and _PLAIN_DTYPE.fullmatch(name)):
        raise RecordingError(f"numpy dtype {name!r} is refused: {_ADVICE}")
    return np.dtype(name, copy=True)


def _empty_array(subtype: object, shape: object, typecode: object) -> np.ndarray:
    """Empty array that numpy rebuilds every array from; its state follows and is checked in ``_check_state``."""
    if subtype is not np.ndarray or shape != (0,):
        raise RecordingError(f"an array of type {subtype!r} and initial shape {shape!r} is refused: {_ADVICE}")
    return np.ndarray((0,), "b")


def _array_of_bytes(data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """An array copied from raw bytes, which cannot be objects."""
    if not isinstance(data, bytes | bytearray) or not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise RecordingError(f"raw bytes as an array of {dtype!r} are refused: {_ADVICE}")
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order=order)


def _scalar(dtype: Any, data: Any) -> Any:
    if not isinstance(data, bytes) or not isinstance(dtype, np.dtype) or dtype.hasobject:
        raise RecordingError(f"a numpy scalar of {dtype!r} from {type(data).__name__} is refused: {_ADVICE}")
    return np.frombuffer(data, dtype)[0]


def _latin1(text: object, encoding: object = "latin1") -> bytes:
    """Bytes as protocol 2 writes them; no other codec is looked up, since that imports."""
    if isinstance(text, bytes | bytearray):
        return bytes(text)
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise RecordingError(f"text encoded as {encoding!r} is refused: {_ADVICE}")
    return text.encode("latin1")


def _checked_arrow(data: Any) -> pa.Array:
    """An arrow array whose offsets were checked against its buffers; arrow itself believes them."""
    import pyarrow as pa

    array = pa.lib._restore_array(data)
    array.validate(full=True)
    return array


# What stands in for a name of the file: our own guarded function, or (module, name) of the installed pandas.
_Stand = Callable[..., Any] | type | tuple[str, str]
_FRAME, _INDEX, _RANGE = ("pandas", "DataFrame"), ("pandas", "Index"), ("pandas", "RangeIndex")
_STRINGS, _STRING_DTYPE = ("pandas.core.arrays.string_", "StringArray"), ("pandas", "StringDtype")
_ARROW_STRINGS = ("pandas.core.arrays.string_arrow", "ArrowStringArray")
_CATEGORIES, _CATEGORY_DTYPE = ("pandas", "Categorical"), ("pandas", "CategoricalDtype")
_MANAGER = ("pandas.core.internals.managers", "BlockManager")
_NA = ("pandas", "NA")
_ARRAY_STEPS: dict[str, _Stand] = {
    "multiarray._reconstruct": _empty_array,
    "multiarray.scalar": _scalar,
    "numeric._frombuffer": _array_of_bytes,
}
_NUMPY: dict[tuple[str, str], _Stand] = {("numpy", "dtype"): _plain_dtype, ("numpy", "ndarray"): np.ndarray}
for _core in ("core", "_core"):
    for _step, _guarded in _ARRAY_STEPS.items():
        _NUMPY[(f"numpy.{_core}.{_step.split('.')[0]}", _step.split(".")[1])] = _guarded
_PANDAS: dict[tuple[str, str], _Stand] = {
    _FRAME: _FRAME,
    ("pandas.core.frame", "DataFrame"): _FRAME,
    _INDEX: _INDEX,
    ("pandas.core.indexes.base", "Index"): _INDEX,
    ("pandas.core.indexes.numeric", "Int64Index"): _INDEX,
    ("pandas.core.indexes.numeric", "Float64Index"): _INDEX,
    _RANGE: _RANGE,
    ("pandas.core.indexes.range", "RangeIndex"): _RANGE,
    ("pandas.core.indexes.base", "_new_Index"): ("pandas.core.indexes.base", "_new_Index"),
    _MANAGER: _MANAGER,
    ("pandas._libs.internals", "_unpickle_block"): ("pandas._libs.internals", "_unpickle_block"),
    _STRING_DTYPE: _STRING_DTYPE,
    ("pandas.core.arrays.string_", "StringDtype"): _STRING_DTYPE,
    _STRINGS: _STRINGS,
    ("pandas.arrays", "StringArray"): _STRINGS,
    _ARROW_STRINGS: _ARROW_STRINGS,
    ("pandas.arrays", "ArrowStringArray"): _ARROW_STRINGS,
    _CATEGORIES: _CATEGORIES,
    ("pandas.core.arrays.categorical", "Categorical"): _CATEGORIES,
    _CATEGORY_DTYPE: _CATEGORY_DTYPE,
    ("pandas.core.dtypes.dtypes", "CategoricalDtype"): _CATEGORY_DTYPE,
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"): ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
    _NA: _NA,
    ("pandas._libs.missing", "NA"): _NA,
}
_OTHER: dict[tuple[str, str], _Stand] = {
    ("pyarrow.lib", "_restore_array"): _checked_arrow,
    ("pyarrow.lib", "py_buffer"): ("pyarrow.lib", "py_buffer"),
    ("pyarrow.lib", "type_for_alias"): ("pyarrow.lib", "type_for_alias"),
    ("pyarrow.lib", "chunked_array"): ("pyarrow.lib", "chunked_array"),
    ("_codecs", "encode"): _latin1,
    ("builtins", "slice"): slice,
    ("__builtin__", "slice"): slice,
    ("builtins", "bytearray"): _latin1,
    ("__builtin__", "bytearray"): _latin1,
}
ALLOWED = _NUMPY | _PANDAS | _OTHER
_WITH_STATE = (_FRAME, _STRINGS, _STRING_DTYPE, _ARROW_STRINGS, _CATEGORIES, _CATEGORY_DTYPE, _MANAGER)


class _FrameUnpickler(pickle._Unpickler):
    """The interpreter's own unpickler, in its Python form: the C form cannot be told which states to refuse."""

    dispatch: ClassVar[dict[int, Callable[..., None]]] = dict(pickle._Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        stand = ALLOWED.get((module, name))
        if stand is None:
            raise RecordingError(f"it asks for {module}.{name}, which is not on the list of safe names: {_ADVICE}")
        return _installed(stand) if isinstance(stand, tuple) else stand

    def load_build(self) -> None:
        stack: list[Any] = self.stack  # type: ignore[attr-defined]
        _check_state(stack[-2], stack[-1])
        super().load_build()  # type: ignore[misc]

    dispatch[pickle.BUILD[0]] = load_build


def _installed(stand: tuple[str, str]) -> Any:
    module, name = stand
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise RecordingError(f"it needs {module}.{name}, which this pandas does not have: {_ADVICE}") from error


def _check_state(instance: Any, state: Any) -> None:
    """Refuse a state that would change a class or function of this process, or make numpy read stray memory."""
    if isinstance(instance, np.dtype):
        if _forged(instance, state):
            raise RecordingError(f"a numpy dtype {instance} with state {state!r} is refused: {_ADVICE}")
    elif isinstance(instance, np.ndarray):
        if instance.size or not isinstance(state, tuple) or len(state) != 5:
            raise RecordingError(f"an array whose state is set twice or is not one of an array is refused: {_ADVICE}")
    elif not isinstance(instance, tuple(_installed(stand) for stand in _WITH_STATE)):
        name = getattr(instance, "__qualname__", type(instance).__qualname__)
        raise RecordingError(f"setting the state of {name} is refused: {_ADVICE}")


def _forged(dtype: np.dtype[Any], state: Any) -> bool:
    if not isinstance(state, tuple) or len(state) != 8 or state[2:5] != (None, None, None):
        return True
    size = (dtype.itemsize, dtype.alignment) if dtype.kind in "SU" else (-1, -1)
    return state[0] != 3 or state[5:7] != size or state[7] != dtype.flags
