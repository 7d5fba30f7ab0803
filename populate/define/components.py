"""``dlgn models``: every component that a config can name, or one in full; needs no database."""

import dataclasses
import json
import re
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dlgn_cnn.catalogue import ComponentEntry, catalogue, find

MORE = "dlgn models NAME: a component in full, with its parameters and defaults; dlgn models --json: all, for machines"


def show(name: str | None = None, as_json: bool = False) -> None:
    """Print all components, or those called ``name`` in full, as tables or as JSON.

    Raises ConfigError for an unknown name.
    """
    entries = catalogue() if name is None else find(name)
    console = Console()
    if as_json:
        console.print(as_text(entries), markup=False, highlight=False, soft_wrap=True)
    elif name is None:
        console.print(_listing(entries), highlight=False)
        console.print(MORE, markup=False, highlight=False)
    else:
        for entry in entries:
            _print_in_full(console, entry)


def as_text(entries: Iterable[ComponentEntry]) -> str:
    """The entries as JSON, one object a component."""
    return json.dumps([dataclasses.asdict(entry) for entry in entries], indent=2, ensure_ascii=False, default=str)


def _listing(entries: list[ComponentEntry]) -> Table:
    """A line a component, the kinds one below the other."""
    shown = Table("", "", "", box=None, show_header=False, padding=(0, 2, 0, 0))
    shown.columns[0].no_wrap = True
    shown.columns[2].max_width = 30
    for kind in dict.fromkeys(entry.kind for entry in entries):
        shown.add_row(f"[bold]{kind}[/bold]")
        for entry in (one for one in entries if one.kind == kind):
            shown.add_row(*map(escape, (f"  {entry.name}", _short(entry), "; ".join(entry.papers))))
        shown.add_row()
    return shown


def _short(entry: ComponentEntry) -> str:
    """Meaning of a component without its papers, which have a column of their own, and without backticks."""
    uncited = re.sub(r" \([^()]*\b(?:19|20)\d\d[^()]*\)", "", entry.meaning)
    return uncited.replace("``", "")


def _print_in_full(console: Console, entry: ComponentEntry) -> None:
    console.print(f"{entry.kind} {entry.name}", style="bold", markup=False, highlight=False)
    console.print(_reflowed(entry.text), markup=False, highlight=False)
    if entry.parameters:
        shown = Table("parameter", "type", "default", "meaning")
        for one in entry.parameters:
            default = "required" if one.required else json.dumps(one.default, ensure_ascii=False, default=str)
            shown.add_row(*map(escape, (one.name, one.type, default, one.meaning)))
        console.print(shown)


def _reflowed(text: str) -> str:
    """A docstring with one line for each paragraph, for the terminal to wrap; indented lines stay."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        one if re.search(r"^( |-+$)", one, re.MULTILINE) else one.replace("\n", " ") for one in paragraphs
    )
