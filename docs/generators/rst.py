"""The few reStructuredText elements that generated pages use."""

from collections.abc import Iterable, Sequence

MARKS = "=-~"


def heading(text: str, level: int = 0) -> str:
    """Return a heading; level 0 is the page's title."""
    return f"{text}\n{MARKS[level] * max(3, len(text))}\n"


def label(name: str) -> str:
    """Return a label that other pages can link to."""
    return f".. _{name}:\n"


def list_table(header: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table; empty cells stay empty."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (header, *rows):
        for place, cell in enumerate(row):
            lines.append(f"   {'*' if place == 0 else ' '} - {cell}".rstrip())
    return "\n".join([*lines, ""])


def code(text: str) -> str:
    """Return text as code, or nothing for empty text."""
    return f"``{text}``" if text else ""


def plain(text: str) -> str:
    """Return text with all markup characters escaped."""
    return "".join(f"\\{character}" if character in "\\*`|_" else character for character in text)
