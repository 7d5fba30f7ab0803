"""The tables as an archive knows them: by names that hold in every database, in the order of their dependencies."""

import re
from typing import Any, NamedTuple

from dlgn_cnn.archive.manifest import StoredColumn
from schemas import session
from schemas.declaration.table_classes import table_classes

# Of this database alone: its version, verdicts, the fleet, searches, and who writes files where.
LEFT_OUT_MODULES = ("version", "verification", "fleet", "search", "store")
LEFT_OUT_TABLES = ("fitting.Checkpoint",)  # files from which an unfinished fit resumes
LOOSE_PARTS = ("experiment.Experiment.Fit",)  # of which some are published and others not
WHOLE = ("session.Session", "dataset.Dataset")  # all rows that hang on these alone come with them
KINDS = {
    "bool": r"bool(ean)?$",
    "int": r"((tiny|small|medium|big)?int(eger)?( unsigned)?|u?int\d+)$",
    "float32": r"(float|real|float32)$",
    "float64": r"(double( precision)?|float64)$",
    "json": r"jsonb?$",
    "npy": r"<array@\w+>$",
    "datetime": r"(datetime|timestamp)",
    "date": r"date$",
    "text": r"((var)?char|character|enum|text|longtext|mediumtext)",
}


class Edge(NamedTuple):
    """A foreign key: ``names`` maps the parent's columns to the child's."""

    child: str
    parent: str
    names: dict[str, str]
    primary: bool


class Catalog:
    """Every table that an archive may hold, by name as ``evaluation.Score.Unit``; parents before children.

    ``anchor`` is the table by whose key a table's rows are chosen: a part's is its master, and tables that hang on a
    session alone come with the session.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {
            name: table()
            for name, table in table_classes().items()
            if name.partition(".")[0] not in LEFT_OUT_MODULES and name not in LEFT_OUT_TABLES
        }
        known = {table.full_table_name: name for name, table in self.tables.items()}
        graph = session.schema.connection.dependencies
        graph.load()
        self.edges = [
            Edge(name, known[parent], {theirs: own for own, theirs in props["attr_map"].items()}, props["primary"])
            for full, name in known.items()
            for parent, props in graph.parents(full)
            if parent in known
        ]
        self.anchor: dict[str, str] = {}
        for name in self.tables:
            self.anchor[name] = self._anchor(name)

    def columns(self, name: str) -> list[StoredColumn]:
        """The columns of a table, with the kind that each has in an archive."""
        return [_column(name, one) for one in self.tables[name].heading.attributes.values()]

    def hanging_on(self, name: str) -> set[str]:
        """A table with all tables that need its rows: its parts, and tables that refer to any of them."""
        found, todo = set(), [name]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                master = one.rpartition(".")[0]
                todo += [edge.child for edge in self.edges if edge.parent == one]
                todo += [master] if master in self.tables and one not in LOOSE_PARTS else []
        return found

    def _anchor(self, name: str) -> str:
        if name in LOOSE_PARTS:
            return name
        master = name.rpartition(".")[0]
        if master in self.anchor:
            return self.anchor[master]
        above = {self.anchor[edge.parent] for edge in self.edges if edge.child == name and edge.primary}
        return above.pop() if len(above) == 1 and above <= set(WHOLE) else name


def _column(table: str, attribute: Any) -> StoredColumn:
    text = str(attribute.type if attribute.codec else attribute.original_type or attribute.type).lower()
    kind = next((kind for kind, pattern in KINDS.items() if re.match(pattern, text)), None)
    if kind is None:
        raise TypeError(f"column {attribute.name} of {table} is of type {text}, which no archive knows how to hold")
    return StoredColumn(attribute.name, kind, bool(attribute.nullable))
