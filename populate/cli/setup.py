"""Commands to begin with: a project's files, a demo, and whether everything here works."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
PANEL = "Begin"
Movies = Annotated[Path | None, typer.Option(help="Folder of your own movies to cut scenes from.")]


@app.command(rich_help_panel=PANEL)
def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder; made if it does not exist.")] = Path("."),
    database: Annotated[
        str | None, typer.Option(help="URL of a MySQL or PostgreSQL server (default: the embedded server).")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Folder or s3:// URL for arrays that all workers see.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of every schema's name (default: dlgn_).")] = None,
) -> None:
    """Begin a project: write dlgn.env and experiment.yaml, reach the database, and declare the tables.

    Existing files are not changed. A password is never written: DLGN_DATABASE_PASSWORD gives it.

    Example: dlgn init my_project --database mysql://ada@dbhost:3306 --store /lab/share/dlgn
    """
    from populate.run.init_project import begin

    given = {"DLGN_DATABASE": database, "DLGN_STORE": store, "DLGN_PREFIX": prefix}
    begin(folder, {name: value for name, value in given.items() if value is not None})


@app.command(rich_help_panel=PANEL)
def demo(
    movies: Movies = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for the recording (default: DLGN_HOME/demo).")] = None,
) -> None:
    """Simulate a recording and take it all the way to a report, then compare with the truth.

    Example: dlgn demo
    """
    from populate.demo.demo import run

    run(movies, folder)


@app.command(rich_help_panel=PANEL)
def doctor(
    deadline_s: Annotated[
        float, typer.Option("--deadline", min=1, help="Seconds that each group of checks may take.")
    ] = 60.0,
) -> None:
    """Check versions, memory, disk, database, store, GPU and Deep Lake, and say what to do; exit code 1 if any fails.

    Example: dlgn doctor --deadline 20
    """
    from populate.doctor.examine import examine, show

    if not show(examine(deadline_s)):
        raise typer.Exit(1)
