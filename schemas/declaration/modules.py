"""Modules of tables, in the order of their foreign keys.

A file of ``schemas/`` is a module of tables. All are read from their sources, without DataJoint, so that shells
complete words fast.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

FIRST = "version"  # declared before all others, since it says whether they are
VIEW_SCHEMA = "results"  # holds views alone
VIEW_NAMES = ("fits", "units", "meis", "contrasts", "curves", "studies", "workers", "failures")


def ordered_modules(folder: Path) -> tuple[str, ...]:
    """Each module after all that it imports; one that imports none, just before the first that imports it."""
    found = {path.stem: _imported(path) for path in folder.glob("[a-z]*.py")}
    imports = {name: others & found.keys() for name, others in found.items()}
    levels: dict[str, int] = {}
    for name in TopologicalSorter(imports).static_order():
        levels[name] = max((1 + levels[other] for other in imports[name]), default=0)
    for name in (name for name, others in imports.items() if not others):
        levels[name] = min((levels[other] for other in imports if name in imports[other]), default=0) - 1
    return tuple(sorted(imports, key=lambda name: (name != FIRST, levels[name], name)))


def _imported(path: Path) -> set[str]:
    """The first name below ``schemas`` of everything that a module imports before it makes its schema."""
    names: list[str] = []
    for node in ast.parse(path.read_text().partition("\nschema = ")[0]).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("schemas.")}


MODULES = ordered_modules(Path(__file__).parents[1])
SCHEMAS = (*MODULES, VIEW_SCHEMA)  # in the order in which they are made
