"""Components named by import path: only public ones of packages that the process allows, since importing runs code."""

import difflib
import importlib
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

from dlgn_cnn.errors import ConfigError, MissingPackage
from dlgn_cnn.registry.permission import OURS, allowed_packages

PATH = re.compile(r"[^\W\d_]\w*(\.[^\W\d_]\w*)+")


def import_component(kind: str, path: str) -> Callable[..., Any]:
    """Return the class or function at an import path. Nothing of a package that is not allowed is imported.

    Parameters
    ----------
    kind : str
        How errors name what was looked for.
    path : str
        ``package.module.name``, of which no word begins with an underscore.

    Returns
    -------
    callable
        The class or function, which is defined in that package.

    Raises
    ------
    ConfigError
        If the package is not allowed, the path leads nowhere or to a name of another package, its module fails when
        imported, or the object cannot be called.
    """
    package = path.split(".", 1)[0]
    if PATH.fullmatch(path) is None:
        raise ConfigError(f"{kind} {path!r} is not an import path of public names: expected package.module.name")
    if package in OURS:
        raise ConfigError(f"{kind} {path!r} is not registered, and nothing else of {package} is called by path")
    if package not in allowed_packages():
        allowed = ", ".join(sorted(allowed_packages() - OURS)) or "none"
        raise MissingPackage(
            f"{kind} {path!r} is in package {package!r}, which is not allowed (allowed: {allowed}); "
            "add it to DLGN_ALLOW_PACKAGES, or allow it where an archive is loaded, if you trust its code"
        )
    module, _, name = path.rpartition(".")
    try:
        owner = importlib.import_module(module)
        if not hasattr(owner, name):
            raise AttributeError(f"module {module!r} has no {name!r}{_nearest(name, owner)}")
        found = getattr(owner, name)
    except Exception as error:
        # The module's own code runs here, and may fail in any way.
        raise ConfigError(f"{kind} {path!r} cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ConfigError(f"{kind} {path!r} is of type {type(found).__name__}, expected a class or function")
    home = str(getattr(found, "__module__", None))
    if home.split(".", 1)[0] != package:
        raise ConfigError(f"{kind} {path!r} is defined in {home}, expected a name that {package} itself defines")
    return found


def _nearest(name: str, module: ModuleType) -> str:
    close = difflib.get_close_matches(name, [one for one in dir(module) if not one.startswith("_")], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
