"""Rows of a Deep Lake folder of another program, read by a process of its own.

Deep Lake 4.7 reads folders of version 3 through its query engine, which on a busy machine now and then ends the process
with a segmentation fault. So a child process opens the folder, once, and copies its cells to files; if the child
dies, another is started, and the worker lives on.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.data.store.session_store import ROWS_INDEX
from dlgn_cnn.errors import RecordingError

TRIES = 5
COPY = """
import sys
from pathlib import Path
from dlgn_cnn.data.store.session_store import copy_deeplake_rows
from dlgn_cnn.errors import RecordingError
try:
    copy_deeplake_rows(Path(sys.argv[1]), Path(sys.argv[2]))
except RecordingError as error:
    sys.exit(str(error))
"""


class DeepLakeRows:
    """A folder's rows, column by name. The copies of their cells lie in a temporary folder for as long as this does.

    The folder carries no hashes, so a chunk that was damaged before it came to us reads as zeros and cannot be told
    from data. Raises RecordingError for one that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = tempfile.TemporaryDirectory(prefix="dlgn-deeplake-")
        _copy(folder, self._place.name)
        index = json.loads((Path(self._place.name) / ROWS_INDEX).read_text())
        self.columns: list[str] = index["columns"]
        self._rows = int(index["rows"])

    def __len__(self) -> int:
        return self._rows

    def cell(self, row: int, column: str) -> Any:
        """One cell: an array, or a text. Raises RecordingError for one that could not be read."""
        file = Path(self._place.name) / f"{row}.{self.columns.index(column)}"
        said = file.with_suffix(f"{file.suffix}.json")
        if not said.exists():
            return np.load(f"{file}.npy", allow_pickle=False)
        found = json.loads(said.read_text())
        if "error" in found:
            raise RecordingError(f"{self.folder}: row {row}, {column} cannot be read ({found['error']})")
        return found["text"]


def deeplake_rows(folder: Path) -> DeepLakeRows:
    """The rows of a folder; those of the last one are kept, since its scenes are asked for one by one."""
    resolved = folder.resolve()
    changed_ns = max((file.stat().st_mtime_ns for file in resolved.rglob("*")), default=0)
    return _kept(resolved, changed_ns)


@functools.lru_cache(maxsize=1)
def _kept(folder: Path, changed_ns: int) -> DeepLakeRows:
    return DeepLakeRows(folder)


def _copy(folder: Path, place: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-c", COPY, str(folder), place], env=environment, capture_output=True, text=True
        )
        if done.returncode == 0:
            return
        if done.returncode > 0:
            raise RecordingError(done.stderr.strip().splitlines()[-1])
    raise RecordingError(
        f"{folder}: Deep Lake crashed {TRIES} times while reading it (signal {-done.returncode}): copy the folder "
        "again, or convert it with Deep Lake 3"
    )
