"""Restriction by values that come from outside: configs, archives, names on the command line, and URLs.

DataJoint writes a list into SQL as it stands, and takes a key of unknown columns for no restriction at all.
"""

import datetime
import decimal
import uuid
from collections.abc import Mapping
from typing import Any

import numpy as np
from datajoint import condition, expression, jobs, table

from dlgn_cnn.errors import ConfigError

KINDS = (str, int, datetime.date, uuid.UUID, np.integer, np.bool_)
LARGEST = 2**63 - 1
# Of any key, ours too: DataJoint writes these as values, and of all else the text that Python prints.
WRITTEN = (*KINDS, float, datetime.time, decimal.Decimal, np.number, type(None))
_make_condition = condition.make_condition


def restrict(rows: Any, *keys: Any) -> Any:
    """Return the rows that have the values of any of these keys.

    Parameters
    ----------
    rows : QueryExpression
        Rows of a table or a join.
    *keys : mapping
        Values by column, from outside.

    Returns
    -------
    QueryExpression
        The restricted rows.

    Raises
    ------
    ConfigError
        For a key that is not a mapping or is empty, an unknown column, and a value that is not text, a whole number, a
        date or a UUID.
    """
    for key in keys:
        if not isinstance(key, Mapping) or not key:
            raise ConfigError(f"given {key!r:.80}, expected values by column, as {{seed: 1}}")
        for name, value in key.items():
            if name not in rows.heading.names:
                raise ConfigError(f"a key has no column {name!r:.80}: expected some of {', '.join(rows.heading.names)}")
            check_key_value(name, value)
    return rows & [dict(key) for key in keys]


def check_key_value(name: str, value: Any) -> None:
    """Raise ConfigError for a value that cannot be part of a key on both servers.

    >>> check_key_value("seed", [1])
    Traceback (most recent call last):
        ...
    dlgn_cnn.errors.ConfigError: seed of a key is [1] (list), expected text, a whole number, a date or a UUID
    """
    if not isinstance(value, KINDS):
        kind = type(value).__name__
        raise ConfigError(f"{name} of a key is {value!r:.80} ({kind}), expected text, a whole number, a date or a UUID")
    if isinstance(value, int | np.integer) and abs(int(value)) > LARGEST:
        raise ConfigError(f"{name} of a key is beyond 64 bits: expected a smaller number")
    if isinstance(value, str) and any(one in "\\\0" or "\ud800" <= one <= "\udfff" for one in value):
        raise ConfigError(f"{name} of a key is {value!r:.80}: leave out backslashes and what is no character")


def guard_keys() -> None:
    """Let DataJoint refuse a key with a list or another value that it would write into SQL as Python prints it."""
    for module in (condition, expression, jobs, table):
        module.make_condition = _checked_condition


def _checked_condition(rows: Any, key: Any, columns: set[str], semantic_check: bool = True) -> str | bool:
    plain = key
    while isinstance(plain, condition.Not):
        plain = plain.restriction
    if isinstance(plain, Mapping):
        for name, value in plain.items():
            if name.split(".", 1)[0] in rows.heading.names and not isinstance(value, WRITTEN):
                raise ConfigError(f"{name} of a key is {value!r:.80} ({type(value).__name__}), expected one value")
    return _make_condition(rows, key, columns, semantic_check)
