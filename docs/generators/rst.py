"""The few forms of reStructuredText that generated pages are made of."""

from collections.abc import Iterable, Sequence

MARKS = "=-~"


def heading(text: str, level: int = 0) -> str:
    """A heading, of the page at level 0."""
    return f"{text}\n{MARKS[level] * max(3, len(text))}\n"


def label(name: str) -> str:
    """A place that other pages can link to."""
    return f".. _{name}:\n"


def list_table(header: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """A table; an empty cell stays empty."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (header, *rows):
        for place, cell in enumerate(row):
            lines.append(f"   {'*' if place == 0 else ' '} - {cell}".rstrip())
    return "\n".join([*lines, ""])


def code(text: str) -> str:
    """Text as code, empty where there is none."""
    return f"``{text}``" if text else ""


def plain(text: str) -> str:
    """Text in which no character is markup."""
    return "".join(f"\\{character}" if character in "\\*`|_" else character for character in text)
