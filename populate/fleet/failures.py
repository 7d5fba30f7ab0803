"""Failures by cause: keys of a table whose messages differ only in numbers, hashes, paths and the key's own values."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base.relational import FreeTable

FIRST = 3  # keys that a cause is shown with
WITHHELD = "…"
VARYING = (
    r"(?<![\w/])(?:[a-z][a-z0-9+]*:/)?~?/[^\s'\",;:)\]}]+"  # an absolute path, a URL
    r"|(?<![\w/.-])[\w.-]+(?:/[\w.-]+)+\.\w+"  # a relative path with an ending
    r"|(?<=the worker on )[^,]+"  # a host, as leases name it
    r"|(?<![\w.+:-])(?=[\w.+:-]*\d)[\w.+:-]*\w"  # a number, a time, a word with a digit in it, as gpu3
    r"|\b[a-f]{12,}\b"
)
PIECES = re.compile(f"({VARYING})")
HASH = re.compile(r"[0-9a-f]{32,}")
SHELL = re.compile(r"[\"$`\\!]")
Key = dict[str, Any]


@dataclass
class Cause:
    """Keys of one table that failed, or were set aside, for one reason.

    Attributes
    ----------
    table_name : str
        The table.
    status : str
        ``error``, or ``ignore`` for keys that were set aside.
    count : int
        Number of the keys.
    keys : list of dict
        The first of them.
    """

    table_name: str
    status: str
    count: int
    keys: list[Key]
    _fixed: list[str]
    _varying: list[str | None]

    @property
    def reason(self) -> str:
        """The message in one sentence, with an ellipsis for each part that is not the same for all keys."""
        parts = [self._fixed[0]]
        for varying, fixed in zip(self._varying, self._fixed[1:], strict=True):
            parts += [WITHHELD if varying is None else varying, fixed]
        return re.sub(rf"{WITHHELD}(?: ?{WITHHELD})+", WITHHELD, "".join(parts)) or "no reason was given"

    @property
    def sentence(self) -> str:
        """Table, number of keys, and the reason."""
        became = "failed" if self.status == "error" else "are set aside" if self.count > 1 else "is set aside"
        return f"{self.table_name}: {self.count} key{'s' * (self.count > 1)} {became}: {self.reason}"

    @property
    def options(self) -> list[str]:
        """The first keys as options of a command."""
        return [where_option(key) for key in self.keys]

    def _add(self, key: Key, varying: list[str]) -> None:
        self.count += 1
        self._varying = [one if one == other else None for one, other in zip(self._varying, varying, strict=True)]
        if len(self.keys) < FIRST:
            self.keys.append(key)


def failures(table: Any) -> list[Cause]:
    """Causes for which keys of a computed table failed or were set aside, the most frequent first."""
    queue = queue_of(table)
    if not queue.is_declared:
        return []
    failed = queue & "status IN ('error', 'ignore')"
    rows = failed.proj("status", "error_message").to_dicts(order_by="KEY")
    names = queue.primary_key
    return grouped(table.__name__, (({name: row[name] for name in names}, row) for row in rows))


def grouped(table_name: str, failed: Iterable[tuple[Key, Mapping[str, Any]]]) -> list[Cause]:
    """Group failed keys of a table by cause.

    Parameters
    ----------
    table_name : str
        The table.
    failed : iterable of (dict, mapping)
        Each key, and its row with ``status`` and ``error_message``.

    Returns
    -------
    list of Cause
        The most frequent first.

    Examples
    --------
    >>> said = ["no unit 3 in /data/a.npz", "no unit 14 in /data/b.npz", "no space left"]
    >>> rows = [({"seed": n}, {"status": "error", "error_message": text}) for n, text in enumerate(said)]
    >>> [(cause.count, cause.reason) for cause in grouped("Score", rows)]
    [(2, 'no unit … in …'), (1, 'no space left')]
    """
    found: dict[tuple[str, ...], Cause] = {}
    for key, row in failed:
        pieces = _pieces(row["error_message"] or "", key)
        fixed, varying = pieces[::2], pieces[1::2]
        named = (row["status"], *fixed)
        if named not in found:
            found[named] = Cause(table_name, row["status"], 0, [], fixed, list(varying))
        found[named]._add(key, varying)
    return sorted(found.values(), key=lambda cause: -cause.count)


def where_option(key: Mapping[str, Any]) -> str:
    """An option that restricts a command to a key, quoted for a shell; hashes are cut to 8 letters.

    >>> where_option({"model_hash": "ab12cd34" * 4, "seed": 3})
    '--where "model_hash LIKE \\'ab12cd34%\\' AND seed = 3"'
    """
    condition = where_condition(key)
    return f"--where {shlex.quote(condition)}" if SHELL.search(condition) else f'--where "{condition}"'


def where_condition(key: Mapping[str, Any]) -> str:
    """The SQL condition that names a key; hashes are cut to 8 letters."""
    return " AND ".join(_equals(name, value) for name, value in key.items())


def queue_of(table: Any) -> Any:
    """A computed table's queue, which may not be declared yet.

    DataJoint's own ``jobs`` would declare it, and reads all foreign keys of all tables to know its columns.
    """
    name = f"~~{table.table_name.lstrip('_')}"
    return FreeTable(table.connection, table().adapter.make_full_table_name(table.database, name))


def _pieces(message: str, key: Key) -> list[str]:
    """The first line of a message in pieces: what any key would read, what varies, and so on."""
    line = " ".join(next(iter(message.strip().splitlines()), "").split())
    own = [_own(value) for value in key.values() if isinstance(value, str) and len(value) > 1 and value[:6] in line]
    if not own:
        return PIECES.split(line)
    return re.split(rf"((?<!\w)(?:{'|'.join(own)})(?!\w)|{VARYING})", line)


def _own(value: str) -> str:
    """Pattern of a key's own value in its message; of a hash, any first letters."""
    return f"{value[:6]}[0-9a-f]*" if HASH.fullmatch(value) else re.escape(value)


def _equals(name: str, value: Any) -> str:
    if isinstance(value, bool | int):
        return f"{name} = {int(value)}"
    if name.endswith("_hash") and HASH.fullmatch(str(value)):
        return f"{name} LIKE '{str(value)[:8]}%'"
    return f"{name} = '{str(value).replace(chr(39), 2 * chr(39))}'"
