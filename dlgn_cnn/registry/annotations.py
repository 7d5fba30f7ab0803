"""Config values against the parameters that a component's signature states: checked, never converted."""

import difflib
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from dlgn_cnn.errors import ConfigError, within

Mismatch = tuple[str, Any, Any]
Component = Callable[..., Any]
Options = TypeVar("Options")
Parameters = Mapping[str, inspect.Parameter]
SCALARS: dict[Any, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (float, int), str: (str,)}
LISTS = (list, tuple, Sequence, Collection, Iterable)
MAPPINGS = (dict, Mapping)


def parameters_of(component: Component) -> dict[str, inspect.Parameter]:
    """The parameters of a class or function by name, their annotations as types where they can be read.

    Raises ConfigError for what has no signature.
    """
    try:
        return dict(inspect.signature(component, eval_str=True).parameters)
    except (NameError, AttributeError, TypeError, SyntaxError):
        # An annotation that only a type checker can read leaves all of them as text, which is not checked.
        return dict(inspect.signature(component).parameters)
    except ValueError as error:
        raise ConfigError(f"{component!r} does not say what it takes: {error}") from error


def check_value(value: Any, annotation: Any) -> None:
    """Refuse a value that is not of the annotated type: scalars, lists, mappings, ``Literal`` and unions of them.

    An int passes for a float, a bool for nothing else, a list for a tuple; what the annotation does not tell of a
    value from JSON (``Any``, a class of ours) is not checked. Raises ConfigError at the element that is wrong.
    """
    found = mismatch(value, annotation)
    if found is None:
        return
    place, wrong, expected = found
    given = "null" if wrong is None else f"{wrong!r} ({type(wrong).__name__})"
    raise ConfigError(f"given {given}, expected {spell(expected)}{_hint(wrong, expected)}", place.removeprefix("."))


def mismatch(value: Any, annotation: Any) -> Mismatch | None:
    """First departure of a value from an annotation: (place within it, what stands there, what is expected)."""
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    whole = ("", value, annotation)
    if kind in (Union, UnionType):
        return _of_union(value, annotation)
    if kind is Literal:
        return None if any(type(value) is type(one) and value == one for one in arguments) else whole
    if kind in SCALARS:
        return None if type(value) in SCALARS[kind] else whole
    if kind in (None, NoneType):
        return None if value is None else whole
    if kind in MAPPINGS:
        wanted = arguments[1] if len(arguments) == 2 else Any
        return _first((f".{key}", item, wanted) for key, item in value.items()) if isinstance(value, Mapping) else whole
    if kind in LISTS:
        return _of_list(value, annotation)
    return None


def spell(annotation: Any) -> str:
    """A type in words.

    >>> spell(list[int] | None)
    'list of int or null'
    """
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if kind in (Union, UnionType):
        return " or ".join(spell(one) for one in arguments)
    if kind is Literal:
        return " or ".join(map(repr, arguments))
    if kind in (None, NoneType):
        return "null"
    if kind in MAPPINGS:
        return "mapping"
    if kind in LISTS:
        items = [spell(one) for one in arguments if one is not ...]
        fixed = kind is tuple and ... not in arguments
        return f"list [{', '.join(items)}]" if fixed and items else " of ".join(["list", *items[:1]])
    if annotation in (Any, object, inspect.Parameter.empty):
        return "anything"
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _of_union(value: Any, annotation: Any) -> Mismatch | None:
    found = [mismatch(value, one) for one in get_args(annotation)]
    if None in found:
        return None
    # A list with one wrong item is a list all the same: say which item.
    deeper = [one for one in found if one is not None and one[0]]
    return deeper[0] if len(deeper) == 1 else ("", value, annotation)


def _of_list(value: Any, annotation: Any) -> Mismatch | None:
    arguments = get_args(annotation)
    fixed = get_origin(annotation) is tuple and ... not in arguments
    if not isinstance(value, list | tuple) or (fixed and len(value) != len(arguments)):
        return ("", value, annotation)
    wanted = arguments if fixed else arguments[:1] * len(value)
    return _first((f"[{index}]", *pair) for index, pair in enumerate(zip(value, wanted, strict=False)))


def _first(elements: Iterable[Mismatch]) -> Mismatch | None:
    """The first mismatch among elements (place, value, annotation)."""
    for place, value, annotation in elements:
        found = mismatch(value, annotation)
        if found is not None:
            return place + found[0], found[1], found[2]
    return None


def _hint(value: Any, annotation: Any) -> str:
    wanted = {annotation, *get_args(annotation)}
    if not isinstance(value, str) or not wanted & {int, float}:
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    # YAML 1.1 takes 1e-3 for text: its floats need a point.
    return f": write {number!r}" if float in wanted else f": write {number:g} without quotes"


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return a clause that lists the choices and, if one is close, the nearest.

    >>> nearest("mae", ["max", "mean"])
    "choose from max, mean; did you mean 'max'?"
    """
    names = sorted(choices)
    close = difflib.get_close_matches(name, names, n=1)
    return f"choose from {', '.join(names)}" + (f"; did you mean {close[0]!r}?" if close else "")


def supplied(component: Component, **available: Any) -> dict[str, Any]:
    """Those of the ``available`` arguments that a function or class asks for by name."""
    wanted = parameters_of(component)
    return {name: value for name, value in available.items() if name in wanted}


def nested(options: Callable[..., Options], fit: Mapping[str, Any] | None) -> Options:
    """The options that a config has below ``fit``, as the dataclass that describes them. Raises ConfigError."""
    with within("fit"):
        check_arguments(options, fit or {}, "fit")
        return options(**(fit or {}))


def check_arguments(component: Component, config: Mapping[str, Any], where: str, given: Collection[str] = ()) -> None:
    """Refuse a key that a function does not take, a value of another type, and a missing argument.

    Parameters
    ----------
    component : callable
        The class or function.
    config : mapping
        The arguments that the config sets.
    where : str
        How the error names the function.
    given : collection of str, default ()
        Arguments that the caller supplies itself; a config may not set them.

    Raises
    ------
    ConfigError
        If the function cannot be called so.
    """
    check_against(parameters_of(component), config, where, given)


def check_against(
    parameters: Parameters, config: Mapping[str, Any], where: str, given: Collection[str], below: Collection[str] = ()
) -> None:
    """Refuse a key that is not a parameter, a value of another type, and a missing argument.

    Parameters
    ----------
    parameters : mapping of str to inspect.Parameter
        Parameters by name.
    config : mapping
        The arguments that the config sets.
    where : str
        How the error names the function.
    given : collection of str
        Arguments that the caller supplies itself.
    below : collection of str, default ()
        Parameters that a config sets below ``fit``, for advice.

    Raises
    ------
    ConfigError
        If the arguments do not fit.
    """
    if not isinstance(config, Mapping):
        raise ConfigError(f"{where} takes arguments by name, given {config!r:.80}: expected mapping")
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    named = {name: one for name, one in parameters.items() if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)}
    choices = [name for name in named if name not in given]
    for key, value in config.items():
        if key in given or (key not in choices and not takes_any):
            advice = nearest(str(key), choices) if choices else "it has no parameters"
            advice = f"write it below fit, as fit.{key}" if key in below else advice
            raise ConfigError(f"{where} takes no {key!r}: {advice}", str(key))
        if key in choices:
            with within(key):
                check_value(value, named[key].annotation)
    missing = [name for name in choices if named[name].default is inspect.Parameter.empty and name not in config]
    if missing:
        raise ConfigError(f"{where} needs {', '.join(map(repr, missing))}: add it to the config")
