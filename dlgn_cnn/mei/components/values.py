"""Checks of single config values: each says what was given and what is expected."""

import math
from typing import Any

from dlgn_cnn.errors import ConfigError


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> float:
    """``value`` as a float within [low, high], or (low, high] with ``above``. Raises ConfigError."""
    fits = type(value) in (int, float) and math.isfinite(value) and low <= value <= high
    if not fits or (above and value == low):
        raise ConfigError(f"{name} is {value!r}: expected a number in {'(' if above else '['}{low:g}, {high:g}]")
    return float(value)


def whole(name: str, value: Any, low: int) -> int:
    """``value`` as an int of at least ``low``. Raises ConfigError."""
    if type(value) is not int or value < low:
        raise ConfigError(f"{name} is {value!r}: expected a whole number of at least {low}")
    return value
