"""Reference of the ``dlgn`` command, written by Typer from its app."""

import re

import typer
from typer.cli import get_docs_for_click


def page() -> str:
    """Return the page: every command with its arguments, options and example."""
    from populate.cli.command import app

    found = typer.main.get_command(app)
    text = get_docs_for_click(obj=found, ctx=typer.Context(found), name="dlgn", title="The `dlgn` command")
    # Click keeps an example line unchanged; on a page it is formatted as code.
    return re.sub(r"^Example: (.+)$", r"Example: `\1`", text, flags=re.MULTILINE)
