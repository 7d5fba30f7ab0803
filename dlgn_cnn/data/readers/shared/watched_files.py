"""Files that a watched process reads: its answer, or an error of its own as it would be one here."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import DlgnError, MissingFile, RecordingError
from dlgn_cnn.runtime.progress import Progress, silent
from dlgn_cnn.runtime.watched import Crashed, Stopped, Undecoded, Watched


@contextmanager
def answered(child: Watched, path: Path, form: str, progress: Progress = silent, **request: Any) -> Iterator[Watched]:
    """The process, asked about a file, to take its answer from; it is ended if not all of that was taken.

    Parameters
    ----------
    child : Watched
        The process, whose lock is held.
    path : Path
        The file.
    form : str
        The format that is expected, for errors.
    progress : callable, optional
        Called with what is done and what there is to do.
    **request : object
        What is asked.

    Yields
    ------
    Watched
        The process.

    Raises
    ------
    RecordingError
        If the file is damaged or beyond bounds; MissingFile or PermissionError if the process met one.
    """
    whole = False
    try:
        child.begin(str(path.absolute()), path.stat().st_size, progress, **request)
        yield child
        whole = True
    except Crashed:
        raise RecordingError(f"{path}: the libraries that read {form} crashed over it: export it again") from None
    except Stopped as error:
        raise RecordingError(str(error)) from error
    except Undecoded as error:
        whole = True
        raise _translated(error, path, form) from error
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        if isinstance(error, DlgnError):
            raise
        raise RecordingError(f"{path}: what the process that reads it says has no sense ({error!r})") from error
    finally:
        if not whole:  # what is left of the answer would be taken for the next one
            child.end()


def _translated(error: Undecoded, path: Path, form: str) -> Exception:
    if error.kind == "PermissionError":
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES), error.file or str(path))
    if error.kind in ("RecordingError", "MissingFile"):
        return (MissingFile if error.kind == "MissingFile" else RecordingError)(str(error))
    return RecordingError(f"{path} cannot be read as {form} ({error.kind}: {error!s:.200}): export it again")
