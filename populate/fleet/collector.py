"""Collector of files that no row refers to: its rules, over tables and places that a test can hold in memory.

A file is marked when no row refers to it, and deleted if that is still so a day later and it was not written since.
While a process may write or refer to files, nothing is deleted. The clock is that of the tables.
"""

import datetime
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from dlgn_cnn.errors import ConfigError

GRACE = datetime.timedelta(days=1)
AT_ONCE = 20  # files deleted under one lock, for which a process that begins to write waits


class File(NamedTuple):
    """A file: its kind, as weights, and its name in the place of that kind."""

    kind: str
    name: str


class FileMark(NamedTuple):
    """When a file without a row was written, by its place's clock, and when it was marked, by the tables' clock."""

    changed: str
    marked: datetime.datetime


class Places(Protocol):
    """Places of files."""

    def sizes(self) -> Mapping[File, int]:
        """Every file of a name that the product makes, with its size in bytes."""
        ...

    def changed(self, file: File) -> str | None:
        """When a file was last written; None if it is gone."""
        ...

    def delete(self, file: File) -> None:
        """Remove a file."""
        ...


class Tables(Protocol):
    """The tables of every database that keeps files in these places."""

    def check(self) -> None:
        """Raise ConfigError where a place has a signature of tables that cannot be asked."""
        ...

    def now(self) -> datetime.datetime:
        """Return the time of the server's clock."""
        ...

    def references(self) -> Callable[[File], bool]:
        """Whether a row refers to a file, of all rows that are there now."""
        ...

    def marks(self) -> Mapping[File, FileMark]:
        """The marks of this database."""
        ...

    def keep_marks(self, marks: Mapping[File, FileMark]) -> None:
        """Replace the marks of this database."""
        ...

    def writers(self) -> list[str]:
        """The processes that may be about to write or to refer to a file."""
        ...

    def tokens(self) -> frozenset[str]:
        """Every token ever made: a process adds one before it writes."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """A block in which no process registers."""
        ...


@dataclass(frozen=True)
class Survey:
    """Files that no row refers to with their sizes, their marks, those whose day is over, and all others."""

    unreferenced: dict[File, int]
    marks: dict[File, FileMark]
    due: list[File]
    kept: list[File]


def survey(tables: Tables, places: Places) -> Survey:
    """Mark the files that no row refers to, and find those whose day is over.

    Raises ConfigError where a place has a signature of tables that cannot be asked.
    """
    tables.check()
    sizes, before = places.sizes(), tables.marks()
    referred = tables.references()
    marks, now = {}, tables.now()
    for file in sizes:
        changed = None if referred(file) else places.changed(file)
        if changed is not None:
            known = before.get(file)
            marks[file] = known if known is not None and known.changed == changed else FileMark(changed, now)
    tables.keep_marks(marks)
    due = [file for file, mark in marks.items() if now - mark.marked >= GRACE]
    kept = [file for file in sizes if referred(file)]
    return Survey({file: sizes[file] for file in marks}, marks, due, kept)


def collect(tables: Tables, places: Places) -> list[File]:
    """Delete the files that are due; those that were deleted are returned.

    As soon as a process begins to write, the rest is left to the next time. Raises ConfigError while one may write.
    """
    tables.check()
    seen = tables.tokens()  # before it is asked who writes: whoever begins later has another token
    refuse_writers(tables)
    found = survey(tables, places)
    deleted: list[File] = []
    for first in range(0, len(found.due), AT_ONCE):
        with tables.alone():
            tables.check()
            if tables.tokens() != seen or tables.writers():
                break
            for file in found.due[first : first + AT_ONCE]:
                if places.changed(file) == found.marks[file].changed:
                    places.delete(file)
                    deleted.append(file)
    return deleted


def refuse_writers(tables: Tables) -> None:
    """Raise ConfigError while a process may write."""
    writers = tables.writers()
    if writers:
        shown = ", ".join(writers[:5]) + (f" and {len(writers) - 5} more" if len(writers) > 5 else "")
        raise ConfigError(
            f"{len(writers)} processes may be about to use a file ({shown}): let them end, or dlgn drain the workers, "
            "then collect again; one that was killed counts for a day"
        )
