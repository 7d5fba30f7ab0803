"""Ctrl-C, SIGTERM and similar signals, raised only between statements to a database.

Python raises KeyboardInterrupt between any two bytecodes. In the middle of a database driver's conversation the
exception leaves a broken connection behind, or is replaced by the error that the broken connection then raises, and
the worker goes on. So a worker notes the signal (``deferred``), raises it at once inside
computations that hold no connection (``allowed``), and else at the next ``check``. A second Ctrl-C is raised anywhere.

One more signal, ``RECALL``, is about the key in hand alone: it ends the computation (``Recalled``), and the worker goes
on. It is a real-time signal if the system has any, since queueing systems use SIGUSR1 and SIGUSR2.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from dlgn_cnn.errors import ConfigError, error_chain

SIGNALS = (signal.SIGINT, signal.SIGTERM)
RECALL: int = getattr(signal, "SIGRTMIN", signal.SIGUSR2)


class Recalled(SystemExit):
    """The computation in hand is no longer wanted from this worker."""


class _State:
    asked: int | None = None  # the signal that was received
    recalled: bool = False  # whether the key in hand was called back
    raising: bool = False  # whether it may be raised where it arrives
    active: bool = False  # whether our handlers are installed
    postponed: bool = False  # whether the computation itself asks where it may stop
    signals: tuple[int, ...] = ()  # what they are installed for


@contextlib.contextmanager
def deferred(warning: str | None = None) -> Iterator[None]:
    """Note SIGINT, SIGTERM and recalls until the end of the block, even where the process was started to ignore them.

    ``warning`` names one more signal that ends the work, such as ``USR1``, which SLURM sends before it takes a machine
    away. Outside the main thread, where Python allows no handlers, this does nothing. Earlier handlers are restored.
    """
    if threading.current_thread() is not threading.main_thread() or _State.active:
        yield
        return
    _State.signals = (*SIGNALS, RECALL, *([] if warning is None else [_numbered(warning)]))
    before = {number: signal.signal(number, _received) for number in _State.signals}
    _State.active, _State.asked, _State.raising, _State.recalled = True, None, False, False
    try:
        yield
    finally:
        _State.active, _State.asked, _State.recalled = False, None, False
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


@contextlib.contextmanager
def allowed() -> Iterator[None]:
    """Raise a signal where it arrives, within the block or the function so decorated; for use under ``deferred``."""
    if not _State.active:
        yield
        return
    check()
    others = {number: signal.signal(number, _received) for number in _State.signals}
    _State.raising = True
    try:
        yield
    finally:
        _State.raising = False
        for number, handler in others.items():
            signal.signal(number, handler or signal.SIG_DFL)


def check() -> None:
    """Raise what was asked: KeyboardInterrupt after SIGINT, SystemExit with status 128 + n after signal n, Recalled."""
    interruption = asked()
    if interruption is not None and not _State.postponed:
        raise interruption


def forget_recall() -> bool:
    """Whether the key in hand was called back, which is then forgotten, as its computation has ended."""
    recalled, _State.recalled = _State.recalled, False
    return recalled


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
    """Interruption that was asked for, for the caller to raise where it can stop; None if there is none."""
    if _State.active and _State.asked is not None:
        return _interruption(_State.asked)
    return Recalled(1) if _State.active and _State.recalled else None


def behind(error: BaseException) -> BaseException | None:
    """The interruption that an error is, or in the place of which it stands; None for any other error."""
    noted = asked()
    if noted is not None:
        return noted
    for one in error_chain(error):
        if isinstance(one, Recalled):
            return one
        if isinstance(one, KeyboardInterrupt | SystemExit):
            return _interruption(signal.SIGINT if isinstance(one, KeyboardInterrupt) else signal.SIGTERM)
    return None


def _received(number: int, frame: FrameType | None) -> Any:
    if number == RECALL:
        _State.recalled = True
        if _State.raising:
            raise Recalled(1)
        return
    # A second Ctrl-C is meant; a second SIGTERM is often the same one, sent to a group and to each of its processes.
    again, _State.asked = _State.asked is not None and number == signal.SIGINT, number
    if again or _State.raising:
        raise _interruption(number)


def _interruption(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


def _numbered(name: str) -> int:
    found = getattr(signal, f"SIG{name.upper().removeprefix('SIG')}", None)
    if not isinstance(found, signal.Signals) or found in (signal.SIGKILL, signal.SIGSTOP, RECALL):
        raise ConfigError(f"warning signal {name!r}: expected the name of a signal a process may catch, as USR1")
    return int(found)
