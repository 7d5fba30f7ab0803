"""Arrays of the tables: files named by their bytes, stored before a transaction opens and only referred to within it.

A column of type ``<array@main>`` takes a numpy array and gives back a ``StoredArray``, read when it is asked for. An
upload may take minutes, during which a transaction would hold its locks. So call ``upload`` before you insert many
arrays, or insert into a remote store; or ``keep``, if they are too many to hold in memory until then. An array that was
not uploaded before is uploaded when it is inserted.
"""

import hashlib
import io
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from datajoint.builtin_codecs import NpyCodec, NpyRef

from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.object_store import ObjectStore
from schemas.base.keys import Row
from schemas.connection.in_force import settings_in_force

FOLDER = "_schema"  # where DataJoint keeps its own, below the same store
AT_ONCE = 8
_ahead: set[str] = set()  # paths of what the last ``upload`` of this process stored


@dataclass(frozen=True)
class Kept:
    """Reference to an array in the store, to insert in its place."""

    path: str
    dtype: str
    shape: tuple[int, ...]


class StoredArray(NpyRef):
    """An array in the store: its shape and type are known, its values are read once they are asked for."""

    def load(self, mmap_mode: str | None = None) -> Any:
        """The array, whose bytes must be those that were stored. Raises StoreError, StoreAway."""
        if mmap_mode is not None or self.is_loaded:
            return super().load(mmap_mode)
        self._cached = np.load(io.BytesIO(self.read()), allow_pickle=False)
        return self._cached

    @property
    def sha256(self) -> str:
        """The digest of the array's ``.npy`` file, which is its name."""
        return PurePosixPath(self.path).stem

    def read(self) -> bytes:
        """The array's ``.npy`` file, whose bytes must be those that were stored. Raises StoreError, StoreAway."""
        folder, _, name = self.path.rpartition("/")
        data = settings_in_force().below(folder).read(name)
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise StoreError(f"array {self.path} is not what was stored: its bytes have another sha256")
        return data


class ArrayCodec(NpyCodec):
    """DataJoint's codec of arrays, except that a file is named by its bytes, and may be there before its row."""

    name = "array"

    def validate(self, value: Any) -> None:
        """Raise DataJointError for what is neither an array of numbers nor one that is kept."""
        if not isinstance(value, Kept):
            super().validate(value)

    def encode(
        self, value: Any, *, key: Any = None, context: dict[str, Any] | None = None, store_name: str | None = None
    ) -> dict[str, Any]:
        """Return what a row holds of an array.

        Parameters
        ----------
        value : ndarray or Kept
            The array, or what ``keep`` returned for it.
        key, context : dict, optional
            DataJoint's: the row's key, and schema, table and column.
        store_name : str, optional
            Name of the store, as in ``<array@main>``.

        Returns
        -------
        dict
            Path, store, type and shape.
        """
        schema, _, _, _ = self._extract_context(key, context)
        kept = value if isinstance(value, Kept) else _store(schema, value, _ahead)
        return {"path": kept.path, "store": store_name, "dtype": kept.dtype, "shape": list(kept.shape)}

    def decode(self, stored: dict[str, Any], *, key: Any = None, context: dict[str, Any] | None = None) -> StoredArray:
        """The array that a row refers to."""
        return StoredArray(stored, self._get_backend(stored.get("store"), config=self._codec_config(key, context)))


def upload(rows: Mapping[str, Iterable[Row]]) -> None:
    """Store the arrays of rows, which are given by the name of the schema whose tables will hold them, eight at a time.

    Insert the same arrays, to the bit, before the next call. Raises StoreError, StoreAway. While a row is only
    recomputed to be compared, nothing is stored.
    """
    if settings_in_force().scratch is not None:
        return
    _ahead.clear()
    for schema, found in rows.items():
        arrays = (value for row in found for value in row.values() if isinstance(value, np.ndarray))
        _ahead.update(kept.path for kept in keep(schema, arrays))


def keep(schema: str, arrays: Iterable[Any]) -> list[Kept]:
    """Store arrays for rows of a schema, eight at a time; return what to insert in place of each.

    Raises StoreError, StoreAway.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda one: _store(schema, one), arrays))


def _store(schema: str, array: Any, known: Collection[str] = ()) -> Kept:
    """Store an array unless its path is ``known``."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    data = buffer.getvalue()
    folder, name = f"{FOLDER}/{schema}", f"{hashlib.sha256(data).hexdigest()}.npy"
    if f"{folder}/{name}" not in known:
        # Also where it is there: what was written just now is not garbage for a day, with or without a row.
        settings_in_force().below(folder).write(name, data)
    return Kept(f"{folder}/{name}", str(array.dtype), tuple(array.shape))
