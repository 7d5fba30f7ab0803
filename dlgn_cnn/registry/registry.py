"""Named components: a config names a component, the registry builds it, and an unknown name lists the choices.

A name is a registered one, or an import path such as ``mylab.components.MyCore`` of a package that the process allows.
This is the one door: whatever a config names, a function or a component of a component, is looked up here.
"""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from dlgn_cnn.errors import ConfigError, within
from dlgn_cnn.registry.annotations import Component, Parameters, check_against, nearest, parameters_of
from dlgn_cnn.registry.import_paths import import_component


class Registry:
    """All components of one kind (cores, readouts, trainers, ...), each registered in its own file.

    Parameters
    ----------
    kind : str
        What errors call a component.
    *packages : str
        Packages whose modules register the components. They are imported on first use, so that a new component is one
        new file in one of them.
    given : sequence of str, default ()
        Arguments that the caller supplies, which a config may not set.
    has : sequence of str, default ()
        Attributes that a built component must have.
    adapt : callable, optional
        Turns what an import path led to, if it keeps another library's contract, into what keeps ours, and returns
        anything else as it is.
    """

    def __init__(
        self,
        kind: str,
        *packages: str,
        given: Sequence[str] = (),
        has: Sequence[str] = (),
        adapt: Callable[[Component], Component] | None = None,
    ) -> None:
        self.kind, self.packages = kind, packages
        self.given, self.has = tuple(given), tuple(has)
        self._adapt = adapt
        self._components: dict[str, Component] = {}
        self._options: dict[Component, tuple[Component, ...]] = {}
        self._fits: dict[Component, Component | None] = {}
        self._checks: dict[Component, Callable[..., Any] | None] = {}
        self._loaded = False

    def register(
        self,
        name: str,
        options: Sequence[Component] = (),
        check: Callable[..., Any] | None = None,
        fit: Component | None = None,
    ) -> Callable[[Component], Component]:
        """Decorator that files a class or function under a name.

        Parameters
        ----------
        name : str
            Name in configs; a second component of that name is refused.
        options : sequence of callable, default ()
            Dataclasses whose parameters a config may set besides the component's own.
        check : callable, optional
            ``check(config)`` raises ConfigError for values that the component would refuse when it is called.
        fit : callable, optional
            Dataclass whose parameters a config may set below ``fit``, which the component takes as a mapping.

        Returns
        -------
        callable
            Files a component and returns it.

        Raises
        ------
        ConfigError
            If the name is taken.
        """

        def file(component: Component) -> Component:
            if name in self._components:
                raise ConfigError(f"two {self.kind}s are called {name!r}: rename one of them")
            self._components[name] = component
            self._options[component] = tuple(options)
            self._checks[component] = check
            self._fits[component] = fit
            return component

        return file

    def names(self) -> list[str]:
        """Every registered name, sorted."""
        self._load()
        return sorted(self._components)

    def get(self, name: str) -> Component:
        """The component called ``name``: a registered one, or the one at an import path of an allowed package.

        A path into our own packages leads to a registered component only.

        Raises ConfigError with the choices and the nearest name, or with what is wrong with the path.
        """
        if not isinstance(name, str):
            raise ConfigError(f"{self.kind} {name!r}: given {type(name).__name__}, expected a name")
        self._load()
        if "." in name:
            found = self._at(name) or import_component(self.kind, name)
            return self._adapt(found) if self._adapt else found
        if name not in self._components:
            raise ConfigError(f"there is no {self.kind} called {name!r}: {nearest(name, self._components)}")
        return self._components[name]

    def _at(self, path: str) -> Component | None:
        """The registered component at an import path."""
        components = self._components.values()
        return next((one for one in components if f"{one.__module__}.{one.__qualname__}" == path), None)

    def parameters(self, component: Component) -> Parameters:
        """Parameters of a component by name, with those of its ``options``."""
        own = parameters_of(component)
        for options in self.options(component):
            own = parameters_of(options) | {n: one for n, one in own.items() if one.kind is not one.VAR_KEYWORD}
        return own

    def options(self, component: Component) -> tuple[Component, ...]:
        """Dataclasses whose parameters a config may set besides the component's own."""
        return self._options.get(component, ())

    def fit(self, component: Component) -> Component | None:
        """Dataclass whose parameters a config may set below ``fit``, if the component has one."""
        return self._fits.get(component)

    def build(self, config: Mapping[str, Any], *, at: str = "", **given: Any) -> Any:
        """Build the component that ``config["name"]`` names.

        Parameters
        ----------
        config : mapping
            ``name``, and the arguments that the config sets.
        at : str, default ""
            Where in the whole config it stands.
        **given
            Arguments that the caller supplies.

        Returns
        -------
        object
            The component.

        Raises
        ------
        ConfigError
            If the name is missing or unknown, the component does not take a key or the type of a value, or what was
            built lacks an attribute that its kind must have.
        """
        with within(at):
            if not isinstance(config, Mapping) or "name" not in config:
                raise ConfigError(f"this {self.kind} needs a 'name': {nearest('', self.names())}")
            component = self.get(config["name"])
            arguments = {key: value for key, value in config.items() if key != "name"}
            self.check_arguments(config["name"], component, arguments, given)
            return self._built(config["name"], component, given | arguments)

    def check(self, name: str, config: Mapping[str, Any], given: Collection[str]) -> Any:
        """Refuse a call of a component that could not be made, without making it.

        Parameters
        ----------
        name : str
            Name or import path of the component.
        config : mapping
            The arguments that the config sets.
        given : collection of str
            Arguments that the caller supplies.

        Returns
        -------
        object
            Result of the component's own check, or None.

        Raises
        ------
        ConfigError
            If the call could not be made.
        """
        component = self.get(name)
        self.check_arguments(name, component, config, given)
        return self.check_values(component, config)

    def check_values(self, component: Component, config: Mapping[str, Any]) -> Any:
        """Run the check that a component was registered with, if there is one.

        Parameters
        ----------
        component : callable
            The component.
        config : mapping
            The arguments that the config sets.

        Returns
        -------
        object
            Result of the check, or None.
        """
        check = self._checks.get(component)
        return check(config) if check else None

    def check_arguments(
        self, name: str, component: Component, config: Mapping[str, Any], given: Collection[str]
    ) -> None:
        """Refuse a key that a component does not take, a value of another type, and a missing argument.

        Parameters
        ----------
        name : str
            How the error names the component.
        component : callable
            The component.
        config : mapping
            The arguments that the config sets.
        given : collection of str
            Arguments that the caller supplies.

        Raises
        ------
        ConfigError
            If the component cannot be called so.
        """
        fit = self.fit(component)
        below = parameters_of(fit) if fit else ()
        check_against(self.parameters(component), config, f"{self.kind} {name!r}", given, below)

    def _built(self, name: str, component: Component, arguments: Mapping[str, Any]) -> Any:
        try:
            built = component(**arguments)
        except ConfigError:
            raise
        except Exception as error:
            if "." not in name:
                raise
            raise ConfigError(f"{self.kind} {name!r} cannot be built: {type(error).__name__}: {error}") from error
        lacking = [attribute for attribute in self.has if not hasattr(built, attribute)]
        if lacking:
            raise ConfigError(
                f"{self.kind} {name!r} returned a {type(built).__name__} without {', '.join(lacking)}: "
                f"{self.packages[0]}'s docstring says what a {self.kind} must have"
            )
        return built

    def _load(self) -> None:
        if not self._loaded:
            self._loaded = True
            for name in self.packages:
                package = importlib.import_module(name)
                for module in pkgutil.walk_packages(package.__path__, f"{name}."):
                    importlib.import_module(module.name)
