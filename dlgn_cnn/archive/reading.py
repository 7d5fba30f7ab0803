"""Reading an archive: nothing of a file is used before its size and digest are those of the manifest."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from dlgn_cnn.archive.manifest import MANIFEST, MAX_MANIFEST_BYTES, Entry, Manifest
from dlgn_cnn.archive.sources import Source, local_source
from dlgn_cnn.errors import ArchiveError
from dlgn_cnn.runtime.progress import Progress, silent

PIECE = 2**20


class Archive:
    """An opened archive. ``sha256`` is that of its manifest, which pins every byte of it.

    Raises ArchiveError where it is not ours, lacks a file, holds one that its manifest does not name, or is not the one
    that ``expected`` pins. No more is ever read of a file than the manifest announces.
    """

    def __init__(self, source: Source, place: str, expected: str | None = None) -> None:
        self._source, self.place = source, place
        names = source.names()
        if names is not None and MANIFEST not in names:
            raise ArchiveError(f"{place} is no archive of dlgn publish: it holds no {MANIFEST}")
        text = self._manifest_bytes()
        self.sha256 = hashlib.sha256(text).hexdigest()
        if expected is not None and self.sha256 != expected.lower():
            raise ArchiveError(f"{place} is not the archive that was asked for: its digest is {self.sha256}")
        self.manifest = Manifest.parse(text, place)
        if names is not None:
            self._compare(names)

    def copy(self, name: str, path: Path) -> Path:
        """Copy a file out, checked as it is written; ``path`` is there whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in self._pieces(name):
                    file.write(piece)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return path

    def read(self, name: str, limit: int = MAX_MANIFEST_BYTES) -> bytes:
        """A small file's bytes, checked."""
        if self.entry(name).size > limit:
            raise ArchiveError(f"{self.place}: {name} has {self.entry(name).size} bytes, expected {limit} at most")
        return b"".join(self._pieces(name))

    def read_json(self, name: str) -> Any:
        """A JSON file's value."""
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise ArchiveError(f"{self.place}: {name} is no JSON ({error})") from error

    def entry(self, name: str) -> Entry:
        """What the manifest says of a file. Raises ArchiveError for one that it does not name."""
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
        entry, digest, left = self.entry(name), hashlib.sha256(), self.entry(name).size
        try:
            with self._source.open(name) as file:
                while piece := file.read(min(PIECE, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        break
                    digest.update(piece)
                    yield piece
        except ArchiveError:
            raise
        except Exception as error:  # zlib, zipfile, tarfile, fsspec: each has errors of its own
            raise ArchiveError(f"{self.place}: {name} cannot be read ({type(error).__name__}: {error})") from error
        if left != 0 or digest.hexdigest() != entry.sha256:
            raise ArchiveError(f"{self.place}: {name} is damaged: its bytes are not those that were published")

    def _manifest_bytes(self) -> bytes:
        try:
            with self._source.open(MANIFEST) as file:
                text = _read_at_most(file, MAX_MANIFEST_BYTES + 1)
        except Exception as error:
            raise ArchiveError(f"{self.place} holds no {MANIFEST} that can be read ({error})") from error
        if len(text) > MAX_MANIFEST_BYTES:
            raise ArchiveError(f"{self.place}: its {MANIFEST} has more than {MAX_MANIFEST_BYTES} bytes")
        return text

    def _compare(self, names: set[str]) -> None:
        named = {*self.manifest.files, MANIFEST}
        if lacking := sorted(named - names):
            raise ArchiveError(f"{self.place} lacks {len(lacking)} files, as {lacking[0]}: copy it again")
        if surplus := sorted(names - named):
            raise ArchiveError(f"{self.place} holds {surplus[0]}, which its manifest does not name: it is not read")


def open_archive(path: Path, expected: str | None = None) -> Archive:
    """The archive at a path of this machine. Raises ArchiveError."""
    return Archive(local_source(path), str(path), expected)


def _read_at_most(file: IO[bytes], limit: int) -> bytes:
    found = bytearray()
    while len(found) < limit and (piece := file.read(min(PIECE, limit - len(found)))):
        found += piece
    return bytes(found)
