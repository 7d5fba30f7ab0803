"""Progress bars for what a ``make`` does, on the error stream and only where somebody watches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlgn_cnn import interrupts
from dlgn_cnn.progress import Progress as Report

if TYPE_CHECKING:
    from rich.progress import Progress

_listener: Callable[[str], None] | None = None


@contextlib.contextmanager
def heard(listener: Callable[[str], None]) -> Iterator[None]:
    """Within the block, ``listener`` hears in words how far each ``make`` is."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


@contextlib.contextmanager
def bar(title: str) -> Iterator[Report]:
    """A function of (done, total) that draws a bar called ``title``."""
    with _bars() as bars:
        task = bars.add_task(title, total=None, note="")

        def report(done: int, total: int) -> None:
            interrupts.check()
            bars.update(task, completed=done, total=total)
            _tell(f"{title}: {done}/{total}")

        yield report


@contextlib.contextmanager
def epochs(title: str) -> Iterator[Callable[..., None]]:
    """A trainer's callback that draws a bar of epochs with the last validation score."""
    started = time.monotonic()
    with _bars() as bars:
        task = bars.add_task(title, total=None, note="")

        def callback(uid: object = None, epoch: int = 0, model: object = None, info: Any = None) -> None:
            interrupts.check()
            known = info or {}
            score = known.get("validation_correlation")
            note = "" if score is None else f"loss {known['loss']:.4f}  r {score:.3f}"
            bars.update(task, completed=epoch + 1, total=known.get("max_epochs"), note=note)
            rate = 60 * (epoch + 1) / max(time.monotonic() - started, 1e-3)
            _tell(f"{title}: epoch {epoch + 1}/{known.get('max_epochs', '?')} {note}  {rate:.1f} a minute")

        yield callback


def _tell(words: str) -> None:
    if _listener is not None:
        _listener(words)


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,  # else it writes its last state into a log
    )
