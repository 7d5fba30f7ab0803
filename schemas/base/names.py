"""Names that users choose and that become keys: refused while a file is read if a column cannot hold them."""

import datetime
import re
from typing import Any

from dlgn_cnn.errors import ConfigError

MADE = {
    bool: "a truth value",
    int: "a number",
    float: "a number",
    datetime.date: "a date",
    datetime.datetime: "a date",
    type(None): "nothing",
    list: "a list",
    dict: "keys and values",
}


def longest(table: Any, column: str) -> int:
    """How many characters a text column holds, as its table's definition says: on both servers, not bytes."""
    found = re.search(rf"^\s*{column}\b[^:\n]*:\s*varchar\((\d+)\)", table.definition, re.MULTILINE)
    if found is None:
        raise ConfigError(f"{table.__name__} has no text column {column!r}: correct the name")
    return int(found[1])


def check_name(name: Any, what: str, most: int, written: str | None = None) -> str:
    """Return a name that can be a key on both servers, and is read back as it was given.

    Parameters
    ----------
    name : object
        The name as parsed.
    what : str
        What it names, in messages.
    most : int
        How many characters its column holds, see ``longest``.
    written : str, optional
        The name as it stands in a YAML file (default: it comes from Python).

    Returns
    -------
    str
        The name.

    Raises
    ------
    ConfigError
        If it is no text, is empty or too long, or holds characters that nobody sees.

    Examples
    --------
    >>> check_name(True, "experiment x.yaml", 64, "on")
    Traceback (most recent call last):
        ...
    dlgn_cnn.errors.ConfigError: experiment x.yaml: given on, which YAML reads as a truth value (True): to make it a \
name, put it in quotes, as "on"
    """
    if not isinstance(name, str):
        raise ConfigError(f"{what}: given {not_text(name, written)}")
    if not name or name != name.strip():
        raise ConfigError(f"{what}: given {name!r}, expected a name without blanks at its ends: correct it")
    odd = sorted({character for character in name if not character.isprintable() or character == "\\"})
    if odd:  # DataJoint quotes a backslash as MySQL reads it, and not as PostgreSQL does
        codes = ", ".join(map(ascii, odd))
        raise ConfigError(f"{what}: given {name!r}, with {codes}: leave out backslashes and what is not printed")
    check_length(name, what, most)
    return name


def check_length(text: str, what: str, most: int) -> None:
    """Raise ConfigError for a text that is longer than its column.

    Parameters
    ----------
    text : str
        The text.
    what : str
        Where it stands, for the message.
    most : int
        Characters that the column holds.
    """
    if len(text) > most:
        begin = f"{text[:most]!r}... of {len(text)} characters"
        raise ConfigError(f"{what}: given {begin}, expected up to {most}: shorten it")


def not_text(value: Any, written: str | None = None) -> str:
    """What is wrong with a value that is not text, and how to write it: from YAML, or else from Python.

    >>> not_text(3)
    '3 (int), expected text: put it in quotes'
    """
    if written is None:
        return f"{value!r} ({type(value).__name__}), expected text: put it in quotes"
    made = MADE.get(type(value), f"a {type(value).__name__}")
    return f'{written}, which YAML reads as {made} ({value}): to make it a name, put it in quotes, as "{written}"'
