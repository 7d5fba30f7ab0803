"""What of an archive lies in this machine's store by now, so that whoever inserts a row need only refer to it."""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.archive.arrays import array_bytes, read_array
from dlgn_cnn.archive.reading import Archive
from dlgn_cnn.errors import ArchiveError
from populate.archive.files import restore_session
from populate.archive.rows import loaded
from populate.archive.selection import batches
from schemas.base import array_codec
from schemas.base.array_codec import Kept

Row = dict[str, Any]


class Placed:
    """The arrays and sessions of an archive, each stored once when it is first asked for.

    Memory: ``AT_ONCE`` arrays, one session, and a line for each array.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._arrays: dict[tuple[str, str], Kept] = {}
        self._sessions: set[tuple[str, str]] = set()
        self._digests: dict[str, str] = {}

    def store(self, schema: str, digests: Iterable[Any]) -> None:
        """Store arrays for rows of a schema, several at once. Raises ArchiveError, StoreError, StoreAway."""
        wanted = {one for one in digests if isinstance(one, str) and (schema, one) not in self._arrays}
        for some in batches(sorted(wanted), array_codec.AT_ONCE):
            kept = array_codec.keep(schema, [self._read(one) for one in some])
            self._arrays.update({(schema, one): found for one, found in zip(some, kept, strict=True)})

    def array(self, schema: str, digest: str) -> Kept:
        """What a row of a schema holds in the place of an array."""
        self.store(schema, [digest])
        return self._arrays[schema, digest]

    def session(self, row: Row) -> None:
        """See that the trials of a row of ``Dataset.Session`` lie where it says. Raises as ``restore_session``."""
        place = str(row["store_path"]), str(row["rows_digest"])
        if place not in self._sessions:
            restore_session(self._archive, row)
            self._sessions.add(place)

    def digest(self, reference: Any) -> str:
        """By what digest an archive knows the array that a row of this database refers to."""
        if reference.path not in self._digests:
            self._digests[reference.path] = hashlib.sha256(array_bytes(loaded(reference))).hexdigest()
        return self._digests[reference.path]

    def _read(self, digest: str) -> np.ndarray:
        name = f"arrays/{digest}.npy"
        if self._archive.entry(name).sha256 != digest:
            raise ArchiveError(f"{self._archive.place}: {name} is not what its name says")
        with tempfile.TemporaryDirectory() as folder:
            return read_array(self._archive.copy(name, Path(folder) / "array.npy"))
