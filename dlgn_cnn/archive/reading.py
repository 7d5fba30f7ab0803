"""Reading an archive: nothing of a file is used before its size and digest are those of the manifest."""

import contextlib
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.zip import ZipFileSystem

from dlgn_cnn.archive import json_text
from dlgn_cnn.archive.manifest import MANIFEST, FileEntry, Manifest, check_name
from dlgn_cnn.archive.places import copy_of, fetch, is_copied
from dlgn_cnn.bounds import check, limit
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.storage.atomic import whole_file
from dlgn_cnn.storage.file_systems import file_system, shown
from dlgn_cnn.storage.rights import present, present_file, present_folder, raise_if_forbidden, require_readable

PIECE = 2**20


class Archive:
    """An opened archive. ``sha256`` is that of its manifest, which pins every byte of it.

    Parameters
    ----------
    files : fsspec file system
        Where its files are, by their names within the archive.
    place : str
        How messages name it.
    expected : str, optional
        The digest that pins it.
    listed : bool, default True
        Whether its files can be listed. Of one that cannot, only files that its manifest names are fetched.

    Raises
    ------
    ArchiveError
        If it is not ours, lacks a file, holds one that its manifest does not name, or is not the one that is expected.
        No more is read of a file than the manifest announces.
    """

    def __init__(self, files: Any, place: str, expected: str | None = None, listed: bool = True) -> None:
        self._files, self.place = files, place
        names = _names(files, place) if listed else None
        if names is not None and MANIFEST not in names:
            raise ArchiveError(f"{place} is not an archive of dlgn publish: it holds no {MANIFEST}")
        text = b"".join(self._unchecked(MANIFEST, limit("archive.json")))
        check("archive.json", len(text), f"{place}: {MANIFEST}", error=ArchiveError)
        self.sha256 = hashlib.sha256(text).hexdigest()
        if expected is not None and self.sha256 != expected.lower():
            raise ArchiveError(f"{place} is not the archive that was asked for: its digest is {self.sha256}")
        self.manifest = Manifest.parse(text, place)
        if names is not None:
            self._compare(names)

    @property
    def rows(self) -> dict[str, int]:
        """Number of rows by table."""
        return {name: table.rows for name, table in self.manifest.tables.items()}

    def copy(self, name: str, path: Path) -> Path:
        """Copy a file out, checked as it is written; ``path`` is there whole or not at all."""
        with whole_file(path) as temporary, temporary.open("wb") as file:
            for piece in self._pieces(name):
                file.write(piece)
        return path

    def read(self, name: str) -> bytes:
        """A small file's bytes, checked."""
        check("archive.json", self.entry(name).size, f"{self.place}: {name}", error=ArchiveError)
        return b"".join(self._pieces(name))

    def read_json(self, name: str) -> Any:
        """A JSON file's value."""
        return json_text.parse(self.read(name), f"{self.place}: {name}")

    def entry(self, name: str) -> FileEntry:
        """Size and digest of a file, by the manifest. Raises ArchiveError for one that it does not name."""
        if name not in self.manifest.files:
            raise ArchiveError(f"{self.place} holds no {name}: it was left out, or the archive is another one")
        return self.manifest.files[name]

    def verify(self, progress: Progress = silent) -> None:
        """Read every file and compare its size and digest."""
        for done, name in enumerate(sorted(self.manifest.files), 1):
            for _ in self._pieces(name):
                pass
            progress(done, len(self.manifest.files))

    def _pieces(self, name: str) -> Iterator[bytes]:
        """A file's bytes in pieces; raises ArchiveError at the end, or as soon as there are too many."""
        entry, digest, size = self.entry(name), hashlib.sha256(), 0
        for piece in self._unchecked(name, entry.size):
            size += len(piece)
            digest.update(piece)
            yield piece
        if size != entry.size or digest.hexdigest() != entry.sha256:
            raise ArchiveError(f"{self.place}: {name} is damaged: its bytes are not those that were published")

    def _unchecked(self, name: str, limit: int) -> Iterator[bytes]:
        """A file's bytes in pieces, ``limit`` of them and one more at most."""
        left = limit + 1
        try:
            with self._files.open(name) as file:
                while piece := file.read(min(PIECE, left)):
                    left -= len(piece)
                    yield piece
        except Exception as error:  # zlib, zipfile, tarfile, fsspec: each has errors of its own
            raise_if_forbidden(error)
            raise ArchiveError(f"{self.place}: {name} cannot be read ({type(error).__name__}: {error})") from error

    def _compare(self, names: set[str]) -> None:
        named = {*self.manifest.files, MANIFEST}
        if lacking := sorted(named - names):
            raise ArchiveError(f"{self.place} lacks {len(lacking)} files, as {lacking[0]}: copy it again")
        if surplus := sorted(names - named):
            raise ArchiveError(f"{self.place} holds {surplus[0]}, which its manifest does not name: it is not read")


