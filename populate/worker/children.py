"""Processes of our own modules, for which no module of the current folder can stand in."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(module: str, *arguments: str) -> list[str]:
    """Command line of a module, as ``python -m`` runs it. ``-P`` leaves the current folder out of its path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these variables, by which a child finds our modules where they are."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join(filter(None, [*named, str(ROOT)]))  # an empty entry would be the current folder
    return os.environ | {"PYTHONPATH": path} | dict(variables)
