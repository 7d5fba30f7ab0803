"""Functions named in a config: a registered name, or an import path of a package that a setting allows."""

import importlib
from collections.abc import Callable, Collection
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import Registry


def resolve(registry: Registry, name: str, allowed_packages: Collection[str] = ()) -> Callable[..., Any]:
    """The function called ``name``: a part of ``registry``, or ``package.module.function`` of an allowed package.

    Nothing outside ``allowed_packages`` is imported: importing runs code. Raises ConfigError for an unknown name, a
    package that is not allowed, or a path that leads nowhere.
    """
    if "." not in name:
        return registry.get(name)
    package = name.split(".", 1)[0]
    if package not in allowed_packages:
        allowed = ", ".join(sorted(allowed_packages)) or "none"
        raise ConfigError(
            f"{registry.kind} {name!r} is in package {package!r}, which is not allowed (allowed: {allowed}); "
            "add it to DLGN_ALLOW_PACKAGES if you trust its code"
        )
    module, _, function = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{registry.kind} {name!r} cannot be imported: {error}") from error
    if not callable(found):
        raise ConfigError(f"{registry.kind} {name!r} is a {type(found).__name__}, expected a function")
    return found
