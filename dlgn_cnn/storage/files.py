"""Files known by their bytes."""

import hashlib
import socket
from pathlib import Path

from dlgn_cnn.errors import MissingFile
from dlgn_cnn.storage.rights import files_below, present_folder

# Files and folders that Python, Phy, Kilosort and desktops leave behind, and change when somebody only looks.
CACHES = frozenset({"__pycache__", ".phy", "phy.log", "temp_wh.dat", ".DS_Store"})


def path_sha256(path: Path) -> str:
    """Hex digest of a file's bytes, or of names and bytes of all files below a folder but those of ``CACHES``."""
    if not present_folder(path):
        return file_sha256(path)
    digest = hashlib.sha256()
    for file in sorted(found for found in files_below(path) if CACHES.isdisjoint(found.relative_to(path).parts)):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file_sha256(file)}\0".encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def missing_file(what: str, path: Path, stored: str = "") -> MissingFile:
    """The error for a recording's file that this machine does not have.

    Parameters
    ----------
    what : str
        Kind of file, as ``"scene file"``.
    path : Path
        Where it was looked for.
    stored : str
        Its path as its row holds it (default: the same).

    Returns
    -------
    MissingFile
        Names both paths, the host, and what can be done.
    """
    host, stored = socket.gethostname(), stored or str(path)
    led = "" if stored == str(path) else f", where DLGN_PATHS leads to {path}"
    return MissingFile(
        f"{what} {stored} is missing on host {host}{led}: mount or restore it there; if it has moved, run dlgn ingest "
        f"on its new place; if this host has its folder under another path, set DLGN_PATHS=STORED_FOLDER=FOLDER_HERE"
    )
