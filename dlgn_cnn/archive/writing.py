"""Writing an archive: under another name until it is whole, so that an archive of that name is complete."""

import contextlib
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.zip import ZipFileSystem

from dlgn_cnn.archive.manifest import MANIFEST, FileEntry, check_name
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.storage.atomic import whole_file, whole_folder
from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.storage.rights import present, raise_if_forbidden

OTHERS = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")


class ArchiveWriter:
    """Files added one at a time, each known by its bytes from then on; ``files`` is what the manifest says of them.

    Memory: one file is copied in pieces, and what is kept is a name, a size and a digest of each.
    """

    def __init__(self, files: Any, place: Path) -> None:
        self._files, self._place = files, place
        self.files: dict[str, FileEntry] = {}

    def add(self, name: str, file: Path) -> None:
        """Add a file, unless one of that name is there."""
        if name not in self.files:
            self._files.put_file(str(file), check_name(name, str(self._place)))
            self.files[name] = FileEntry(file.stat().st_size, file_sha256(file))

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a small file."""
        self._files.pipe_file(check_name(name, str(self._place)), data)
        self.files[name] = FileEntry(len(data), hashlib.sha256(data).hexdigest())

    def finish(self, manifest: bytes) -> None:
        """Add the manifest, the last file."""
        self._files.pipe_file(MANIFEST, manifest)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """A writer of the archive ``path``: a zip file if it ends in ``.zip``, a folder if it has no such ending.

    It gets its name when the block ends well; otherwise nothing is left. Raises ArchiveError if something has that
    name, if the name ends as another kind of archive, and if the disk is full.
    """
    if present(path) or path.is_symlink():
        raise ArchiveError(f"{path} is there already: name a new archive, or move that one away")
    if path.suffix in OTHERS:
        raise ArchiveError(f"an archive that ends in {path.suffix} is not written: end it in .zip or nothing")
    try:
        with _files(path) as files:
            yield ArchiveWriter(files, path)
            if present(path):
                raise ArchiveError(f"{path} came to be meanwhile: name a new archive")
    except OSError as error:
        raise_if_forbidden(error)
        raise ArchiveError(f"{path} cannot be written ({error}): nothing of it was kept") from error


@contextlib.contextmanager
def _files(path: Path) -> Iterator[Any]:
    """The file system of a new archive, to be written to."""
    if path.suffix != ".zip":
        with whole_folder(path) as partial:
            yield DirFileSystem(str(partial.absolute()), LocalFileSystem(auto_mkdir=True))
        return
    with whole_file(path) as partial, partial.open("wb") as file:
        files = ZipFileSystem(file, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        try:
            yield files
        finally:
            files.close()
