"""The process that opens Deep Lake folders, and answers each request on its input with arrays as plain bytes.

Deep Lake is a parser of bytes that anyone may have written, and can crash, hang, or worse. So this process puts no
byte into a file, sees no secret in its environment, and answers with numbers and texts alone. Its parent checks them,
watches it, and ends it (``dlgn_cnn.data.store.decoder``).
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from dlgn_cnn.storage.rights import present_file

IDLE_S = 60  # without a request, the process ends and frees its memory
VERSION_3 = "dataset_meta.json"
LENGTH = struct.Struct("<I")


def serve() -> None:
    """Answer requests until the input ends or nothing is asked for a while."""
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # for what a library prints
    while True:
        signal.alarm(IDLE_S)
        line = sys.stdin.buffer.readline()
        if not line:
            os._exit(0)  # Deep Lake's own end can take seconds
        request = json.loads(line)
        signal.alarm(request["seconds"])  # also if the caller is gone by then
        try:
            _answer(answers, request["folder"], request["columns"])
        except Exception as error:
            _say(answers, {"error": " ".join(str(error).split())[:500] or type(error).__name__})
        answers.flush()


def quiet_deeplake() -> ModuleType:
    """Deep Lake, imported with its reports of errors to its makers switched off.

    It begins them when it is imported, and has no setting for that. This ends its reporter, which then holds no
    handler of crashes and sends nothing.
    """
    known = sys.modules.get("deeplake")
    if known is not None:
        return known
    import deeplake

    with contextlib.suppress(OSError, KeyError, AttributeError):  # a build without the reporter
        ctypes.CDLL(sys.modules["deeplake._deeplake"].__file__).sentry_close()
    return deeplake


def _answer(answers: BinaryIO, folder: str, columns: Sequence[str]) -> None:
    """The folder's columns and its number of rows, then the cells of the columns that were asked for, row by row."""
    rows = _opened(folder)
    linked = [column.name for column in rows.schema.columns if "kind=link" in str(column.dtype)]
    if linked:  # Deep Lake would fetch their cells from where they say
        raise ValueError(f"columns {linked} hold links to files elsewhere")
    there = [column.name for column in rows.schema.columns]
    _say(answers, {"columns": there, "rows": len(rows)})
    for index in range(len(rows)):
        row = rows[index]
        for column in columns:
            if column in there:
                try:
                    _send(answers, row[column])
                except Exception as error:
                    raise ValueError(f"row {index}, {column}: {error}") from error


def _opened(folder: str) -> Any:
    deeplake = quiet_deeplake()
    if not present_file(Path(folder) / VERSION_3):
        return deeplake.open_read_only(folder)
    if '"' in folder:
        raise ValueError("a Deep Lake folder's path may not hold quotation marks: rename it")
    return deeplake.query(f'SELECT * FROM "{folder}"')


def _send(answers: BinaryIO, cell: Any) -> None:
    if isinstance(cell, str):
        text = cell.encode("utf-8", "replace")
        _say(answers, {"text": len(text)})
        answers.write(text)
        return
    array = np.asarray(cell)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"it holds {type(cell).__name__}, expected numbers or text")
    _say(answers, {"dtype": array.dtype.str, "shape": array.shape})
    answers.write(array.tobytes())


def _say(answers: BinaryIO, words: dict[str, Any]) -> None:
    said = json.dumps(words).encode()
    answers.write(LENGTH.pack(len(said)) + said)
