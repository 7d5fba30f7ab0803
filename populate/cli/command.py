"""The ``dlgn`` command: its commands in panels, and errors in any of them as one sentence and an exit code."""

import contextlib
import importlib
import logging
import os
import pkgutil
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dlgn_cnn.redaction import Redaction
from dlgn_cnn.runtime.import_path import leave_current_folder_out
from dlgn_cnn.runtime.threads import wait_passively
from populate import cli
from populate.errors import explain
from populate.errors.exit_codes import EXIT_CODES, MENDABLE, PIPE_CLOSED, STOPPED

logger = logging.getLogger("dlgn")
DEBUG = "DLGN_DEBUG"
PANELS = ("Begin", "Recordings", "Experiments", "Computing", "Results", "Upkeep")  # any other comes after these


class CommandGroup(TyperGroup):
    """``dlgn``: lists its commands by panel, takes ``--debug`` anywhere, and turns exceptions into sentences."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, panel by panel."""
        places = {panel: place for place, panel in enumerate(PANELS)}
        commands: Any = self.commands
        return sorted(commands, key=lambda name: places.get(commands[name].rich_help_panel, len(PANELS)))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line. Append ``--debug`` to it to see the full traceback of an error."""
        flagged = "--debug" in args
        return super().parse_args(ctx, ["--debug"] * flagged + [word for word in args if word != "--debug"])

    def invoke(self, ctx: Any) -> Any:
        """Run a command; whatever happens, it ends with a sentence and an exit code."""
        with _messages():
            try:
                found = super().invoke(ctx)
                sys.stdout.flush()
            except BaseException as error:
                raise typer.Exit(_ended_by(error, ctx)) from error
            return found


app = typer.Typer(
    cls=CommandGroup,
    help="Encoding models of mouse dLGN with and without cortical feedback, in a database.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for module in sorted(found.name for found in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}.")):
    if module != __name__:
        app.add_typer(importlib.import_module(module).app)


def main() -> None:
    """Run the command."""
    leave_current_folder_out()
    wait_passively(os.environ)  # torch is not imported yet
    app(prog_name="dlgn")


def _print_version(wanted: bool) -> None:
    if wanted:
        import dlgn_cnn

        typer.echo(dlgn_cnn.__version__)
        raise typer.Exit


@app.callback()
def dlgn(
    debug: Annotated[bool, typer.Option("--debug", help="Show errors in full; so does DLGN_DEBUG=1.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Encoding models of mouse dLGN with and without cortical feedback, in a database."""


def _ended_by(error: BaseException, ctx: Any) -> int:
    """Log the meaning of an exception and return the exit code; errors of typer are raised again."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):  # rich ends with status 1
        _forget_output()
        return PIPE_CLOSED
    if hasattr(error, "exit_code") or isinstance(error, typer.Abort | SystemExit):
        raise error
    if ctx.params.get("debug") or os.environ.get(DEBUG):
        logger.error("%s", explain.trace(error))
    logger.error("dlgn: %s", explain.explain(error))
    return STOPPED if explain.is_stop(error) else MENDABLE


def _forget_output() -> None:
    """Discard unwritten output, of which Python would complain at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Messages(logging.Handler):
    """Writes to the error stream of that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


@contextlib.contextmanager
def _messages() -> Iterator[None]:
    """Within the block, messages of this command and warnings of all modules go to the error stream."""
    handler, root, level = _Messages(), logging.getLogger(), logger.level
    handler.addFilter(Redaction())
    root.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        logger.setLevel(level)
