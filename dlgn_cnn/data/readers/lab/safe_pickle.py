"""Frames out of pickles of unknown origin: read by a machine that calls nothing, checked, and put together here.

``pickle_machine`` makes records, ``pickled_values`` the values of cells, ``pickled_columns`` columns and labels. No
class of numpy or pandas ever sees a state that a file made up.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers.lab.pickle_machine import Call, DamagedPickleError, Name, brief, run
from dlgn_cnn.data.readers.lab.pickled_columns import Columns
from dlgn_cnn.data.readers.lab.pickled_values import ADVICE, Values
from dlgn_cnn.errors import ConfigError, RecordingError
from dlgn_cnn.storage.rights import present_file, raise_if_forbidden

if TYPE_CHECKING:
    import pandas as pd

_MASKED = {
    "Boolean": "boolean",
    "Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64": "integer",
    "Float32 Float64": "floating",
}
# Our word for each name that a pickle of a frame needs, by the modules where pandas 1 to 3 and numpy 1 and 2 keep it.
_WORDS: dict[str, tuple[str, ...]] = {
    "dtype": ("numpy.dtype",),
    "ndarray": ("numpy.ndarray",),
    "array": ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"),
    "scalar": ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"),
    "buffer": ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"),
    "DataFrame": ("pandas.DataFrame", "pandas.core.frame.DataFrame"),
    "BlockManager": ("pandas.core.internals.managers.BlockManager",),
    "block": ("pandas._libs.internals._unpickle_block",),
    "labels": ("pandas.core.indexes.base._new_Index",),
    "Index": (
        "pandas.Index",
        "pandas.core.indexes.base.Index",
        "pandas.core.indexes.numeric.Int64Index",
        "pandas.core.indexes.numeric.UInt64Index",
        "pandas.core.indexes.numeric.Float64Index",
    ),
    "RangeIndex": ("pandas.RangeIndex", "pandas.core.indexes.range.RangeIndex"),
    "backed": ("pandas._libs.arrays.__pyx_unpickle_NDArrayBacked",),
    "Categorical": ("pandas.Categorical", "pandas.core.arrays.categorical.Categorical"),
    "CategoricalDtype": ("pandas.CategoricalDtype", "pandas.core.dtypes.dtypes.CategoricalDtype"),
    "StringArray": ("pandas.arrays.StringArray", "pandas.core.arrays.string_.StringArray"),
    "ArrowStringArray": ("pandas.arrays.ArrowStringArray", "pandas.core.arrays.string_arrow.ArrowStringArray"),
    "StringDtype": ("pandas.StringDtype", "pandas.core.arrays.string_.StringDtype"),
    "DatetimeArray": ("pandas.arrays.DatetimeArray", "pandas.core.arrays.datetimes.DatetimeArray"),
    "TimedeltaArray": ("pandas.arrays.TimedeltaArray", "pandas.core.arrays.timedeltas.TimedeltaArray"),
    "IntegerArray": ("pandas.arrays.IntegerArray", "pandas.core.arrays.integer.IntegerArray"),
    "FloatingArray": ("pandas.arrays.FloatingArray", "pandas.core.arrays.floating.FloatingArray"),
    "BooleanArray": ("pandas.arrays.BooleanArray", "pandas.core.arrays.boolean.BooleanArray"),
    "masked dtype": tuple(
        f"{module}.{kind}Dtype"
        for kinds, own in _MASKED.items()
        for kind in kinds.split()
        for module in ("pandas", f"pandas.core.arrays.{own}")
    ),
    "NA": ("pandas.NA", "pandas._libs.missing.NA"),
    "NaT": ("pandas._libs.tslibs.nattype._nat_unpickle", "pandas._libs.tslibs.nattype.__nat_unpickle"),
    "Timestamp": ("pandas._libs.tslibs.timestamps._unpickle_timestamp",),
    "arrow array": ("pyarrow.lib._restore_array",),
    "arrow chunks": ("pyarrow.lib.chunked_array",),
    "arrow buffer": ("pyarrow.lib.py_buffer",),
    "arrow type": ("pyarrow.lib.type_for_alias",),
    "encode": ("_codecs.encode",),
    "slice": ("builtins.slice", "__builtin__.slice"),
    "bytes": ("builtins.bytes", "__builtin__.bytes"),
    "bytearray": ("builtins.bytearray", "__builtin__.bytearray"),
    "object": ("builtins.object", "__builtin__.object"),
    "reconstructor": ("copyreg._reconstructor", "copy_reg._reconstructor"),
}
ALLOWED = {
    (module, name): word
    for word, paths in _WORDS.items()
    for module, _, name in (path.rpartition(".") for path in paths)
}


def load_frame(path: Path) -> pd.DataFrame:
    """The pandas frame in ``path``, pickled by pandas 1 to 3 under any protocol up to 5.

    Nothing that the file names is imported or called. Raises RecordingError for a name that is not in ``ALLOWED``, for
    values that contradict themselves or go beyond a bound, for a damaged or truncated file, and for one that holds
    something other than a frame.
    """
    if not present_file(path):
        raise RecordingError(f"{path} is missing: expected a pickled pandas frame")
    try:
        check("pickle.bytes", path.stat().st_size)
        with _no_collection():
            return _frame(path.read_bytes())
    except ConfigError:
        raise
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    except Exception as error:
        raise_if_forbidden(error, path)
        reason = error if isinstance(error, DamagedPickleError) else f"{type(error).__name__}: {brief(str(error))}"
        raise RecordingError(
            f"{path} is damaged, cut short or not a pickle ({reason}): copy or export it again"
        ) from error


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of new records, none of them in a circle, would be searched for circles over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _frame(data: bytes) -> pd.DataFrame:
    found = run(data, ALLOWED)
    if type(found) is not Call or found.word != "DataFrame":
        kind = found.word if isinstance(found, Name | Call) else type(found).__name__
        raise RecordingError(f"it holds {kind!r}, expected a pandas DataFrame: {ADVICE}")
    manager = found.state.get("_mgr") if type(found.state) is dict else None
    if type(manager) is not Call or manager.word != "BlockManager" or not 2 <= len(manager.arguments) <= 3:
        raise RecordingError("a DataFrame without its data is damaged: export it again")
    columns = Columns(Values(len(data)))
    blocks, axes = manager.arguments[:2]
    if type(blocks) is not tuple or type(axes) is not list or len(axes) != 2:
        raise RecordingError("a DataFrame without columns and rows is damaged: export it again")
    return _assembled(columns, blocks, columns.labels(axes[0]), columns.labels(axes[1]))


def _assembled(columns: Columns, blocks: tuple[Any, ...], names: pd.Index, rows: pd.Index) -> pd.DataFrame:
    import pandas as pd

    placed: dict[int, Any] = {}
    for block in blocks:
        for place, column in columns.placed(block, len(names), len(rows)):
            if place in placed:
                raise RecordingError(f"two columns at place {place} are damaged: export the frame again")
            placed[place] = column
    if len(placed) != len(names):
        raise RecordingError(f"{len(names)} names for {len(placed)} columns are damaged: export the frame again")
    series = {place: pd.Series(placed[place], rows, dtype=placed[place].dtype) for place in range(len(names))}
    frame = pd.DataFrame(series, index=rows)
    frame.columns = names
    return frame
