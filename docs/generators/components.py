"""The reference of everything that a config can name: what ``dlgn models`` lists, each component in full."""

import json

from dlgn_cnn.catalogue import ComponentEntry, catalogue
from generators.rst import code, heading, label, list_table

INTRODUCTION = """\
What ``dlgn models`` lists and ``dlgn models NAME`` prints, from the same catalogue: every component that is registered,
with its parameters, their types as a config is checked against, and their defaults. How components make a model:
:doc:`../../explanation/models`.
"""


def page() -> str:
    """A section a kind, and in it one a component."""
    entries = catalogue()
    sections = [heading("Parts of a config"), INTRODUCTION]
    for kind in dict.fromkeys(entry.kind for entry in entries):
        sections += [label(f"components-{kind.replace(' ', '-')}"), heading(kind, 1)]
        sections += [_part(entry) for entry in entries if entry.kind == kind]
    return "\n".join(sections)


def _part(entry: ComponentEntry) -> str:
    rows = [(code(one.name), code(one.type), _default(one.required, one.default)) for one in entry.parameters]
    shown = list_table(("parameter", "type", "default"), rows) if rows else "It takes no parameters.\n"
    return "\n".join([heading(entry.name, 2), entry.text, "", shown])


def _default(required: bool, default: object) -> str:
    return "*required*" if required else code(json.dumps(default, ensure_ascii=False, default=str))
