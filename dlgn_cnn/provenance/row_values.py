"""Rows of results as values: a digest that a database's round trip leaves as it is, and how far two rows are apart."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Row = Mapping[str, Any]
DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Deviation:
    """Difference of two rows: its place, as ``output.epochs.0.loss``, its size (infinite unless numbers), and words.

    One that is not ``counts`` tells that two rows are not equal, but not how near they are: a digest, a random state.
    """

    place: str
    size: float
    words: str
    counts: bool = True


def row_digest(row: Row) -> str:
    """Hex digest of what a row says, the same before and after a database's round trip.

    A column that is None counts as absent, and ``3`` as ``3.0``. Arrays count with type, shape and bytes.

    >>> row_digest({"unit": 3, "note": None}) == row_digest({"unit": 3.0})
    True
    """
    known = {name: _plain(value) for name, value in row.items() if value is not None}
    text = json.dumps(known, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def deviations(found: Row, expected: Row, ignored: Sequence[str] = ()) -> Iterator[Deviation]:
    """Yield every value of one row that is not, bit for bit, that of another.

    Parameters
    ----------
    found : mapping
        The row.
    expected : mapping
        The other row.
    ignored : sequence of str, default ()
        Keys that are left out, at every depth.

    Yields
    ------
    Deviation
        The size of a difference of numbers is ``|a - b| / max(1, |b|)``, with b the expected one; that of arrays is the
        L2 norm of their difference over that of the expected one.

    Examples
    --------
    >>> [one.place for one in deviations({"loss": 1.0, "epoch": 2}, {"loss": 1.5, "epoch": 2})]
    ['loss']
    """
    yield from _compare(dict(found), dict(expected), "", frozenset(ignored))


def _compare(found: Any, expected: Any, place: str, ignored: frozenset[str]) -> Iterator[Deviation]:
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for name in sorted({*found, *expected} - ignored):
            yield from _compare(found.get(name), expected.get(name), f"{place}.{name}" if place else name, ignored)
    elif isinstance(found, list | tuple) and isinstance(expected, list | tuple) and len(found) == len(expected):
        for index, pair in enumerate(zip(found, expected, strict=True)):
            yield from _compare(*pair, f"{place}.{index}", ignored)
    elif isinstance(found, np.ndarray) and isinstance(expected, np.ndarray):
        yield from array_deviations(found, expected, place)
    elif _plain(found) != _plain(expected):
        yield Deviation(place, _distance(found, expected), f"{_shown(found)}, expected {_shown(expected)}")


def array_deviations(found: np.ndarray, expected: np.ndarray, place: str) -> Iterator[Deviation]:
    """Yield the deviation of one array, unless it is the expected one bit for bit.

    Parameters
    ----------
    found : ndarray
        The array.
    expected : ndarray
        The other array.
    place : str
        Where it stands.

    Yields
    ------
    Deviation
        At most one; infinite for another shape or type.
    """
    if found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes():
        return
    if found.shape != expected.shape or found.dtype != expected.dtype:
        words = f"{found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}"
        yield Deviation(place, math.inf, words)
        return
    a, b = (np.asarray(one, np.float64) for one in (found, expected))
    both = np.isnan(a) & np.isnan(b)
    difference = float(np.linalg.norm(np.where(both, 0, a - b)))
    norm = float(np.linalg.norm(np.where(both, 0, b)))
    size = difference / norm if norm > 0 else difference
    yield Deviation(place, size if math.isfinite(size) else math.inf, f"off by {size:.2g} of its norm")


def _distance(found: Any, expected: Any) -> float:
    numbers = [
        one for one in (found, expected) if isinstance(one, int | float | np.number) and not isinstance(one, bool)
    ]
    if len(numbers) < 2:
        return math.inf
    a, b = map(float, numbers)
    size = abs(a - b) / max(1.0, abs(b))
    return size if math.isfinite(size) else math.inf


def _plain(value: Any) -> Any:
    """A value as JSON can say it, the same before and after a database's round trip."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        head = f"{value.dtype.str}{value.shape}".encode()
        return hashlib.sha256(head + np.ascontiguousarray(value).tobytes()).hexdigest()
    if isinstance(value, int | float | np.number | np.bool_):
        return _number(value)
    return str(value)


def _number(value: Any) -> int | float | str:
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, float) and not math.isfinite(number):
        return str(number)
    return int(number) if isinstance(number, int) or number.is_integer() else float(number)


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
