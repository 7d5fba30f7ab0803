"""Views for a terminal and for a pipe: tables, sentences, and lines to copy.

On a terminal, a table sheds columns until it fits, and what it shed stands below its row; nothing is cut. In a pipe, a
table is one line a row, its cells in full and separated by tabs, as ``grep``, ``awk -F'\\t'`` and ``cut`` want them.
"""

import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.text import Text

GAP, INDENT = "  ", "    "
NARROWEST = 40


@dataclass(frozen=True)
class Column:
    """A column of a grid: its heads on a terminal and in a pipe, and when it is shed where a terminal is narrow.

    The column with the largest ``shed`` goes first, one with 0 never. Columns of numbers are aligned on the right.
    """

    head: str
    piped: str
    shed: int = 0
    number: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a grid: its cells on a terminal and in a pipe, and whether something is wrong with it."""

    shown: tuple[str, ...]
    piped: tuple[str, ...]
    bad: bool = False


@dataclass(frozen=True)
class Grid:
    """A table."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    def piped(self) -> Iterator[str]:
        """One line of cells that are separated by tabs for the heads and for each row."""
        yield "\t".join(column.piped for column in self.columns)
        for row in self.rows:
            yield "\t".join(" ".join(cell.split()) for cell in row.piped)

    def lines(self, width: int) -> Iterator[Text]:
        """Aligned lines of at most ``width`` columns; below each row the cells that found no room in it."""
        kept = self._kept(width)
        widths = {place: self._width(place) for place in kept}
        yield self._line([column.head for column in self.columns], widths, "bold")
        for row in self.rows:
            yield self._line(row.shown, widths, "bold red" if row.bad else "")
            for place, column in enumerate(self.columns):
                if place not in kept and row.shown[place]:
                    words = f"{column.head} {row.shown[place]}"
                    yield from _wrapped(words, width, INDENT)

    def _kept(self, width: int) -> list[int]:
        kept = list(range(len(self.columns)))
        while sum(self._width(place) + len(GAP) for place in kept) - len(GAP) > width:
            shed = [place for place in kept if self.columns[place].shed]
            if not shed:
                break
            kept.remove(max(shed, key=lambda place: self.columns[place].shed))
        return kept

    def _line(self, cells: Sequence[str], widths: Mapping[int, int], style: str) -> Text:
        aligned = [
            cells[place].rjust(width) if self.columns[place].number else cells[place].ljust(width)
            for place, width in widths.items()
        ]
        return Text(GAP.join(aligned).rstrip(), style=style)

    def _width(self, place: int) -> int:
        return max(len(self.columns[place].head), *(len(row.shown[place]) for row in self.rows), 0)


@dataclass(frozen=True)
class Verbatim:
    """A line to copy, which is not wrapped, except on a screen that is redrawn."""

    text: str


@dataclass(frozen=True)
class View:
    """Tables and sentences, one below the other."""

    parts: Sequence[Grid | Verbatim | str]

    def piped(self) -> Iterator[str]:
        """The lines in a pipe: one for each row and sentence."""
        for part in self.parts:
            if isinstance(part, Grid):
                yield from part.piped()
            else:
                yield part.text if isinstance(part, Verbatim) else " ".join(part.split())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The lines on a terminal."""
        width = max(options.max_width, NARROWEST)
        for part in self.parts:
            if isinstance(part, Grid):
                yield from part.lines(width)
                yield Text("")
            elif isinstance(part, Verbatim):
                yield Text(part.text)
            else:
                yield from _wrapped(part, width)

    def __add__(self, other: "View") -> "View":
        return View([*self.parts, *other.parts])


def show(view: Callable[[], View], every_s: float | None = None, console: Console | None = None) -> None:
    """Print a view once, or keep it on the screen and redraw it until Ctrl-C.

    Parameters
    ----------
    view : callable
        What is shown.
    every_s : float, optional
        Seconds between two drawings (default: draw it once).
    console : Console, optional
        Where (default: the standard output).
    """
    place = console or Console()
    if place.is_terminal and every_s is not None:
        with Live(view(), console=place, auto_refresh=False) as live:
            while True:
                time.sleep(every_s)
                live.update(view(), refresh=True)
    _print(view(), place)
    while every_s is not None:
        time.sleep(every_s)
        _print(view(), place)


def _print(view: View, console: Console) -> None:
    if console.is_terminal:
        console.print(view, soft_wrap=True)
        return
    console.file.writelines(f"{line}\n" for line in view.piped())
    console.file.flush()


def span(seconds: float) -> str:
    """A span of time in words.

    >>> span(3.2), span(130), span(100_000), span(1_000_000)
    ('3 s', '2 min', '27 h', '11 d')
    """
    whole = max(int(seconds), 0)
    for unit, unit_s, until in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 48 * 3600)):
        if whole < until:
            return f"{whole // unit_s} {unit}"
    return f"{whole // 86400} d"


def _wrapped(words: Any, width: int, indent: str = "") -> Iterator[Text]:
    wrapped = textwrap.wrap(
        " ".join(words.split()), width, initial_indent=indent, subsequent_indent=f"{indent}{GAP}",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    for line in wrapped:
        yield Text(line)
