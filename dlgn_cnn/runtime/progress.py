"""Progress as a function of (done, total): the science reports it, the command line draws it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Report nothing."""
