"""The steps there are: modules of this package, found by name, in the order of their numbers."""

import importlib
import pkgutil
import re
from functools import cache
from types import ModuleType

from dlgn_cnn.errors import ConfigError
from schemas import migrations
from schemas.migrations.tables import Tables

FIRST = 1  # the tables as they were before versions, which no step leads to


@cache
def names() -> dict[int, str]:
    """The module of the step to each version from 2 on. Raises ConfigError for a gap or two steps to one version."""
    found: dict[int, str] = {}
    for module in pkgutil.iter_modules(migrations.__path__):
        match = re.fullmatch(r"step_(\d{4})_\w+", module.name)
        if match is None:
            continue
        number = int(match.group(1))
        if number in found:
            raise ConfigError(f"{found[number]} and {module.name} lead to one version: give one the next number")
        found[number] = module.name
    if sorted(found) != list(range(FIRST + 1, FIRST + 1 + len(found))):
        raise ConfigError(f"steps to versions {sorted(found)}: expected one to each from {FIRST + 1} on")
    return found


def latest() -> int:
    """The version that this code's tables have."""
    return max(names(), default=FIRST)


def load(number: int) -> ModuleType:
    """The step to a version: its ``upgrade(tables)``, and its docstring, the first line of which says what changes."""
    return importlib.import_module(f"schemas.migrations.{names()[number]}")


def finish(tables: Tables) -> None:
    """What tables that were just declared still lack: what no DataJoint definition can say, and a step's ``finish``
    does. It may be done again.
    """
    for number in names():
        step = load(number)
        if hasattr(step, "finish"):
            step.finish(tables)
