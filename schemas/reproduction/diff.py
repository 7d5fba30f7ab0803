"""Differences between two rows of a table: key, configs leaf by leaf, code, environment, data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dlgn_cnn.config import join_path, leaves
from schemas import provenance
from schemas.base.keys import Key
from schemas.declaration.computed_tables import config_tables


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in both rows; None where a row does not have it."""

    part: str
    name: str
    one: str | None
    other: str | None


def differences(table: Any, one: Key, other: Key) -> list[Difference]:
    """List every difference between two rows of a computed table, or between two configs of one kind.

    Parameters
    ----------
    table : Table
        The table of both.
    one, other : mapping
        Keys of the rows.

    Returns
    -------
    list of Difference
        Key first, then configs, inputs, code, environment and machine.
    """
    return [*_of_keys(table, one, other), *_of_configs(one, other), *_of_provenance(table, one, other)]


def _of_keys(table: Any, one: Key, other: Key) -> Iterator[Difference]:
    hashes = {f"{kind}_hash" for kind in config_tables()}
    names = [name for name in table.primary_key if name not in hashes]
    yield from _between("key", {name: one[name] for name in names}, {name: other[name] for name in names})


def _of_configs(one: Key, other: Key) -> Iterator[Difference]:
    """Of each config that is another: function and leaves, read from the config itself, which is what was hashed."""
    for kind, table in config_tables().items():
        column = f"{kind}_hash"
        if column in one and one[column] != other.get(column):
            yield from _between(f"{kind} config", _config(table, one), _config(table, other))


def _config(table: Any, key: Key) -> dict[str, str]:
    function, config = table.load(key)
    return {"fn": function} | {join_path("config", leaf.path): leaf.text for leaf in leaves(config) if leaf.path}


def _of_provenance(table: Any, one: Key, other: Key) -> Iterator[Difference]:
    if not hasattr(table, "Provenance"):
        return
    rows = [(table.Provenance & key).to_dicts() for key in (one, other)]
    if not all(rows):
        said = [row[0]["code_hash"] if row else None for row in rows]
        if any(said):
            yield Difference("provenance", "code_hash", *said)
        return
    kept = [row[0] for row in rows]
    yield from _between("data", *(row["inputs"] for row in kept))
    for part, source in (("code", provenance.Code), ("environment", provenance.Environment)):
        column = f"{part}_hash"
        if kept[0][column] != kept[1][column]:
            yield from _between(part, *(_described(source, column, row[column]) for row in kept))
    yield from _between("machine", *({"host": row["host"]} for row in kept))


def _described(source: Any, column: str, digest: str) -> dict[str, Any]:
    """A row of code or environment with its packages, each a version or, of code, a digest."""
    row = (source & {column: digest}).fetch1()
    packages = (source.Package & {column: digest}).to_dicts()
    named = {f"package {one['package']}": one.get("package_digest", one["package_version"]) for one in packages}
    return {name: value for name, value in row.items() if name not in (column, "packages_digest")} | named


def _between(part: str, one: Key, other: Key) -> Iterator[Difference]:
    for name in dict.fromkeys([*one, *other]):
        values = [_text(given.get(name)) for given in (one, other)]
        if values[0] != values[1]:
            yield Difference(part, name, *values)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
