"""Import paths on which the current folder has no place, so that a file that lies there is never run as a module."""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def isolated(code: str, *arguments: str) -> list[str]:
    """Command line of Python code that reads foreign files: it imports from this process's path and heeds no variable.

    Parameters
    ----------
    code : str
        The code; its arguments are in ``sys.argv[1:]``.
    *arguments : str
        The arguments.

    Returns
    -------
    list of str
        The command line.
    """
    paths = trusted_path(sys.path, os.environ)
    return [sys.executable, "-I", "-c", f"import sys\nsys.path[:] = {paths!r}\n{code}", *arguments]


def trusted_path(path: list[str], environment: MutableMapping[str, str]) -> list[str]:
    """Return the entries of an import path without the current folder, unless PYTHONPATH names it or we lie there."""
    here, named = Path.cwd(), environment.get("PYTHONPATH", "").split(os.pathsep)
    if here == ROOT or any(Path(entry).resolve() == here for entry in named if entry):
        return [entry for entry in path if entry]
    return [entry for entry in path if entry and Path(entry).resolve() != here]


def leave_current_folder_out() -> None:
    """Take the current folder out of the import path of this process and of all Python processes that it starts.

    An empty entry of PYTHONPATH means the current folder too, mostly by mistake, and is left out. Nor does DataJoint
    look for settings of its own in the current folder.
    """
    sys.path[:] = trusted_path(sys.path, os.environ)
    os.environ["PYTHONSAFEPATH"] = "1"
    os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"
    if "PYTHONPATH" in os.environ:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, os.environ["PYTHONPATH"].split(os.pathsep)))
