"""``dlgn diff``: in what two rows differ, as a table or as JSON."""

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

import schemas
from dlgn_cnn.errors import ConfigError
from populate.query.named_rows import the_one
from schemas.declaration.computed_tables import computed_tables
from schemas.reproduction.diff import Difference, differences
from schemas.reproduction.integrity import CONFIGS


def diff_rows(one: str, other: str, as_json: bool = False) -> list[Difference]:
    """Print in what two rows of one table differ. Raises ConfigError for rows of two tables, or that are not one."""
    schemas.open_database()
    tables: dict[str, Any] = {table.__name__: table for table in (*computed_tables(), *CONFIGS)}
    (table, key), (second, second_key) = the_one(one, tables), the_one(other, tables)
    if table is not second:
        raise ConfigError(f"{one!r} and {other!r} are rows of two tables: name two of one")
    found = differences(table, key, second_key)
    console = Console()
    if as_json:
        text = json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False)
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(_shown(found, one, other), highlight=False)
    return found


def _shown(found: list[Difference], one: str, other: str) -> Shown | Text:
    if not found:
        return Text("the same in everything that is kept of them")
    shown = Shown("", "", *(name.replace("[", r"\[") for name in (one, other)))
    for index, each in enumerate(found):
        first = index == 0 or found[index - 1].part != each.part
        values = [Text("-" if value is None else value) for value in (each.one, each.other)]
        shown.add_row(each.part if first else "", Text(each.name), *values)
    return shown
