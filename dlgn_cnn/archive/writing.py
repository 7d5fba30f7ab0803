"""Writing an archive: under another name until it is whole, so that what bears its name can be trusted to be."""

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from dlgn_cnn.archive.manifest import MANIFEST, Entry, check_name
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.storage.files import file_sha256


class Sink(Protocol):
    """Where files go: a folder, a zip or a tar file."""

    def add(self, name: str, file: Path) -> None:
        """Copy a file in under a name."""

    def close(self) -> None:
        """Nothing more is added."""


class ArchiveWriter:
    """Files added one at a time, each known by its bytes from then on; ``files`` is what the manifest says of them.

    Memory: one file is copied in pieces, and what is kept is a name, a size and a digest of each.
    """

    def __init__(self, sink: Sink, place: Path) -> None:
        self._sink, self._place = sink, place
        self.files: dict[str, Entry] = {}

    def add(self, name: str, file: Path, sha256: str | None = None) -> Entry:
        """Add a file, unless one of that name is there; with ``sha256`` its content must have that digest."""
        if name in self.files:
            return self.files[name]
        entry = Entry(file.stat().st_size, file_sha256(file))
        if sha256 is not None and entry.sha256 != sha256:
            raise ArchiveError(f"{file} is not what a row says of it: its bytes have another sha256; restore it")
        self._sink.add(check_name(name, str(self._place)), file)
        self.files[name] = entry
        return entry

    def add_bytes(self, name: str, data: bytes) -> str:
        """Add a small file; its sha256 is returned."""
        digest = hashlib.sha256(data).hexdigest()
        if name not in self.files:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "file"
                file.write_bytes(data)
                self.add(name, file)
        return digest

    def finish(self, manifest: bytes) -> None:
        """Add the manifest, the last file."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / MANIFEST
            file.write_bytes(manifest)
            self._sink.add(MANIFEST, file)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """A writer of the archive ``path``: ``.zip`` and ``.tar`` by its ending, a folder otherwise.

    It gets its name when the block ends well; otherwise nothing is left. Raises ArchiveError where something has that
    name, and where the disk gives out.
    """
    if path.exists() or path.is_symlink():
        raise ArchiveError(f"{path} is there already: name a new archive, or move that one away")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    _remove(partial)
    try:
        sink = _sink(partial, path.suffix)
        try:
            yield ArchiveWriter(sink, path)
        finally:
            sink.close()
        if path.exists():
            raise ArchiveError(f"{path} came to be meanwhile: name a new archive")
        os.replace(partial, path)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be written ({error}): nothing of it was kept") from error
    finally:
        _remove(partial)


def _sink(partial: Path, suffix: str) -> Sink:
    if suffix in (".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"):
        raise ArchiveError(f"an archive that ends in {suffix} cannot be read in parts: end it in .zip, .tar or nothing")
    if suffix == ".zip":
        return _Zip(partial)
    return _Tar(partial) if suffix == ".tar" else _Folder(partial)


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir()

    def add(self, name: str, file: Path) -> None:
        target = self._path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)

    def close(self) -> None:
        pass


class _Zip:
    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False)

    def add(self, name: str, file: Path) -> None:
        self._zip.write(file, name)

    def close(self) -> None:
        self._zip.close()


class _Tar:
    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "x:", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, file: Path) -> None:
        info = tarfile.TarInfo(name)  # with nobody's name and rights in it
        info.size = file.stat().st_size
        with file.open("rb") as content:
            self._tar.addfile(info, content)

    def close(self) -> None:
        self._tar.close()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
