"""Progress bars for what a ``make`` does, on the error stream and only where somebody watches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dlgn_cnn.runtime import interrupts
from dlgn_cnn.runtime.progress import Progress as Report
from dlgn_cnn.training.callbacks import Callback, Info

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STEP_S = 1.0
_listener: Callable[[str | None], None] | None = None
_told = 0.0  # when the listener was last told of a step
_shown: Progress | None = None  # the bars on the screen, which a bar within another joins


@contextlib.contextmanager
def heard(listener: Callable[[str | None], None]) -> Iterator[None]:
    """Within the block, ``listener`` is told in words how far each ``make`` is, and None at a step without words."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


@contextlib.contextmanager
def bar(title: str) -> Iterator[Report]:
    """A function of (done, total) that draws a bar called ``title``."""
    with _task(title) as (bars, task):

        def report(done: int, total: int) -> None:
            interrupts.check()
            bars.update(task, completed=done, total=total)
            _tell(f"{title}: {done}/{total}")

        yield report


def stepped() -> None:
    """Tell the listener, at most once a second, that this thread goes on."""
    global _told
    if time.monotonic() - _told >= STEP_S:
        _tell(None)


class EpochBar(Callback):
    """A bar of the epochs of a fit, with the last validation score."""

    def __init__(self, title: str) -> None:
        self._title, self._started = title, time.monotonic()
        self._shown = contextlib.ExitStack()
        self._bars, self._task = self._shown.enter_context(_task(title))

    def on_step(self, fit: Any) -> None:
        """Say that the fit goes on."""
        stepped()

    def on_epoch(self, epoch: int, info: Info) -> None:
        """Draw how far the fit is. Raises an interruption that was asked for."""
        interrupts.check()
        score = info.get("validation_correlation")
        note = "" if score is None else f"loss {info['loss']:.4f}  r {score:.3f}"
        self._bars.update(self._task, completed=epoch + 1, total=info.get("max_epochs"), note=note)
        rate = 60 * (epoch + 1) / max(time.monotonic() - self._started, 1e-3)
        _tell(f"{self._title}: epoch {epoch + 1}/{info.get('max_epochs', '?')} {note}  {rate:.1f} a minute")

    def on_end(self) -> None:
        """Leave the bar as it is, or take it away from below another."""
        self._shown.close()


@contextlib.contextmanager
def working(title: str) -> Iterator[None]:
    """Draw a bar that says since when this is under way; bars within the block come below it."""
    _tell("")
    with _task(title):
        yield
    _tell("")


@contextlib.contextmanager
def _task(title: str) -> Iterator[tuple[Progress, TaskID]]:
    """A line among the bars on the screen; it stays there once it is done, unless it was drawn below another."""
    global _shown
    outer = _shown
    bars = outer or _bars()
    with contextlib.nullcontext() if outer else bars:
        _shown, task = bars, bars.add_task(title, total=None, note="")
        try:
            yield bars, task
        finally:
            _shown = outer
            if outer is not None:
                bars.remove_task(task)
            else:
                _finish(bars, task)


def _finish(bars: Progress, task: TaskID) -> None:
    """Draw a bar of unknown length as full: it moves until then."""
    if any(one.id == task and one.total is None for one in bars.tasks):
        bars.update(task, total=1, completed=1)


def _tell(words: str | None) -> None:
    global _told
    if _listener is not None:
        _told = time.monotonic()
        _listener(words)


def _bars() -> Progress:
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,  # else it writes its last state into a log
    )
