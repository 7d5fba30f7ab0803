"""Commands for administrators: declare the tables, make accounts, collect garbage."""

import logging
from typing import Annotated

import typer

app = typer.Typer()
logger = logging.getLogger("dlgn")
PANEL = "Upkeep"


@app.command(rich_help_panel=PANEL)
def declare(
    worker: Annotated[str | None, typer.Option(help="Also make this MySQL account for workers.")] = None,
    reader: Annotated[str | None, typer.Option(help="Also make this MySQL account for dlgn dashboard.")] = None,
) -> None:
    """Declare every table, so that workers need no right to do so; with --worker, make an account without that right.

    Example: DLGN_WORKER_PASSWORD=... dlgn declare --worker dlgn_worker
    """
    from populate.fleet import declare as found

    logger.info("all tables are declared, %d of them computed", found.declare())
    for account, reads in ((worker, False), (reader, True)):
        if account is not None:
            logger.info("%s", found.grant(account, reads))


@app.command(rich_help_panel=PANEL)
def gc(
    delete: Annotated[bool, typer.Option("--delete", help="Delete them, unless a worker is alive.")] = False,
) -> None:
    """Show the files in the store that no row refers to; with --delete, remove them.

    Example: dlgn gc --delete
    """
    import schemas

    schemas.open_database()
    from populate.fleet import gc as found

    garbage = found.find_garbage()
    for one in garbage:
        for stored in one.unreferenced:
            logger.info("%s/%s: %d kB, written %s", one.kind, stored.name, stored.size_bytes // 1000, stored.written)
        count, megabytes = len(one.unreferenced), one.size_bytes / 1e6
        logger.info("%s: no row refers to %d files, %.1f MB; %d are kept", one.kind, count, megabytes, one.kept)
    if delete:
        logger.info("%d files are deleted", found.collect(garbage))
