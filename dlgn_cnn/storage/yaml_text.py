"""YAML of others: bounded before anything is made of it, and refused where two readers could disagree on it.

An alias stands for all that its anchor holds, so a few hundred bytes can stand for gigabytes: values are counted in the
stream of events, where an alias counts as much as it stands for, before any is built.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import ConfigError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first is ten times as fast, and not built everywhere


def load(source: str) -> tuple[Any, yaml.Node | None]:
    """The value of a YAML text, and its node, which knows how each part is written.

    Parameters
    ----------
    source : str
        The text, of one document.

    Returns
    -------
    tuple
        Value and node, both None for an empty text.

    Raises
    ------
    ConfigError
        For a text beyond a bound, a key that a mapping has twice, and a value that contains itself; with its line.
    yaml.YAMLError
        For a text that is no YAML, or names a type of Python.
    """
    check("yaml.bytes", len(source.encode(errors="surrogatepass")), error=ConfigError)
    _count(source)
    loader = _Loader(source)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, None
        for one in _nodes(node):
            if isinstance(one, yaml.MappingNode):
                _refuse_twice(one)
        return loader.construct_document(node), node
    finally:
        loader.dispose()


def _count(source: str) -> None:
    """Count values and depth, and what each alias stands for."""
    total, anchors = 0, dict[str, int]()
    open_: list[tuple[str | None, int]] = []  # the anchor of each collection that has begun, and the count before it
    for event in yaml.parse(source, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if any(event.anchor == anchor for anchor, _ in open_):
                raise ConfigError(f"{_line(event)}: *{event.anchor} stands within itself: write it out")
            total += anchors.get(event.anchor or "", 0)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                anchors[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, total))
            total += 1
            check("yaml.depth", len(open_), _line(event), error=ConfigError)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor:
                anchors[anchor] = total - before
        check("yaml.elements", total, error=ConfigError)


def _nodes(top: yaml.Node) -> Iterator[yaml.Node]:
    """Every node once."""
    seen, pending = {id(top)}, [top]
    while pending:
        node = pending.pop()
        yield node
        below = node.value if isinstance(node, yaml.CollectionNode) else []
        for one in (part for pair in below for part in (pair if isinstance(pair, tuple) else (pair,))):
            if id(one) not in seen:
                seen.add(id(one))
                pending.append(one)


def _refuse_twice(mapping: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                raise ConfigError(f"{_line(key)}: {key.value!r:.80} stands here twice: keep one of them")
            seen.add((key.tag, key.value))


def _line(one: yaml.Event | yaml.Node) -> str:
    return f"line {one.start_mark.line + 1}" if one.start_mark else "its text"
