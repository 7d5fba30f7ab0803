"""Files that are named by their bytes, in a folder or in an object store: one small interface for both.

A name is the sha256 of the content and an ending. So an object never changes, may be written twice at once, and is
checked whenever it is read: what has another digest is an error, never a wrong number. ``write`` and ``read`` are for
those who make names of their own, and check what they read.
"""

import contextlib
import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage import atomic
from dlgn_cnn.storage.file_systems import file_system, is_there
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import files_below, present_file
from dlgn_cnn.storage.store_errors import client_errors


class ObjectStore:
    """Files below ``url``, a folder's path or any URL that fsspec knows; copies of remote ones lie in ``cache``."""

    def __init__(self, url: str | Path, cache: Path | None = None) -> None:
        self._files, self.root = file_system(str(url))
        self.url = str(url)
        self.local = Path(self.root) if "file" in _protocols(self._files) else None
        folder = self.local or cache
        if folder is None:
            raise StoreError(f"{url} is not on this machine: name a cache folder for copies of what is read")
        self._folder = folder  # the files themselves, or copies of those that were read

    def put(self, file: Path, ending: str) -> str:
        """Store a file; its sha256 is returned. Raises StoreError where it cannot be written or read back."""
        digest = file_sha256(file)
        name = f"{digest}{ending}"
        with self._written(name):
            if self.local is not None:
                with atomic.whole_file(self.local / name) as temporary:
                    shutil.copyfile(file, temporary)
            elif not is_there(self._files, f"{self.root}/{name}"):
                if "s3" not in _protocols(self._files):  # it has no folders, and would make a misspelt bucket
                    self._files.makedirs(self.root, exist_ok=True)
                self._files.put_file(str(file), f"{self.root}/{name}")
                self.get(digest, ending)
        return digest

    def get(self, digest: str, ending: str) -> Path:
        """A file on this machine with that content. Raises StoreError where it is missing or altered."""
        name = f"{digest}{ending}"
        path = self._folder / name
        if not present_file(path) and self.local is None:
            with self._asked("read", name), contextlib.suppress(FileNotFoundError), atomic.whole_file(path) as copy:
                self._files.get_file(f"{self.root}/{name}", str(copy))
        if not present_file(path):
            raise StoreError(f"{self.url}/{name} is missing: restore the store, or delete the row and populate again")
        if file_sha256(path) != digest:
            if self.local is None:
                path.unlink()  # a damaged copy, which would otherwise stay
            raise StoreError(f"{self.url}/{name} is not what was stored: its bytes have another sha256")
        return path

    def write(self, name: str, data: bytes) -> None:
        """Store bytes under a name of the caller's: there whole or not at all. Raises StoreError."""
        with self._written(name):
            if self.local is None:
                self._files.pipe_file(f"{self.root}/{name}", data)
            else:
                atomic.write_bytes(self.local / name, data, durable=True)

    def read(self, name: str) -> bytes:
        """The bytes under a name. Raises StoreError."""
        with self._asked("read", name):
            return bytes(self._files.cat_file(f"{self.root}/{name}"))

    def sizes(self) -> dict[str, int]:
        """Every file that is stored, whole or left by a killed writer, with its size in bytes. Raises StoreError."""
        with self._asked("listed"):
            if self.local is not None:
                return dict(_sizes_below(self.local))
            self._files.invalidate_cache()
            found = self._files.find(self.root, detail=True)
            return {path[len(self.root) + 1 :]: info["size"] for path, info in found.items()}

    def modified(self, name: str) -> datetime.datetime:
        """When a stored file was written, in UTC."""
        found: datetime.datetime = self._files.modified(f"{self.root}/{name}")
        return found.replace(tzinfo=found.tzinfo or datetime.UTC)

    def delete(self, name: str) -> None:
        """Remove a stored file, and this machine's copy of it."""
        self._files.rm_file(f"{self.root}/{name}")
        (self._folder / name).unlink(missing_ok=True)

    def _written(self, name: str) -> contextlib.AbstractContextManager[None]:
        return client_errors(f"{self.url}/{name} cannot be written", f"{self.url}/{name}", writing=True)

    def _asked(self, what: str, name: str = "") -> contextlib.AbstractContextManager[None]:
        return client_errors(f"{self.url}/{name} cannot be {what}", f"{self.url}/{name}")


def _sizes_below(folder: Path) -> Iterator[tuple[str, int]]:
    """Files with their sizes. fsspec leaves folders out that may not be listed, or give no answer for now."""
    for path in sorted(files_below(folder)):
        with contextlib.suppress(FileNotFoundError):  # removed meanwhile
            yield path.relative_to(folder).as_posix(), path.stat().st_size


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)
