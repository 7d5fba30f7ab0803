"""Parts named by import path: only from packages that a setting allows, since importing runs code."""

import difflib
import importlib
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from dlgn_cnn.errors import ConfigError, MissingPackage


def import_component(kind: str, path: str, allowed_packages: Collection[str]) -> Callable[..., Any]:
    """Return the class or function at an import path. Nothing of a package that is not allowed is imported.

    Parameters
    ----------
    kind : str
        How errors name what was looked for.
    path : str
        ``package.module.name``.
    allowed_packages : collection of str
        Packages that may be imported.

    Returns
    -------
    callable
        The class or function.

    Raises
    ------
    ConfigError
        If the package is not allowed, the path leads nowhere, its module fails when imported, or the object cannot be
        called.
    """
    package = path.split(".", 1)[0]
    if package not in allowed_packages:
        allowed = ", ".join(sorted(allowed_packages)) or "none"
        raise MissingPackage(
            f"{kind} {path!r} is in package {package!r}, which is not allowed (allowed: {allowed}); "
            "add it to DLGN_ALLOW_PACKAGES if you trust its code"
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
    return found


def _nearest(name: str, module: ModuleType) -> str:
    close = difflib.get_close_matches(name, [one for one in dir(module) if not one.startswith("_")], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
