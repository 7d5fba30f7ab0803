"""Loggers: one file each, callbacks that follow the epochs of a fit; a setting chooses them.

A logger is a ``Callback`` that is built with a ``LoggedFit``. ``requires`` names the package that it needs, which
``pip install 'dlgn_cnn[NAME]'`` brings. Whatever goes wrong in one is logged once, after which it is left alone: it
never ends a fit.
"""

import importlib.util
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry
from dlgn_cnn.training.callbacks import Callback, Info

LOGGERS = Registry("logger", "dlgn_cnn.training.loggers", given=("run",))
logger = logging.getLogger("dlgn")


@dataclass(frozen=True)
class LoggedFit:
    """A fit for its loggers: its name, which is the same when it is taken up again, its configs, and a folder."""

    name: str
    folder: Path
    config: Mapping[str, Any]


@LOGGERS.register("none")
class NoLogger(Callback):
    """Leaves no trace of a fit except for the rows in the tables."""

    def __init__(self, run: LoggedFit) -> None:
        self.run = run


def check_loggers(names: Sequence[str]) -> None:
    """Raise ConfigError for a logger that is unknown, or whose package is not installed."""
    for name in names:
        needed = getattr(LOGGERS.get(name), "requires", None)
        if needed is not None and importlib.util.find_spec(needed) is None:
            raise ConfigError(
                f"logger {name!r} needs the package {needed}, which is not installed: "
                f"pip install 'dlgn_cnn[{name}]', or take {name!r} out of DLGN_LOGGERS"
            )


def loggers(names: Sequence[str], run: LoggedFit) -> list[Callback]:
    """Build the loggers of these names, whose errors cannot end a fit."""
    return [_Guarded(name, run) for name in names]


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class _Guarded(Callback):
    """A logger whose errors are caught. It is opened with the first epoch, and gets numbers only."""

    def __init__(self, name: str, run: LoggedFit) -> None:
        self.name, self.run = name, run
        self.inner: Callback | None = None
        self.on = True

    def on_epoch(self, epoch: int, info: Info) -> None:
        figures = {name: float(value) for name, value in info.items() if _is_figure(value)}
        self._try(lambda: self._opened().on_epoch(epoch, figures))

    def on_end(self) -> None:
        if self.inner is not None:
            self._try(self.inner.on_end)

    def _opened(self) -> Callback:
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
