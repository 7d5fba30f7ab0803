"""The command that deletes a session, and what it and a replacement show and ask before."""

import logging
import sys
from typing import Annotated

import typer

app = typer.Typer()
logger = logging.getLogger("dlgn")
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before rows are deleted.")]


@app.command(rich_help_panel="Recordings")
def delete(
    session: Annotated[str, typer.Argument(help="Name of the session, as MOUSE_sSERIES_eEXPERIMENT.")],
    yes: Yes = False,
) -> None:
    """Delete a session and all that depends on it: the datasets that it is in, their fits, and what came of these.

    The tables and the numbers of their rows are shown first. Scenes that no other session shows go along; the mouse
    stays, and so do experiments, without those fits. Files are left to dlgn gc.

    Example: dlgn delete Ntsr1Cre_2019_0007_s03_e07
    """
    import schemas
    from dlgn_cnn.errors import ConfigError
    from dlgn_cnn.registry import nearest
    from schemas.base.keys import session_key

    key = session_key(session)
    schemas.open_database()
    from schemas.recordings.remove import remove, rows_that_go
    from schemas.session import Session

    if not Session & key:
        raise ConfigError(f"session {session}: {nearest(session, Session.to_arrays('session_name').tolist())}")
    agree(session, rows_that_go(key), yes)
    with Session.connection.transaction:
        remove(key)
    logger.info("session %s is deleted; dlgn gc shows the files that no row refers to", session)


def agree(session: str, rows: dict[str, int], yes: bool) -> None:
    """Show the rows that go with a session, by the tables' names in the database, and ask; typer.Abort for a no.

    Parameters
    ----------
    session : str
        Name of the session.
    rows : dict of str to int
        Number of rows by table.
    yes : bool
        Whether not to ask.

    Raises
    ------
    ConfigError
        If there is no terminal to ask on.
    """
    from dlgn_cnn.errors import ConfigError
    from schemas.declaration.table_classes import table_classes

    named = {table.full_table_name: path.partition(".")[2] for path, table in table_classes().items()}
    logger.info("with session %s go %d rows:", session, sum(rows.values()))
    for table, count in rows.items():
        logger.info("%9d  %s", count, named.get(table, table))
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(f"session {session}: there is no terminal to ask on: add --yes to delete these rows")
    typer.confirm("Delete them?", abort=True)
