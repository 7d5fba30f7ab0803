"""Rights on files: what may not be read is never taken for missing.

``Path.exists`` and its kin say False, on some versions of Python, of what lies in a folder that may not be searched;
``Path.rglob`` and fsspec leave such folders out. What is asked here raises PermissionError instead.
"""

import errno
import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from dlgn_cnn.errors import error_chain

EFFECTIVE = os.access in os.supports_effective_ids


def present(path: Path) -> bool:
    """Whether anything is at a path. Raises PermissionError where the folders above it may not be searched."""
    return _mode(path) is not None


def present_file(path: Path) -> bool:
    """Whether a file is at a path. Raises PermissionError, see ``present``."""
    return stat.S_ISREG(_mode(path) or 0)


def present_folder(path: Path) -> bool:
    """Whether a folder is at a path. Raises PermissionError, see ``present``."""
    return stat.S_ISDIR(_mode(path) or 0)


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder. Raises PermissionError for a folder that may not be listed, which no glob does."""
    for place, _, names in os.walk(folder, onerror=_raise, followlinks=False):
        yield from (path for path in (Path(place) / name for name in names) if present_file(path))


def require_readable(path: Path) -> None:
    """Raise PermissionError if a file, or the first file or folder below a folder, may not be read."""
    for one in files_below(path) if present_folder(path) else (path,):
        if not _may(one, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(one))


def raise_if_forbidden(error: BaseException, path: Path | None = None) -> None:
    """Raise PermissionError where a missing right is behind an error of a library, which takes it for damage.

    Parameters
    ----------
    error : BaseException
        The error that was caught.
    path : Path, optional
        What was read, a file or a folder, to be asked where the error does not say it.
    """
    for one in error_chain(error):
        if type(one) is PermissionError:  # FFmpeg's own kind also means damage
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(one.filename or path)) from error
    if path is not None:
        require_readable(path)


def refusal(place: str) -> str:
    """One sentence of who may not use a place, whose it is, and what to do.

    Parameters
    ----------
    place : str
        Path or URL that a PermissionError names.

    Returns
    -------
    str
        The sentence; it says that the place is there, and never to remove anything.
    """
    if "://" in place:
        return f"the account of this process's keys may not use {place}: ask the keeper of that store for the right"
    path = Path(os.path.abspath(place))
    culprit, verb = _culprit(path)
    try:
        found = culprit.stat()
    except OSError:
        return f"{_me()} may not {verb} {path}: ask its owner for the right, or work as an account that has it"
    owner, group = _name(pwd.getpwuid, found.st_uid), _name(grp.getgrgid, found.st_gid)
    own, mode = culprit if culprit != path else "it", f"{stat.S_IMODE(found.st_mode):04o}"
    return (
        f"{_me()} may not {verb} {path}: {own} belongs to {owner}, group {group}, with mode {mode}; ask {owner} or an "
        f"administrator for the right (as chmod g+rwX, with you in group {group}), or work as an account that has it"
    )


def _culprit(path: Path) -> tuple[Path, str]:
    """The file or folder whose mode is in the way, and what it does not let us do."""
    for folder in reversed(path.parents):
        if not _may(folder, os.X_OK):
            return folder, "reach"
    if not os.path.lexists(path):
        return next(folder for folder in path.parents if os.path.lexists(folder)), "write"
    if not _may(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        return path, "read"
    if not _may(path, os.W_OK):
        return path, "write"
    return (path, "use") if _may(path.parent, os.W_OK) else (path.parent, "replace")


def _may(path: Path, right: int) -> bool:
    """Whether this process has a right; what is missing hinders nobody."""
    return os.access(path, right, effective_ids=EFFECTIVE) or not os.path.lexists(path)


def _me() -> str:
    groups = ", ".join(_name(grp.getgrgid, one) for one in sorted({os.getegid(), *os.getgroups()}))
    return f"{_name(pwd.getpwuid, os.geteuid())} (groups {groups})"


def _name(look_up: Callable[[int], tuple[object, ...]], number: int) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
            return None
        raise
    except ValueError:  # a name with a zero byte, which no file can have either
        return None


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):  # as of what is not there, or was removed by now
        raise error
