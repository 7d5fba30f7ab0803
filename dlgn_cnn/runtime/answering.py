"""The side of the process that decodes files of others: it answers requests with arrays as plain bytes.

What it decodes can make it crash, hang, or worse. So it puts no byte into a file, sees no secret in its environment,
and answers with numbers and texts alone. Its parent (``dlgn_cnn.runtime.watched``) checks them, watches it and ends it.
"""

import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

IDLE_S = 60  # without a request, the process ends and frees its memory
LENGTH = struct.Struct("<I")


class Answers:
    """Where the answers to a request go."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def say(self, **words: Any) -> None:
        """Send a few words."""
        said = json.dumps(words).encode()
        self._file.write(LENGTH.pack(len(said)) + said)
        self._file.flush()

    def send(self, value: Any) -> None:
        """Send an array of numbers, or a text. Raises ValueError for anything else."""
        if isinstance(value, str):
            text = value.encode("utf-8", "replace")
            self.say(text=len(text))
            self._file.write(text)
        else:
            array = np.asarray(value)
            if array.dtype.kind not in "biuf":
                raise ValueError(f"it holds {type(value).__name__}, expected numbers or text")
            self.say(dtype=array.dtype.str, shape=array.shape)
            self._file.write(array.tobytes())
        self._file.flush()


Answer = Callable[[Answers, dict[str, Any]], None]


def serve(answer: Answer, copies: bool = False) -> None:
    """Answer requests until the input ends or nothing is asked for a while.

    Parameters
    ----------
    answer : callable
        Called with where the answer goes, and the request; what it raises is said.
    copies : bool, default False
        Whether a copy of this process answers each request, so that no file reaches the answers to the next.
    """
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))
    answers = Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # for what a library prints
    while True:
        signal.alarm(IDLE_S)
        line = sys.stdin.buffer.readline()
        if not line:
            os._exit(0)  # the end of a library can take seconds
        request = json.loads(line)
        signal.alarm(request["seconds"])  # also if the caller is gone by then
        if not copies:
            _answer(answer, answers, request)
        elif copy := os.fork():
            if os.waitpid(copy, 0)[1]:  # whatever it has sent is not a whole answer
                os._exit(1)
        else:
            signal.alarm(request["seconds"])
            answers.say(pid=os.getpid())
            _answer(answer, answers, request)
            os._exit(0)


def _answer(answer: Answer, answers: Answers, request: dict[str, Any]) -> None:
    try:
        answer(answers, request)
    except Exception as error:
        kind = type(error).__name__
        said = " ".join(str(error).split())[:900] or kind
        answers.say(error=said, kind=kind, file=str(getattr(error, "filename", None) or ""))
