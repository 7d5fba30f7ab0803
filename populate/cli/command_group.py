"""The command as a whole: its commands in panels, and whatever goes wrong in any of them as one sentence."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from populate.errors import explain
from populate.errors.exit_codes import MENDABLE, PIPE_CLOSED, STOPPED

logger = logging.getLogger("dlgn")
PANELS = {
    "Begin": ("init", "demo", "doctor"),
    "Recordings": ("simulate", "ingest", "import-nnfabrik"),
    "Experiments": ("models", "define", "search"),
    "Computing": ("populate", "status", "workers", "priority", "pause", "resume", "drain", "stop", "retry", "slurm"),
    "Results": ("query", "report", "dashboard", "export", "verify", "diff", "publish", "load"),
    "Upkeep": ("declare", "gc"),
}
OTHERS = "More"
DEBUG = "DLGN_DEBUG"


class CommandGroup(TyperGroup):
    """``dlgn``: lists its commands by panel, takes ``--debug`` anywhere, and turns exceptions into sentences."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, panel by panel."""
        order = [name for names in PANELS.values() for name in names]
        return sorted(self.commands, key=lambda name: order.index(name) if name in order else len(order))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, in its panel."""
        found: Any = super().get_command(ctx, cmd_name)
        if found is not None:
            found.rich_help_panel = next((panel for panel, names in PANELS.items() if cmd_name in names), OTHERS)
        return found

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words; whoever wants to see an error in full adds ``--debug`` at the end of what failed."""
        flagged = "--debug" in args
        return super().parse_args(ctx, ["--debug"] * flagged + [word for word in args if word != "--debug"])

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and end with a sentence and an exit code whatever happens."""
        with _messages():
            try:
                found = super().invoke(ctx)
                sys.stdout.flush()
            except BaseException as error:
                raise typer.Exit(_ended_by(error, ctx)) from error
            return found


def _ended_by(error: BaseException, ctx: Any) -> int:
    """Say what an exception means, unless typer says it, which raises it; the exit code."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):  # rich ends with status 1
        _forget_output()
        return PIPE_CLOSED
    if hasattr(error, "exit_code") or isinstance(error, typer.Abort | SystemExit):
        raise error
    if ctx.params.get("debug") or os.environ.get(DEBUG):
        logger.error("%s", explain.trace(error))
    fault = explain.explain(error)
    logger.error("dlgn: %s", fault.sentence)
    return STOPPED if fault.stopped else MENDABLE


def _forget_output() -> None:
    """Send what is still unwritten nowhere, else Python complains of it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Messages(logging.Handler):
    """Writes to whatever the error stream is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


@contextlib.contextmanager
def _messages() -> Iterator[None]:
    """Within the block, this command's messages and everybody's warnings go to the error stream."""
    handler, root, level = _Messages(), logging.getLogger(), logger.level
    root.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        logger.setLevel(level)
