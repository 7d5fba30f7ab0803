"""A search space: a config in which some leaves are ranges or choices."""

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.config import canonical_json
from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry import nearest

RANGE_KEYS = {"low", "high", "log"}
Values = Mapping[str, Any]
MOST_CONFIGS = 10_000


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included: whole ones where both are; evenly in the logarithm if ``log``.

    Raises ConfigError for an empty range, and for a logarithm of what is not above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        numbers = all(type(one) in (int, float) and math.isfinite(one) for one in (self.low, self.high))
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
        for key in sorted(config):
            yield from dimensions(config[key], f"{path}.{key}" if path else str(key))
    elif isinstance(config, list):
        for index, item in enumerate(config):
            yield from dimensions(item, f"{path}.{index}" if path else str(index))


def space_of(configs: Mapping[str, Any]) -> dict[str, Dimension]:
    """Every dimension of several configs, by path, which begins with the config's own key."""
    return {path: one for name, config in configs.items() for path, one in dimensions(config, name)}


def filled(config: Any, values: Values, path: str = "") -> Any:
    """The config with the value of each dimension, by its path, in its place. Raises ConfigError for one that lacks."""
    if _dimension(config) is not None:
        if path not in values:
            raise ConfigError(f"no value for {path}: {nearest(path, values) if values else 'none was given'}")
        return values[path]
    if isinstance(config, Mapping):
        return {key: filled(item, values, f"{path}.{key}" if path else key) for key, item in config.items()}
    if isinstance(config, list):
        return [filled(item, values, f"{path}.{index}" if path else str(index)) for index, item in enumerate(config)]
    return config


def size(space: Mapping[str, Dimension]) -> float:
    """How many different sets of values there are; infinite where a range is of real numbers."""
    counts = [
        len(one.values) if isinstance(one, Choices) else one.high - one.low + 1 if one.whole else math.inf
        for one in space.values()
    ]
    return math.prod(counts)


def corners(space: Mapping[str, Dimension]) -> list[dict[str, Any]]:
    """Few sets of values in which every choice and both ends of every range occur: what to check beforehand."""
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


def expand(config: Mapping[str, Any], grid: Mapping[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every combination, the last path fastest: the values by path, and the config that has them.

    ``grid`` maps paths (``recurrent.channels``, the same that a query names) to lists of values; a leaf of the config
    itself may be ``{choices: [...]}``, as in a study. A value may be a whole part, or null. Raises ConfigError for a
    path whose parents the config lacks, for values that are no list, for a range, and for more than 10,000 configs.
    """
    axes = {path: _values(path, values) for path, values in grid.items()}
    within_config = dict(dimensions(config))
    for path, one in within_config.items():
        if not isinstance(one, Choices):
            raise ConfigError(
                "a range has no end of values: list {choices: [...]}, or use dlgn search", f"config.{path}"
            )
        axes[path] = list(one.values)
    count = math.prod(len(values) for values in axes.values())
    if count > MOST_CONFIGS:
        raise ConfigError(f"the grid has {count} configs, the limit is {MOST_CONFIGS}: list fewer, or use dlgn search")
    found = []
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        one = filled(copy.deepcopy(dict(config)), chosen)
        for path in grid:
            _put(one, path, copy.deepcopy(chosen[path]))
        found.append((chosen, one))
    return found


def _values(path: str, values: Any) -> Sequence[Any]:
    if not isinstance(values, list) or not values:
        raise ConfigError(f"given {values!r}, expected a list of values, as [8, 16]", f"grid.{path}")
    return values


def _put(config: Any, path: str, value: Any) -> None:
    """Set what stands at a path, in place."""
    *parents, last = path.split(".")
    with within(f"grid.{path}"):
        for parent in parents:
            config = config[_key(config, parent)]
        config[_key(config, last, new=True)] = value


def _key(config: Any, word: str, new: bool = False) -> Any:
    """The key or index of a part that one word of a path names; a dict may get a ``new`` one."""
    if isinstance(config, list):
        if word.isdecimal() and int(word) < len(config):
            return int(word)
        raise ConfigError(f"{word!r} is no place in a list of {len(config)}: expected 0 to {len(config) - 1}")
    if isinstance(config, dict) and (new or word in config):
        return word
    held = nearest(word, map(str, config)) if isinstance(config, dict) and config else f"there stands {config!r}"
    raise ConfigError(f"the config has no {word!r}: {held}")
