"""A search space: a config in which some leaves are ranges or choices."""

import copy
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.bounds import check
from dlgn_cnn.config import canonical_json, join_path
from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry import nearest
from dlgn_cnn.values import finite

RANGE_KEYS = {"low", "high", "log"}
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included: whole ones where both are; evenly in the logarithm if ``log``.

    Raises ConfigError for an empty range, and for a logarithm of what is not above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        numbers = finite(self.low) and finite(self.high)
        if not numbers or self.low > self.high or type(self.log) is not bool:
            raise ConfigError(f"given {vars(self)}, expected numbers low <= high, and log true or false")
        if self.log and self.low <= 0:
            raise ConfigError(f"low is {self.low}: on a logarithmic scale it must be above 0")

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return type(self.low) is int and type(self.high) is int


@dataclass(frozen=True)
class Choices:
    """Any of these values, which may be whole parts of a config. Raises ConfigError for none, or two alike."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        texts = [canonical_json(value) for value in self.values]
        if not texts or len(set(texts)) < len(texts):
            raise ConfigError(f"choices {list(self.values)}: give different values, one or more")

    @property
    def labels(self) -> dict[str, Any]:
        """Each value under its canonical text, which stays the same when choices are listed in another order."""
        return {canonical_json(value): value for value in self.values}


Dimension = Range | Choices


def dimensions(config: Any, path: str = "") -> Iterator[tuple[str, Dimension]]:
    """Every range (``{low, high, log}``) and choice (``{choices: [...]}``) of a config, by its path, in key order.

    Raises ConfigError, with the path, for one that is not well formed.
    """
    with within(path):
        found = _dimension(config)
    if found is not None:
        yield path, found
    elif isinstance(config, Mapping):
        for key in sorted(config, key=str):
            yield from dimensions(config[key], join_path(path, str(key)))
    elif isinstance(config, list):
        for index, item in enumerate(config):
            yield from dimensions(item, join_path(path, index))


def space_of(configs: Mapping[str, Any]) -> dict[str, Dimension]:
    """Every dimension of several configs, by path, which begins with the config's own key."""
    return {path: one for name, config in configs.items() for path, one in dimensions(config, name)}


def filled(config: Any, values: Values, path: str = "") -> Any:
    """Return a config with a value in the place of each dimension.

    Parameters
    ----------
    config : object
        The config, or a part of it.
    values : mapping of str to object
        Values by path.
    path : str, default ""
        Where in the whole config the part stands.

    Returns
    -------
    object
        The config.

    Raises
    ------
    ConfigError
        If a dimension has no value.

    Examples
    --------
    >>> filled({"rate": {"low": 0.1, "high": 1.0}}, {"rate": 0.5})
    {'rate': 0.5}
    """
    if _dimension(config) is not None:
        if path not in values:
            raise ConfigError(f"no value for {path}: {nearest(path, values) if values else 'none was given'}")
        return values[path]
    if isinstance(config, Mapping):
        return {key: filled(item, values, join_path(path, key)) for key, item in config.items()}
    if isinstance(config, list):
        return [filled(item, values, join_path(path, index)) for index, item in enumerate(config)]
    return config


def expand(config: Mapping[str, Any]) -> list[tuple[Values, dict[str, Any]]]:
    """Every combination of a config's choices, the last path fastest: the values by path, and the config with them.

    Raises ConfigError for a range, and for more configs than the bound.

    >>> [one for _, one in expand({"depth": {"choices": [1, 2]}, "name": "a"})]
    [{'depth': 1, 'name': 'a'}, {'depth': 2, 'name': 'a'}]
    """
    axes = {}
    for path, one in dimensions(config):
        if not isinstance(one, Choices):
            raise ConfigError(
                "a range has no end of values: list {choices: [...]}, or use dlgn search", f"config.{path}"
            )
        axes[path] = one.values
    count = math.prod(map(len, axes.values()))
    check("experiment.configs", count, error=ConfigError)
    chosen = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [(values, copy.deepcopy(filled(config, values))) for values in chosen]


def size(space: Mapping[str, Dimension]) -> float:
    """How many different sets of values there are; infinite if a range is of real numbers.

    >>> size({"units": Choices((8, 16)), "lags": Range(1, 5)})
    10
    """
    counts = [
        len(one.values) if isinstance(one, Choices) else one.high - one.low + 1 if one.whole else math.inf
        for one in space.values()
    ]
    return math.prod(counts)


def corners(space: Mapping[str, Dimension]) -> list[dict[str, Any]]:
    """Few sets of values in which every choice and both ends of every range occur: what to check beforehand.

    >>> corners({"rate": Range(0.1, 1.0), "units": Choices((8, 16))})
    [{'rate': 0.1, 'units': 8}, {'rate': 1.0, 'units': 16}]
    """
    listed = {
        path: list(one.values) if isinstance(one, Choices) else [one.low, one.high] for path, one in space.items()
    }
    most = max(map(len, listed.values()), default=1)
    return [{path: values[min(row, len(values) - 1)] for path, values in listed.items()} for row in range(most)]


def _dimension(config: Any) -> Dimension | None:
    if not isinstance(config, Mapping):
        return None
    if set(config) == {"choices"}:
        if not isinstance(config["choices"], list):
            raise ConfigError(f"given {config['choices']!r}, expected a list of choices")
        return Choices(tuple(config["choices"]))
    if {"low", "high"} <= set(config) <= RANGE_KEYS:
        return Range(config["low"], config["high"], config.get("log", False))
    return None
