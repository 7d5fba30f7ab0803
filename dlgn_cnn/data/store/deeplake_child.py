"""The process that opens Deep Lake folders, since Deep Lake is a parser of bytes that anyone may have written."""

import contextlib
import ctypes
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from dlgn_cnn.runtime.answering import Answers
from dlgn_cnn.storage.rights import present_file

VERSION_3 = "dataset_meta.json"


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


def answer(answers: Answers, request: dict[str, Any]) -> None:
    """The folder's columns and its number of rows, then the cells of the columns that were asked for, row by row."""
    try:
        rows = _opened(request["place"])
        linked = [column.name for column in rows.schema.columns if "kind=link" in str(column.dtype)]
        if linked:  # Deep Lake would fetch their cells from where they say
            raise ValueError(f"columns {linked} hold links to files elsewhere")
        there = [column.name for column in rows.schema.columns]
        answers.say(columns=there, rows=len(rows))
        for index in range(len(rows)):
            row = rows[index]
            for column in request["columns"]:
                if column in there:
                    try:
                        answers.send(row[column])
                    except Exception as error:
                        raise ValueError(f"row {index}, {column}: {error}") from error
    except Exception as error:
        raise ValueError(f"{request['place']} cannot be read by Deep Lake ({error})") from error


def _opened(folder: str) -> Any:
    deeplake = quiet_deeplake()
    if not present_file(Path(folder) / VERSION_3):
        return deeplake.open_read_only(folder)
    if '"' in folder:
        raise ValueError("a Deep Lake folder's path may not hold quotation marks: rename it")
    return deeplake.query(f'SELECT * FROM "{folder}"')
