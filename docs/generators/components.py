"""Reference of every component that a config can name, in full, from the catalogue of ``dlgn models``."""

import json

from dlgn_cnn.catalogue import ComponentEntry, catalogue
from generators.rst import code, heading, label, list_table

INTRODUCTION = """\
Every registered component with its parameters, the types that configs are checked against, and the defaults.
``dlgn models`` lists the same catalogue, and ``dlgn models NAME`` prints one component. How components make a model:
:doc:`../../explanation/models`.
"""


def page() -> str:
    """Return the page: one section per kind, with one subsection per component."""
    entries = catalogue()
    sections = [heading("Components of a config"), INTRODUCTION]
    for kind in dict.fromkeys(entry.kind for entry in entries):
        sections += [label(f"components-{kind.replace(' ', '-')}"), heading(kind, 1)]
        sections += [_part(entry) for entry in entries if entry.kind == kind]
    return "\n".join(sections)


def _part(entry: ComponentEntry) -> str:
    rows = [
        (code(one.name), code(one.type), _default(one.required, one.default), one.meaning) for one in entry.parameters
    ]
    shown = list_table(("parameter", "type", "default", "meaning"), rows) if rows else "It takes no parameters.\n"
    return "\n".join([heading(entry.name, 2), entry.text, "", shown])


def _default(required: bool, default: object) -> str:
    return "*required*" if required else code(json.dumps(default, ensure_ascii=False, default=str))
