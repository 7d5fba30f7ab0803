"""Every table as a Python class, known from the modules alone: no database is asked."""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import datajoint as dj
from datajoint.utils import from_camel_case

MODULES = (
    "version",
    "session",
    "stimulus",
    "optogenetics",
    "provenance",
    "recording",
    "dataset",
    "model",
    "trainer",
    "experiment",
    "ensemble",
    "search",
    "fitting",
    "training",
    "nnfabrik_import",
    "evaluation",
    "tuning",
    "ensemble_score",
    "mei",
    "mei_control",
    "mei_contrast",
    "fleet",
    "verification",
)


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
    masters: dict[str, str] = {}
    for path, table in table_classes().items():
        module, master, *part = path.split(".")
        if not part:
            masters[master] = table.table_name
        # DataJoint names a part once its schema is activated, which is later than this is asked.
        found[module].add("__".join([masters[master], *map(from_camel_case, part)]))
    return found


def _classes(place: Any, kind: type) -> Iterator[Any]:
    return (one for one in vars(place).values() if inspect.isclass(one) and issubclass(one, kind))
