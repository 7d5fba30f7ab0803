"""Ctrl-C and SIGTERM, raised only where nothing is half-said to a database.

Python raises KeyboardInterrupt between any two bytecodes. In the middle of a database driver's conversation the
exception leaves a broken connection behind, or is replaced by the error that the broken connection then raises, and a
worker goes on as if nobody had asked it to stop. So a worker notes the signal (``deferred``), raises it at once inside
computations that hold no connection (``allowed``), and else at the next ``check``. A second signal is raised anywhere.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _State:
    asked: int | None = None  # the signal that was received
    raising: bool = False  # whether it may be raised where it arrives
    active: bool = False  # whether our handlers are installed
    postponed: bool = False  # whether the computation itself asks where it may stop


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Note SIGINT and SIGTERM until the end of the block, even where the process was started to ignore them.

    Outside the main thread, where Python allows no handlers, this does nothing. Handlers of before are restored.
    """
    if threading.current_thread() is not threading.main_thread() or _State.active:
        yield
        return
    before = {number: signal.signal(number, _received) for number in SIGNALS}
    _State.active, _State.asked, _State.raising = True, None, False
    try:
        yield
    finally:
        _State.active, _State.asked = False, None
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Raise a signal where it arrives, within the block or the function so decorated; for use under ``deferred``."""
    if not _State.active:
        yield
        return
    check()
    others = {number: signal.signal(number, _received) for number in SIGNALS}
    _State.raising = True
    try:
        yield
    finally:
        _State.raising = False
        for number, handler in others.items():
            signal.signal(number, handler or signal.SIG_DFL)


def check() -> None:
    """Raise what was asked: KeyboardInterrupt after SIGINT, SystemExit with status 143 after SIGTERM."""
    if _State.postponed:
        return
    if _State.active and _State.asked is not None:
        raise _interruption(_State.asked)


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Raise nothing within the block, not even at a ``check``: it looks at ``asked`` itself, and raises that."""
    before = _State.postponed, _State.raising
    _State.postponed, _State.raising = True, False
    try:
        yield
    finally:
        _State.postponed, _State.raising = before
    if _State.raising:
        check()


def asked() -> BaseException | None:
    """The interruption that somebody asked for, to be raised where the caller can stop; None where nobody did."""
    before, _State.postponed = _State.postponed, False
    try:
        check()
    except BaseException as interruption:
        return interruption
    finally:
        _State.postponed = before
    return None


def behind(error: BaseException) -> BaseException | None:
    """The interruption that an error is, or in the place of which it stands; None for any other error."""
    if _State.active and _State.asked is not None:
        return _interruption(_State.asked)
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt | SystemExit):
            return _interruption(signal.SIGINT if isinstance(seen, KeyboardInterrupt) else signal.SIGTERM)
        seen = seen.__cause__ or seen.__context__
    return None


def _received(number: int, frame: FrameType | None) -> Any:
    again, _State.asked = _State.asked is not None, number
    if again or _State.raising:
        raise _interruption(number)


def _interruption(number: int) -> BaseException:
    return SystemExit(128 + number) if number == signal.SIGTERM else KeyboardInterrupt()
