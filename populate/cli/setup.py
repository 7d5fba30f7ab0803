"""The commands to begin with: a project's files, and whether everything here works."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder, made where it is not there.")] = Path("."),
    database: Annotated[
        str | None, typer.Option(help="URL of a MySQL or PostgreSQL server; the embedded server, without.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Folder or s3:// URL for arrays that all workers see.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Begins every schema's name; dlgn_, without.")] = None,
) -> None:
    """Begin a project: write dlgn.env and experiment.yaml, reach the database, and declare the tables.

    No file that is there is changed, and a password is never written: DLGN_DATABASE_PASSWORD gives it.

    Example: dlgn init my_project --database mysql://ada@dbhost:3306 --store /lab/share/dlgn
    """
    from populate.run.init_project import begin

    given = {"DLGN_DATABASE": database, "DLGN_STORE": store, "DLGN_PREFIX": prefix}
    begin(folder, {name: value for name, value in given.items() if value is not None})


@app.command()
def doctor(
    deadline_s: Annotated[
        float, typer.Option("--deadline", min=1, help="Seconds that each group of checks may take.")
    ] = 60.0,
) -> None:
    """Check versions, memory, disk, database, store, GPU and Deep Lake, and say what to do; 1 where something fails.

    Example: dlgn doctor --deadline 20
    """
    from populate.doctor.examine import examine, show

    if not show(examine(deadline_s)):
        raise typer.Exit(1)
