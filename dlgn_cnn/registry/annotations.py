"""Config values against the types that a component's signature states: checked, never converted."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from dlgn_cnn.errors import ConfigError

Mismatch = tuple[str, Any, Any]
SCALARS: dict[Any, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (float, int), str: (str,)}
LISTS = (list, tuple, Sequence, Collection, Iterable)
MAPPINGS = (dict, Mapping)


def parameters_of(component: Callable[..., Any]) -> dict[str, inspect.Parameter]:
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
