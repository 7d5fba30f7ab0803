"""The names of all tables, read from the source of ``schemas``: quick enough for a shell that completes words."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

COMPUTED = ("Computed", "Imported")


@cache
def table_tiers() -> dict[str, str]:
    """DataJoint's tier of every table by name: Manual, Lookup, Imported, Computed, or Part, as of ``Score.Unit``."""
    import schemas  # not before a word is completed: help does without
    from schemas.declaration.table_classes import MODULES

    found: dict[str, str] = {}
    for name in MODULES:
        source = (Path(schemas.__file__).parent / f"{name}.py").read_text()
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef) and (tier := _tier(node)):
                found |= {node.name: tier} | {f"{node.name}.{part}": "Part" for part in _parts(node)}
    return found


def complete_computed(incomplete: str) -> list[str]:
    """The computed tables whose names begin so."""
    return [name for name, tier in table_tiers().items() if tier in COMPUTED and name.startswith(incomplete)]


def complete_table(incomplete: str) -> list[str]:
    """The tables whose names begin so; the last one of a join."""
    before, star, last = incomplete.rpartition("*")
    return [f"{before}{star}{name}" for name in table_tiers() if name.startswith(last)]


def _tier(node: ast.ClassDef) -> str:
    return next((base.attr for base in _bases(node) if ast.unparse(base.value) == "dj"), "")


def _parts(node: ast.ClassDef) -> Iterator[str]:
    yield from (one.name for one in node.body if isinstance(one, ast.ClassDef) and _tier(one) == "Part")
    if any(base.attr == "Traced" for base in _bases(node)):
        yield "Provenance"  # which this mixin adds


def _bases(node: ast.ClassDef) -> Iterator[ast.Attribute]:
    return (base for base in node.bases if isinstance(base, ast.Attribute))