def open_archive(
    where: str | Path, expected: str | None = None, cache: Path | None = None, again: bool = False
) -> Archive:
    """Open the archive at a path or URL: a folder, of which only what is asked for is fetched, or a zip file.

    Parameters
    ----------
    where : str or Path
        A path, or a URL that fsspec knows.
    expected : str, optional
        The digest that pins it. A copy in the cache that is another archive is fetched again.
    cache : Path, optional
        Where copies of zip files from URLs are kept (default: the user's cache folder).
    again : bool, default False
        Whether to fetch a zip file although there is a copy.

    Returns
    -------
    Archive
        The archive.

    Raises
    ------
    ArchiveError
        If there is none that can be read.
    """
    url = str(where)
    if "://" not in url:
        return _local(Path(where).expanduser(), expected)
    if not is_copied(url):
        files, root = file_system(url, ArchiveError)
        return Archive(DirFileSystem(root, files), shown(url), expected, listed=False)
    kept = copy_of(url, cache)
    if present(kept) and not again:
        with contextlib.suppress(ArchiveError):  # cut short, or an earlier state of that URL
            return _local(kept, expected)
    fetch(url, kept)
    return _local(kept, expected)


def _local(path: Path, expected: str | None) -> Archive:
    local = fsspec.filesystem("file")
    if present_folder(path):
        require_readable(path)  # or fsspec would leave files out, and the archive would lack them
        return Archive(DirFileSystem(str(path.absolute()), local), str(path), expected)
    if not present_file(path):
        raise ArchiveError(f"there is no archive {path}: give the path of a folder or a .zip file")
    try:
        files = ZipFileSystem(local.open(str(path)))
    except Exception as error:  # also of a version of the format that zipfile does not know
        raise_if_forbidden(error, path)
        raise ArchiveError(f"{path} is not a zip file that can be read ({error}): copy it again") from error
    members = files.zip.infolist()
    check("archive.members", len(members), path, error=ArchiveError)
    check("archive.unpacked", sum(one.file_size for one in members), path, path.stat().st_size, ArchiveError)
    names = {one.filename for one in members}
    if len(members) != len(names) or "" in names:
        raise ArchiveError(
            f"{path} holds a file {'without a name' if '' in names else 'twice'}: nothing of it was read"
        )
    return Archive(files, str(path), expected)


def _names(files: Any, place: str) -> set[str]:
    """All files of an archive. Raises ArchiveError for what could lead out of it: links and odd names."""
    found = files.find("", detail=True)
    for name, info in found.items():
        kind = stat.S_IFMT((info.get("external_attr") or 0) >> 16)  # of a zip file's member
        encrypted = (info.get("flag_bits") or 0) & 1
        if info.get("islink") or info["type"] != "file" or kind not in (0, stat.S_IFREG) or encrypted:
            raise ArchiveError(f"{place} holds {name[:80]!r}, which is a link, encrypted or not a file: it is not read")
        check_name(name, place)
    return set(found)
