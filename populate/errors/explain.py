"""Explanation of an exception to the user of the command: one sentence that says what to do.

Modules that an error may come from (torch, the database drivers) are recognized by name and never imported here.
"""

import contextlib
import datetime
import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from dlgn_cnn.errors import DlgnError
from dlgn_cnn.redaction import redacted
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.storage.rights import refusal

FILES = {
    errno.ENOENT: "there is no such file or folder: correct the path",
    errno.ENOTDIR: "a file is in the place of a folder: correct the path",
    errno.EISDIR: "that is a folder, expected a file: correct the path",
    errno.EEXIST: "it exists already: name another, or move it away",
    errno.EACCES: "you may not read or write there: choose another place, or ask for the right",
    errno.EPERM: "you may not do that there: choose another place, or ask for the right",
    errno.EROFS: "it can only be read: choose another place",
    errno.ENOSPC: "the disk is full: make room (dlgn gc shows what may go) and run the same command again",
    errno.EDQUOT: "your quota is used up: make room (dlgn gc shows what may go) and run the same command again",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n) and run the same command again",
}
# Meaning and advice by the name of the class, of any module. '{}' is the error's own first line.
KNOWN = {
    "AccessError": "the database account may not do this ({}): ask its administrator for the right, see dlgn doctor",
    "LostConnectionError": "the database went away ({}): run the same command again, or ask dlgn doctor",
    "OperationalError": "the database failed ({}): ask dlgn doctor what is wrong",
    "InterfaceError": "the database went away ({}): run the same command again, or ask dlgn doctor",
    "MissingTableError": "the database lacks a table ({}): run dlgn declare",
    "UnknownAttributeError": "the database has no such column ({}): correct the condition",
    "QuerySyntaxError": "the database cannot read the SQL ({}): correct the condition",
    "ReadOnlySqlTransaction": "this command only reads ({}): change rows from Python, or in the database's own client",
    "DataJointError": "DataJoint cannot do this ({}): correct the tables or the condition",
    "MemoryError": "memory ran out: end other programs, take fewer sessions or units, or a larger machine",
    "OutOfMemoryError": "the GPU's memory ran out ({}): end other programs on it, or make batches smaller",
    "UnicodeDecodeError": "that is not text in UTF-8 ({}): give a text file",
    "RecursionError": "something is nested too deeply: simplify it",
}


def is_stop(error: BaseException) -> bool:
    """Whether the user stopped the command, rather than an error."""
    return not isinstance(error, DlgnError) and interrupts.behind(error) is not None


def explain(error: BaseException) -> str:
    """The sentence for an exception. The traceback of an unexpected one goes to a file that the sentence names."""
    if is_stop(error):
        return "stopped; what was finished is kept, run the same command to go on"
    known = _meaning(error)
    if known is None:
        kind = f"{type(error).__name__}: {_first_line(error)}"
        known = f"{kind}: unexpected error; {_kept(error)}, and dlgn --debug with the same arguments shows it"
    return redacted(" ".join(known.split()))


def trace(error: BaseException) -> str:
    """The traceback, without secrets."""
    return redacted("".join(traceback.format_exception(error)))


def _meaning(error: BaseException) -> str | None:
    """Meaning of a known kind of error, which may be the cause of an unknown one."""
    for one in causes(error):
        if isinstance(one, DlgnError):
            return str(one)
        if isinstance(one, ModuleNotFoundError):
            return f"package {one.name!r} is not installed: pip install {one.name}, or see dlgn doctor"
        if isinstance(one, PermissionError) and one.filename:
            return refusal(str(one.filename))
        if isinstance(one, OSError) and one.errno in FILES:
            where = f"{one.filename}: " if one.filename else ""
            return f"{where}{FILES[one.errno]}"
        for kind in type(one).__mro__:
            if kind.__name__ in KNOWN:
                return KNOWN[kind.__name__].format(_first_line(one))
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, the one that it was raised from, and so on."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _first_line(error: BaseException) -> str:
    """First line of an error, without a driver's error code."""
    said = str(error)
    if type(error).__module__.partition(".")[0] in ("datajoint", "pymysql"):
        said = ": ".join(word.rstrip(".:") for word in error.args if isinstance(word, str) and word)
    return (said.strip().splitlines() or [type(error).__name__])[0].rstrip(".:")


def _kept(error: BaseException) -> str:
    """Write the trace of an error to a file; where it is, in words."""
    text = f"dlgn {' '.join(sys.argv[1:])}\n{trace(error)}"
    name = f"{datetime.datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for folder in (_home, tempfile.gettempdir):
        with contextlib.suppress(Exception):
            path = Path(folder()) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(redacted(text))
            return f"the trace is in {path}"
    return "its trace could not be written"


def _home() -> Path:
    from schemas.connection.settings import Settings

    return Settings.from_environment().home / "errors"
