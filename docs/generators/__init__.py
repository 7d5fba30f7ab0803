"""Reference pages written from the code, so that they always agree with it."""

from pathlib import Path

from generators import api, command, components, diagram, tables


def write_all(folder: Path) -> None:
    """Write every generated page below ``folder``; unchanged pages keep their date, which keeps builds short."""
    pages = {
        "command.md": command.page(),
        "components.rst": components.page(),
        "tables.rst": tables.page(),
        "diagram.html": diagram.drawing(),
        **api.pages(),
    }
    for name, text in pages.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
