"""Table of contents of an archive: its files with their digests, and its tables."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dlgn_cnn.archive import json_text
from dlgn_cnn.errors import ArchiveError

FORMAT = 1
MANIFEST = "manifest.json"
MODELS_FILE = "models.json"
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=-]{0,254}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileEntry:
    """One file: its size in bytes and the sha256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True)
class StoredColumn:
    """One column of a table: its kind (int, float64, text, json, npy, ...) and whether it may be null."""

    name: str
    kind: str
    nullable: bool


@dataclass(frozen=True)
class Table:
    """One table: its columns and how many rows of it there are."""

    columns: tuple[StoredColumn, ...]
    rows: int


@dataclass(frozen=True)
class Manifest:
    """Table of contents of an archive. ``left_out`` are sentences on what it lacks on purpose."""

    files: dict[str, FileEntry]
    tables: dict[str, Table] = field(default_factory=dict)
    published: str = ""
    package: str = ""
    schema_version: str | None = None
    selection: dict[str, Any] = field(default_factory=dict)
    license: str = ""
    citation: str = ""
    left_out: tuple[str, ...] = ()
    format: int = FORMAT

    @property
    def size_bytes(self) -> int:
        """Size of all files when unpacked."""
        return sum(entry.size for entry in self.files.values())

    def to_json(self) -> bytes:
        """The text of ``manifest.json``."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @classmethod
    def parse(cls, text: bytes, place: str) -> "Manifest":
        """The manifest in these bytes. Raises ArchiveError, which names ``place``, for anything else."""
        try:
            found = json_text.parse(text, f"{place}: {MANIFEST}")
            if found["format"] != FORMAT:
                raise ArchiveError(f"{place} is of format {found['format']!r}, this version reads {FORMAT}: upgrade it")
            files = {str(name): FileEntry(int(one["size"]), str(one["sha256"])) for name, one in found["files"].items()}
            tables = {str(name): _table(one) for name, one in found["tables"].items()}
            rest = {name: found[name] for name in ("published", "package", "schema_version", "selection")}
            rest |= {name: str(found[name]) for name in ("license", "citation")}
            manifest = cls(files, tables, left_out=tuple(map(str, found["left_out"])), **rest)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise ArchiveError(f"{place}: {MANIFEST} is not a manifest ({type(error).__name__}: {error})") from error
        _check(manifest, place)
        return manifest


def check_name(name: str, place: str) -> str:
    """A file's name within an archive, once it is sure to stay below any folder. Raises ArchiveError."""
    segments = name.split("/")
    if len(name) > 500 or not all(_SEGMENT.fullmatch(one) for one in segments):
        raise ArchiveError(
            f"{place} names a file {name[:80]!r}, which no archive of ours would: nothing of it was read"
        )
    return name


def _check(manifest: Manifest, place: str) -> None:
    for name, entry in manifest.files.items():
        check_name(name, place)
        if entry.size < 0 or not _DIGEST.fullmatch(entry.sha256):
            raise ArchiveError(f"{place}: size or sha256 of {name} in its manifest is none")


def _table(found: Mapping[str, Any]) -> Table:
    return Table(tuple(StoredColumn(**one) for one in found["columns"]), int(found["rows"]))
