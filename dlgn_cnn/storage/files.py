"""Files known by their bytes."""

import hashlib
from pathlib import Path


def path_sha256(path: Path) -> str:
    """Hex digest of a file's bytes, or of the names and bytes of all files below a folder, except Python's caches."""
    if not path.is_dir():
        return file_sha256(path)
    digest = hashlib.sha256()
    for file in sorted(found for found in path.rglob("*") if found.is_file() and found.parent.name != "__pycache__"):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file_sha256(file)}\0".encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
