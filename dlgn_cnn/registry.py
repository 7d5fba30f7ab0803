"""Named parts: a config names a part, the registry builds it, and an unknown name lists the choices."""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dlgn_cnn.errors import ConfigError


def nearest(name: str, choices: Iterable[str]) -> str:
    """A clause that lists the choices and, where one is close, the nearest: ``"choose from a, b; did you mean a?"``."""
    names = sorted(choices)
    close = difflib.get_close_matches(name, names, n=1)
    return f"choose from {', '.join(names)}" + (f"; did you mean {close[0]!r}?" if close else "")


class Registry:
    """All parts of one kind (cores, readouts, trainers, ...), each registered in its own file.

    ``package`` is the package whose modules register the parts; it is imported on first use, so that
    adding a part is adding one file to it.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._parts: dict[str, Callable[..., Any]] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator that files a class or function under ``name``; a second part of that name is refused."""

        def file(part: Callable[..., Any]) -> Callable[..., Any]:
            if name in self._parts:
                raise ConfigError(f"two {self.kind}s are called {name!r}: rename one of them")
            self._parts[name] = part
            return part

        return file

    def names(self) -> list[str]:
        """Every registered name, sorted."""
        self._load()
        return sorted(self._parts)

    def get(self, name: str) -> Callable[..., Any]:
        """The part called ``name``. Raises ConfigError with the choices and the nearest name."""
        self._load()
        if name not in self._parts:
            raise ConfigError(f"there is no {self.kind} called {name!r}: {nearest(name, self._parts)}")
        return self._parts[name]

    def build(self, config: Mapping[str, Any], **given: Any) -> Any:
        """Build the part that ``config["name"]`` names from the rest of the config and from what is ``given``.

        Raises ConfigError for a missing name, an unknown part, or a key that the part does not take.
        """
        if "name" not in config:
            raise ConfigError(f"a {self.kind} config needs a 'name': {nearest('', self.names())}")
        part = self.get(config["name"])
        arguments = {key: value for key, value in config.items() if key != "name"}
        check_arguments(part, arguments, where=f"{self.kind} {config['name']!r}", given=given)
        return part(**given, **arguments)

    def _load(self) -> None:
        if not self._loaded:
            self._loaded = True
            package = importlib.import_module(self.package)
            for module in pkgutil.iter_modules(package.__path__, f"{self.package}."):
                importlib.import_module(module.name)


def check_arguments(
    part: Callable[..., Any], config: Mapping[str, Any], where: str, given: Mapping[str, Any] | None = None
) -> None:
    """Refuse a config key that ``part`` does not take, and a required one that nobody gave.

    ``given`` are the arguments that the caller supplies itself; a config may not set them.
    """
    supplied = dict(given or {})
    parameters = inspect.signature(part).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    open_names = [name for name, p in parameters.items() if name not in supplied and p.kind is not p.VAR_KEYWORD]
    for key in config:
        if key in supplied or (key not in open_names and not takes_any):
            raise ConfigError(f"{where} takes no {key!r}: {nearest(key, open_names)}")
    missing = [
        n
        for n in open_names
        if parameters[n].default is inspect.Parameter.empty
        and n not in config
        and parameters[n].kind is not inspect.Parameter.VAR_POSITIONAL
    ]
    if missing:
        raise ConfigError(f"{where} needs {', '.join(map(repr, missing))}: add it to the config")
