"""Configs as values: canonical JSON, a hash that tells types apart, and leaves that a query can name."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.errors import ConfigError, join_path

Config = Mapping[str, Any]
HASH_LENGTH = 32
HASH_VERSION = 1  # of this way to hash a config; stored with every row
KINDS = {one: one.__name__ for one in (bool, int, float, str, list, dict)} | {type(None): "null"}


@dataclass(frozen=True)
class ConfigLeaf:
    """One value of a config: where it stands (``core.channels[0]``), its JSON type and its canonical text."""

    path: str
    kind: str
    text: str
    number: float | None


def canonical_json(value: Any) -> str:
    """The one text of a config: keys sorted, no spaces, ``1``, ``1.0``, ``"1"`` and ``true`` all different.

    Text is compared by code points: the two ways to write an accented letter are two values. Raises ConfigError, naming
    the path, for what JSON cannot carry unchanged: a tuple, a set, NaN, a numpy scalar, half of a surrogate pair, a
    key that is not a string.
    """
    for _ in leaves(value):
        pass
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def value_sha256(value: Any) -> str:
    """Hex digest of a value's canonical JSON. Raises ConfigError as ``canonical_json`` does."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def config_hash(function: str, config: Config) -> str:
    """Hex digest that identifies ``function`` called with ``config``: sha256 of canonical JSON, first 128 bits.

    Blind to the order of keys, sensitive to every value and its type (nnfabrik's md5 of ``str()`` is not).

    >>> config_hash("ln", {"a": 1, "b": 2}) == config_hash("ln", {"b": 2, "a": 1})
    True
    >>> config_hash("ln", {"a": 1}) == config_hash("ln", {"a": 1.0})
    False
    """
    return value_sha256({"function": function, "config": dict(config)})[:HASH_LENGTH]


def leaves(value: Any, path: str = "") -> Iterator[ConfigLeaf]:
    """Every leaf of a config in key order; an empty list or dict is a leaf of its own. Raises as ``canonical_json``."""
    if isinstance(value, Mapping) and value:
        for key in value:
            if not isinstance(key, str):
                raise ConfigError(f"config key {key!r} under {path or 'the top'} is not a string: quote it")
            _check_text(key, path)
        for key in sorted(value):
            yield from leaves(value[key], join_path(path, key))
    elif type(value) is list and value:
        for index, item in enumerate(value):
            yield from leaves(item, join_path(path, index))
    else:
        yield _leaf(value, path)


def _leaf(value: Any, path: str) -> ConfigLeaf:
    kind = KINDS.get(type(value))
    if kind is None or (kind == "float" and not math.isfinite(value)):
        advice = (
            "write a list" if isinstance(value, tuple | set) else "use str, bool, int, finite float, list, dict or null"
        )
        raise ConfigError(f"config value at {path or 'the top'} is {value!r} of type {type(value).__name__}: {advice}")
    if kind == "str":
        _check_text(value, path)
    return ConfigLeaf(path, kind, _text(value, path), _number(value) if kind in ("bool", "int", "float") else None)


def _check_text(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"config text {text!r} at {path or 'the top'} is not Unicode text: {error.reason}") from error


def _text(value: Any, path: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError as error:  # Python writes no integer of more than some thousand digits
        raise ConfigError(f"config value at {path or 'the top'} is too large: {error}") from error


def _number(value: float) -> float | None:
    """The value for queries; None for an integer that is larger than any float."""
    try:
        return float(value)
    except OverflowError:
        return None
