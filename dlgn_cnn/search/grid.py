"""Grids: one entry of an experiment that stands for many configs, every combination of the values that it lists."""

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry import nearest
from dlgn_cnn.search.space import Choices, dimensions, filled

MOST = 10_000
Values = dict[str, Any]


def expand(config: Mapping[str, Any], grid: Mapping[str, Any]) -> list[tuple[Values, dict[str, Any]]]:
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
    if count > MOST:
        raise ConfigError(f"the grid has {count} configs, at most {MOST} are taken: list fewer, or use dlgn search")
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
