"""Every table as a Python class, known from the modules alone: no database is asked."""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import datajoint as dj

from schemas.database import MODULES


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


def _classes(place: Any, kind: type) -> Iterator[Any]:
    return (one for one in vars(place).values() if inspect.isclass(one) and issubclass(one, kind))
