"""Files and folders that get their name once they are whole; an interrupted writer leaves no file of that name.

They have all rights that the umask leaves, also where a library that writes them gives fewer, so that the users of a
shared store can go on with each other's files.

A process that is killed leaves a hidden ``.NAME-DIGITS.tmp`` next to the name, which may be deleted.
"""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: Path, durable: bool = False) -> Iterator[Path]:
    """Yield an empty file that replaces ``path`` when the block ends well, and is removed otherwise.

    Parameters
    ----------
    path : Path
        Name of the file; missing folders are made.
    durable : bool, default False
        Whether the bytes are on the disk before the file gets its name.

    Yields
    ------
    Path
        Where the block writes.

    Raises
    ------
    OSError
        If the place cannot be written.
    """
    temporary = _hidden(path)
    try:
        temporary.touch(exist_ok=False)
        mode = temporary.stat().st_mode
        yield temporary
        _allow(temporary, mode)
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that gets the name ``path`` when the block ends well, and is removed otherwise.

    Raises OSError if ``path`` is a file or a folder that holds something by then.
    """
    temporary = _hidden(path)
    try:
        temporary.mkdir()
        mode = temporary.stat().st_mode
        yield temporary
        for below in temporary.rglob("*"):
            _allow(below, mode)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_bytes(path: Path, data: bytes, durable: bool = False) -> None:
    """Write a file's bytes, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        Its content.
    durable : bool, default False
        Whether the bytes are on the disk before the file gets its name.
    """
    with whole_file(path, durable) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a file's text as UTF-8, see ``whole_file``."""
    write_bytes(path, text.encode())


def _allow(path: Path, mode: int) -> None:
    """Give what a library wrote the rights that it lacks of those of the file or folder that was made for it."""
    found = path.lstat().st_mode
    wanted = stat.S_IMODE(mode) if stat.S_ISDIR(found) else stat.S_IMODE(mode) & 0o666
    if not stat.S_ISLNK(found) and wanted & ~found:
        with contextlib.suppress(PermissionError):  # of a file system that knows no such rights
            path.chmod(stat.S_IMODE(found) | wanted)


def _hidden(path: Path) -> Path:
    """A name of its own in the folder of ``path``, which is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name[:100]}-{secrets.token_hex(8)}.tmp")
