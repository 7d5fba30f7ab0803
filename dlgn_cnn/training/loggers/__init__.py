"""Loggers: one file each, told of every epoch of a fit; which ones is a setting, no part of what is computed.

A logger is a class that is built with a ``LoggedFit`` and has ``log(epoch, figures)`` and ``close()``. ``requires``
names the package that it needs, which ``pip install 'dlgn_cnn[NAME]'`` brings. Whatever goes wrong in one is logged
once, after which it is left alone: it never ends a fit.
"""

import contextlib
import importlib.util
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry

LOGGERS = Registry("logger", "dlgn_cnn.training.loggers", given=("run",))
logger = logging.getLogger("dlgn")
Figures = Mapping[str, float]


@dataclass(frozen=True)
class LoggedFit:
    """What is logged: the fit's name, which is the same when it is taken up again, its configs, and where files go."""

    name: str
    folder: Path
    config: Mapping[str, Any]


class Logger(Protocol):
    """What a logger does."""

    def log(self, epoch: int, figures: Figures) -> None:
        """Take the figures of an epoch; a fit that was taken up again may tell of some epochs anew."""

    def close(self) -> None:
        """The fit has ended, or was interrupted."""


def check_loggers(names: Sequence[str]) -> None:
    """Raise ConfigError for a logger that there is not, or whose package is not installed."""
    for name in names:
        needed = getattr(LOGGERS.get(name), "requires", None)
        if needed is not None and importlib.util.find_spec(needed) is None:
            raise ConfigError(
                f"logger {name!r} needs the package {needed}, which is not installed: "
                f"pip install 'dlgn_cnn[{name}]', or take {name!r} out of DLGN_LOGGERS"
            )


@contextlib.contextmanager
def logging_to(names: Sequence[str], run: LoggedFit) -> Iterator[Callable[..., None]]:
    """A trainer's callback that tells the loggers of ``names`` the numbers that it is told."""
    guarded = [_Guarded(name, run) for name in names]

    def callback(uid: object = None, epoch: int = 0, model: object = None, info: Any = None) -> None:
        given = info if isinstance(info, Mapping) else {}
        figures = {name: float(value) for name, value in given.items() if _is_figure(value)}
        for one in guarded:
            one.log(epoch, figures)

    try:
        yield callback
    finally:
        for one in guarded:
            one.close()


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class _Guarded:
    """A logger none of whose errors gets out; it is opened with the first epoch."""

    def __init__(self, name: str, run: LoggedFit) -> None:
        self.name, self.run = name, run
        self.inner: Logger | None = None
        self.on = True

    def log(self, epoch: int, figures: Figures) -> None:
        self._try(lambda: self._opened().log(epoch, figures))

    def close(self) -> None:
        if self.inner is not None:
            self._try(self.inner.close)

    def _opened(self) -> Logger:
        if self.inner is None:
            check_loggers([self.name])
            self.inner = LOGGERS.get(self.name)(self.run)
        return self.inner

    def _try(self, action: Callable[[], None]) -> None:
        try:
            if self.on:
                action()
        except Exception as error:
            self.on = False
            logger.warning("logger %s is off for this fit: %s: %s", self.name, type(error).__name__, error)
