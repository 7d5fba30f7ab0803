"""The reference of the ``dlgn`` command, from the Typer app by Typer's own writer."""

import re

import typer
from typer.cli import get_docs_for_click


def page() -> str:
    """Every command with its arguments, options and example."""
    from populate.cli.command import app

    found = typer.main.get_command(app)
    text = get_docs_for_click(obj=found, ctx=typer.Context(found), name="dlgn", title="The `dlgn` command")
    # Click keeps a line that says so as it is; on a page it is an example.
    return re.sub(r"^Example: (.+)$", r"Example: `\1`", text, flags=re.MULTILINE)
