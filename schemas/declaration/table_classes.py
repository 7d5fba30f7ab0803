"""Every table as a Python class, known from the modules alone: no database is asked."""

import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import datajoint as dj
from datajoint.utils import from_camel_case

from schemas.declaration.modules import MODULES
from schemas.declaration.view_sql import VIEWS


def table_classes() -> dict[str, Any]:
    """Table classes by name with their schema, as ``evaluation.Score.Unit``, in the order in which they are declared.

    A master stands before its parts.
    """
    found: dict[str, Any] = {}
    for module_name in MODULES:
        module = importlib.import_module(f"schemas.{module_name}")
        for master in _classes(module, dj.user_tables.UserTable):
            if master.__module__ == module.__name__:
                name = f"{module_name}.{master.__name__}"
                found |= {name: master} | {f"{name}.{part.__name__}": part for part in _classes(master, dj.Part)}
    return found


def sql_names() -> dict[str, set[str]]:
    """The names in the database of each module's tables: ``{"evaluation": {"__score", "__score__unit", ...}, ...}``."""
    found: dict[str, set[str]] = {name: set() for name in MODULES}
    for path, table in table_classes().items():
        found[path.partition(".")[0]].add(sql_name(table))
    return found


def sql_name(table: Any) -> str:
    """Return the name in the database of a table; DataJoint knows a part's only once its schema is activated."""
    if not issubclass(table, dj.Part):
        return str(table.table_name)
    master = getattr(sys.modules[table.__module__], table.__qualname__.partition(".")[0])
    return f"{master.table_name}__{from_camel_case(table.__name__)}"


@cache
def definitions_digest() -> str:
    """Return a digest of all tables and views, without the tables' order or comments: 16 hexadecimal digits."""
    lines = [f"{module} {sorted(names)}" for module, names in sorted(sql_names().items())]
    for path, table in sorted(table_classes().items(), key=lambda named: named[0]):
        lines += [path, *(line.partition("#")[0].strip() for line in table.definition.splitlines())]
    lines += [f"{name} {sql}" for name, sql in VIEWS.items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _classes(place: Any, kind: type) -> Iterator[Any]:
    return (one for one in vars(place).values() if inspect.isclass(one) and issubclass(one, kind))
