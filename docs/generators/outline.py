"""The tables as their definitions have them, for reference pages and diagrams: no database is needed."""

import inspect
import re
import sys
from dataclasses import dataclass
from typing import Any

import datajoint as dj

from schemas.declaration.table_classes import sql_name, table_classes

TIERS = {dj.Lookup: "lookup", dj.Imported: "imported", dj.Computed: "computed", dj.Part: "part", dj.Manual: "manual"}
_COLUMN = re.compile(r"(?P<name>\w+)\s*(?:=\s*(?P<default>.+?))?\s*:\s*(?P<sql_type>[^#]+?)\s*(?:#\s*(?P<comment>.*))?")
_LINK = re.compile(r"->\s*(?:\[(?P<options>[\w, ]+)\]\s*)?(?P<table>[\w.]+?)(?:\.proj\((?P<renamed>.*)\))?\s*")
_RENAMED = re.compile(r"(\w+)\s*=\s*['\"](\w+)['\"]")


@dataclass(frozen=True)
class ColumnOutline:
    """One column of a table's own: its type as DataJoint spells it, its default as written, None where it has none."""

    name: str
    sql_type: str
    default: str | None
    comment: str
    in_key: bool


@dataclass(frozen=True)
class Link:
    """A foreign key: ``table`` is the other's name with its schema, as ``dataset.Dataset.Unit``.

    ``renamed`` are pairs of a column's name there and here, where they differ.
    """

    table: str
    in_key: bool
    nullable: bool
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TableOutline:
    """One table: its schema and name, what SQL calls it, who fills it, its docstring, columns and foreign keys."""

    schema: str
    name: str
    sql_name: str
    tier: str
    text: str
    columns: tuple[ColumnOutline, ...]
    links: tuple[Link, ...]
    indexes: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Name with its schema, as a query in Python imports it."""
        return f"{self.schema}.{self.name}"


def outline() -> list[TableOutline]:
    """Every table, in the order in which they are declared, each master before its parts."""
    return [_outlined(table, name.partition(".")[2]) for name, table in table_classes().items()]


def _outlined(table: Any, name: str) -> TableOutline:
    columns, links, indexes, in_key = [], [], [], True
    for line in filter(None, map(str.strip, table.definition.splitlines())):
        if line.startswith("---"):
            in_key = False
        elif found := _LINK.fullmatch(line):
            renamed = tuple((there, here) for here, there in _RENAMED.findall(found["renamed"] or ""))
            nullable = "nullable" in (found["options"] or "")
            links.append(Link(_resolved(found["table"], table, name), in_key, nullable, renamed))
        elif "index" in line.split("(")[0].split():
            indexes.append(line)
        elif found := _COLUMN.fullmatch(line):
            columns.append(
                ColumnOutline(found["name"], found["sql_type"], found["default"], found["comment"] or "", in_key)
            )
    tier = next(word for kind, word in TIERS.items() if issubclass(table, kind))
    text, schema = inspect.cleandoc(table.__doc__ or ""), table.__module__.removeprefix("schemas.")
    return TableOutline(schema, name, sql_name(table), tier, text, tuple(columns), tuple(links), tuple(indexes))


def _resolved(reference: str, table: Any, name: str) -> str:
    """The full name of the table that a definition refers to from where it stands."""
    if reference == "master":
        return f"{table.__module__.removeprefix('schemas.')}.{name.split('.')[0]}"
    found: Any = sys.modules[table.__module__]
    for word in reference.split("."):
        found = getattr(found, word)
    return f"{found.__module__.removeprefix('schemas.')}.{found.__qualname__}"
