"""Where an archive's files are read from: a folder, a zip file, a tar file, or a folder somewhere else.

Each lists its files before any is read, and refuses what could lead out of it: links, devices, odd names, doubles.
"""

import os
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Protocol

import fsspec

from dlgn_cnn.archive.manifest import check_name
from dlgn_cnn.errors import ArchiveError


class Source(Protocol):
    """Files by name."""

    def names(self) -> set[str] | None:
        """All files, checked to be plain ones; None where they cannot be listed. Raises ArchiveError."""

    def open(self, name: str) -> IO[bytes]:
        """A file's bytes from their begin. Raises KeyError or OSError where there is none."""


class Folder:
    """An unpacked archive."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> set[str]:
        """All files below the folder."""
        found = []
        for base, folders, files in os.walk(self._path, followlinks=False):
            for name in (*folders, *files):
                file = Path(base) / name
                mode = file.lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    raise ArchiveError(f"{self._path} holds {file.name}, which is a link or no file: it is not read")
            found += [(Path(base) / name).relative_to(self._path).as_posix() for name in files]
        return _checked(found, self._path)

    def open(self, name: str) -> IO[bytes]:
        """A file's bytes."""
        return (self._path / name).open("rb")


class Zip:
    """A zip file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise ArchiveError(f"{path} is no zip file that can be read ({error}): copy it again") from error

    def names(self) -> set[str]:
        """All files of the zip."""
        files = [one for one in self._zip.infolist() if not one.is_dir()]
        for one in files:
            kind = stat.S_IFMT(one.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or one.flag_bits & 0x1:
                raise ArchiveError(f"{self._path} holds {one.filename[:80]!r}, a link or encrypted: it is not read")
        return _checked([one.filename for one in files], self._path)

    def open(self, name: str) -> IO[bytes]:
        """A file's bytes."""
        return self._zip.open(name)


class Tar:
    """A tar file that is not compressed, so that each file can be read by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115
            self._members = [one for one in self._tar.getmembers() if not one.isdir()]
        except (tarfile.TarError, OSError, ValueError) as error:
            raise ArchiveError(f"{path} is no tar file that can be read ({error}): copy it again") from error
        self._by_name = {one.name: one for one in self._members}

    def names(self) -> set[str]:
        """All files of the tar."""
        for one in self._members:
            if not one.isreg():
                raise ArchiveError(f"{self._path} holds {one.name[:80]!r}, a link or no file: it is not read")
        return _checked([one.name for one in self._members], self._path)

    def open(self, name: str) -> IO[bytes]:
        """A file's bytes."""
        found = self._tar.extractfile(self._by_name[name])
        if found is None:
            raise KeyError(name)
        return found


class Remote:
    """An unpacked archive at a URL, of which only what is asked for is fetched."""

    def __init__(self, url: str) -> None:
        try:
            self._files, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ArchiveError(
                f"{url.partition(':')[0]} is no kind of place that fsspec knows here: install its package"
            ) from error
        self._root = str(root).rstrip("/")

    def names(self) -> None:
        """Unknown: what the manifest does not name is never fetched."""

    def open(self, name: str) -> IO[bytes]:
        """A file's bytes."""
        opened: IO[bytes] = self._files.open(f"{self._root}/{name}", "rb")
        return opened


def local_source(path: Path) -> Source:
    """The source for a path: a folder, or a file that is one of both kinds. Raises ArchiveError."""
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        raise ArchiveError(f"there is no archive {path}: give the path of a folder, .zip or .tar file")
    return Zip(path) if zipfile.is_zipfile(path) else Tar(path)


def _checked(names: Iterable[str], place: Path) -> set[str]:
    found: set[str] = set()
    for name in names:
        if check_name(name, str(place)) in found:
            raise ArchiveError(f"{place} holds {name} twice: nothing of it was read")
        found.add(name)
    return found
