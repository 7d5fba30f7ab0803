"""Checks of single config values: each error says what was given and what is expected."""

import math
from collections.abc import Iterable
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest


def finite(value: Any) -> bool:
    """Whether a value is a number, which a float can hold.

    >>> finite(3), finite(10**400), finite(True), finite("3")
    (True, False, False, False)
    """
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False) -> float:
    """Return a value as a float within bounds.

    Parameters
    ----------
    name : str
        How the error names the value.
    value : object
        The value; a boolean is not a number.
    low, high : float, default -inf and inf
        Smallest and largest value allowed.
    above : bool, default False
        Whether the value must be larger than ``low``.

    Returns
    -------
    float
        The value.

    Raises
    ------
    ConfigError
        If the value is not a finite number within the bounds.

    Examples
    --------
    >>> number("rate_hz", 60, 0, above=True)
    60.0
    """
    fits = finite(value) and low <= value <= high
    if not fits or (above and value == low):
        raise ConfigError(f"{name} is {value!r}: expected a number in {'(' if above else '['}{low:g}, {high:g}]")
    return float(value)


def whole(name: str, value: Any, low: int = 0) -> int:
    """Return a value as a whole number.

    Parameters
    ----------
    name : str
        How the error names the value.
    value : object
        The value; a boolean is not a whole number.
    low : int, default 0
        Smallest value allowed.

    Returns
    -------
    int
        The value.

    Raises
    ------
    ConfigError
        If the value is not a whole number of at least ``low``.

    Examples
    --------
    >>> whole("batch_size", 8, 1)
    8
    """
    if type(value) is not int or value < low:
        raise ConfigError(f"{name} is {value!r}: expected a whole number of at least {low}")
    return value


def choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return a value that is one of several words.

    Parameters
    ----------
    name : str
        How the error names the value.
    value : object
        The value.
    choices : iterable of str
        The words allowed.

    Returns
    -------
    str
        The value.

    Raises
    ------
    ConfigError
        If the value is not one of the words; it lists them, and the nearest.

    Examples
    --------
    >>> choice("method", "area", ("area", "bilinear"))
    'area'
    """
    words = list(choices)
    if value not in words:
        raise ConfigError(f"{name} is {value!r}: {nearest(str(value), words)}")
    return str(value)
