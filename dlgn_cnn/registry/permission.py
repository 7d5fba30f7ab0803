"""Packages whose code configs may name by import path: a permission of the process.

The process's own settings fill it. No component takes it as an argument, so that no config, row or archive can.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DEFAULT = frozenset({"neuralpredictors"})
# Their components are found by registered names. Nothing else of them is called by path, whatever a setting says.
OURS = frozenset({"dlgn_cnn", "schemas", "populate"})
_of_process = DEFAULT
_within: ContextVar[frozenset[str] | None] = ContextVar("allowed_packages", default=None)


def allowed_packages() -> frozenset[str]:
    """The packages that are allowed here: those of the innermost ``allowing``, or else of the process."""
    within = _within.get()
    return _of_process if within is None else within


def allow(packages: Collection[str]) -> None:
    """Set the packages that this process allows, as its settings say."""
    global _of_process
    _of_process = frozenset(packages)


@contextmanager
def allowing(packages: Collection[str]) -> Iterator[None]:
    """Within the block, exactly these packages are allowed.

    >>> with allowing({"mylab"}):
    ...     sorted(allowed_packages())
    ['mylab']
    """
    token = _within.set(frozenset(packages))
    try:
        yield
    finally:
        _within.reset(token)
