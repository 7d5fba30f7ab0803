"""``dlgn models``: every part that a config can name, or one in full; needs no database."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from dlgn_cnn.catalogue import Entry, Parameter, catalogue, find


def show(name: str | None = None, as_json: bool = False) -> None:
    """Print all parts, or those called ``name`` in full, as tables or as JSON. Raises ConfigError for no such part."""
    entries = catalogue() if name is None else find(name)
    console = Console()
    if as_json:
        console.print(as_text(entries), markup=False, highlight=False, soft_wrap=True)
    elif name is None:
        for kind in dict.fromkeys(entry.kind for entry in entries):
            console.print(_listing(kind, [entry for entry in entries if entry.kind == kind]))
    else:
        for entry in entries:
            _print_in_full(console, entry)


def as_text(entries: Iterable[Entry]) -> str:
    """The entries as JSON, one object a part."""
    return json.dumps([dataclasses.asdict(entry) for entry in entries], indent=2, ensure_ascii=False, default=str)


def _listing(kind: str, entries: list[Entry]) -> Table:
    shown = Table("name", "parameters", "meaning", "paper", title=kind, title_justify="left", expand=True)
    for entry in entries:
        parameters = ", ".join(map(_brief, entry.parameters))
        shown.add_row(*map(_escaped, (entry.name, parameters, entry.meaning, "; ".join(entry.papers))))
    return shown


def _print_in_full(console: Console, entry: Entry) -> None:
    console.print(f"{entry.kind} {entry.name}", style="bold", markup=False, highlight=False)
    console.print(entry.text, markup=False, highlight=False)
    if entry.parameters:
        shown = Table("parameter", "type", "default")
        for one in entry.parameters:
            shown.add_row(*map(_escaped, (one.name, one.type, "required" if one.required else _value(one.default))))
        console.print(shown)


def _brief(parameter: Parameter) -> str:
    default = "" if parameter.required else f" = {_value(parameter.default)}"
    return f"{parameter.name}: {parameter.type}{default}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _escaped(text: str) -> str:
    # A bracket is rich's markup.
    return text.replace("[", r"\[")
