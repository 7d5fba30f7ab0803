"""Commands about results: query, report, export, verify, publish."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from populate.query.table_names import complete_table

app = typer.Typer()
export = typer.Typer(help="Write results for programs other than this one.", no_args_is_help=True)
app.add_typer(export, name="export", rich_help_panel="Results")
logger = logging.getLogger("dlgn")
PANEL = "Results"
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
OfExperiment = Annotated[str | None, typer.Option(help="Experiment (default: the only one).")]
ROWS = "A computed table, or rows of it as TrainedModel:seed=0,model_hash=ab12; hashes by their first letters"
SCREENFUL = 40
Words = list[str] | None


@app.command(rich_help_panel=PANEL)
def query(
    table: Annotated[
        str | None,
        typer.Argument(
            help="A view as units, a table, or several joined by '*' (default: list all).",
            autocompletion=complete_table,
        ),
    ] = None,
    restriction: Annotated[Words, typer.Argument(help='SQL conditions on its columns, as "correlation > .5".')] = None,
    where: Annotated[Words, typer.Option(help='A value of a config, as "model.recurrent.channels = 16".')] = None,
    columns: Annotated[str | None, typer.Option(help="With commas between; values of configs too.")] = None,
    order: Annotated[str | None, typer.Option(help='As "correlation DESC, unit".')] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help=f"Number of rows (default: {SCREENFUL} on a screen, elsewhere all).")
    ] = None,
    nulls: Annotated[bool, typer.Option("--nulls", help="Views show fits to shuffled light too.")] = False,
    sql: Annotated[str | None, typer.Option(help="A statement that reads, in place of TABLE.")] = None,
    save: Annotated[Path | None, typer.Option(help="A .csv or .parquet file, in place of the screen.")] = None,
) -> None:
    """Query views and tables: a table on the screen, CSV in a pipe, or a file. It only reads.

    Example: dlgn query units "data_omi_q < .05" --order "data_omi DESC"

    Example: dlgn query Score.Unit "correlation > .5" --where "model.recurrent.channels = 16" --save good.csv

    Example: dlgn query "Score * TrainedModel" --columns model.recurrent.channels,seed,score --order "score DESC"

    Example: dlgn query --sql "SELECT unit, AVG(correlation) FROM dlgn_evaluation.__score__unit GROUP BY unit"
    """
    import schemas
    from populate.query import result
    from populate.query.query import SHORT, list_tables, run_query, split

    if sql is not None and (table or restriction or where or columns or order):
        raise typer.BadParameter("--sql says all: leave out TABLE and its options", param_hint="--sql")
    statement = None if sql is None else result.check_statement(sql)
    if save is not None:
        result.check_ending(save)
    rows = SCREENFUL if limit is None and save is None and sys.stdout.isatty() else limit
    from schemas.declaration.reader import reader_warning

    schemas.open_database()
    if statement is not None:
        found = result.ask(statement)
        if said := reader_warning():
            logger.warning("%s", said)
    elif table is None:
        found, rows = list_tables(), None
    else:
        one_more = None if rows is None else rows + 1
        shown = split(columns) or (SHORT.get(table, ()) if save is None and sys.stdout.isatty() else ())
        found = run_query(table, restriction or (), where or (), shown, split(order), one_more, nulls)
    kept = found._replace(rows=found.rows[:rows])
    if save is None:
        result.show(kept, more=len(found.rows) > len(kept.rows))
    else:
        logger.info("%d rows in %s", len(kept.rows), result.save(kept, save).resolve())


@app.command(rich_help_panel=PANEL)
def report(
    output: Annotated[Path, typer.Argument(help="The HTML file to write.")] = Path("report.html"),
    experiment: OfExperiment = None,
) -> None:
    """Write one self-contained page on the best fit of an experiment.

    Example: dlgn report report.html --experiment demo
    """
    import schemas

    schemas.open_database()
    from populate.report.report import write

    logger.info("report: %s", write(output, experiment).resolve())


@export.command()
def meis(
    folder: Annotated[Path, typer.Argument(help="New folder for the stimuli.")],
    size: Annotated[str, typer.Option(help="The rig's picture, HEIGHTxWIDTH in px, as 264x424.")],
    experiment: OfExperiment = None,
    unit: Annotated[list[int] | None, typer.Option(help="Only this unit; may be given again.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Only intact or suppressed.")] = None,
    controls: Annotated[bool, typer.Option("--controls", help="The controls of each MEI too.")] = False,
    upscaling: Annotated[str, typer.Option(help="nearest or bilinear.")] = "nearest",
    tolerance: Annotated[float, typer.Option(help="Share by which the norm may be off in 8 bits.")] = 0.01,
    deg_per_px: Annotated[float | None, typer.Option(help="Degrees of a pixel of the fitted movies.")] = None,
) -> None:
    """Write the MEIs of an experiment's best fit as lossless video and arrays for the rig.

    Example: dlgn export meis stimuli --size 264x424 --experiment demo --unit 3 --controls
    """
    import schemas
    from dlgn_cnn.errors import ConfigError
    from dlgn_cnn.mei.export.export import Screen

    sides = size.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        raise ConfigError(f"size {size!r}: expected HEIGHTxWIDTH in px, as 264x424")
    screen = Screen((int(sides[0]), int(sides[1])), upscaling, tolerance)
    schemas.open_database()
    from populate.export.meis import Chosen, export

    path = export(folder, Chosen(experiment, unit or (), condition or (), controls), screen, deg_per_px)
    logger.info("stimuli: %s", path.resolve())


@export.command()
def experanto(
    session: Annotated[str, typer.Argument(help="Session by name, as MOUSE_s03_e07.")],
    folder: Annotated[Path, typer.Argument(help="New folder for the session.")],
) -> None:
    """Write an ingested session as an Experanto folder, which the experanto package opens.

    Example: dlgn export experanto Ntsr1Cre_2019_0007_s03_e07 my_folder
    """
    import schemas

    schemas.open_database()
    from populate.export.experanto import export
    from schemas.monitoring.progress import bar

    with bar(f"export {session}") as progress:
        path = export(session, folder, progress)
    logger.info("session %s: %s", session, path.resolve())


@app.command(rich_help_panel=PANEL)
def verify(
    rows: Annotated[list[str] | None, typer.Argument(metavar="ROWS", help=f"{ROWS} (default: all tables).")] = None,
    where: Annotated[str | None, typer.Option(help='Only rows of which this SQL holds, as "seed < 3".')] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Check digests only; compute nothing again.")] = False,
    as_json: Json = False,
) -> None:
    """Compute rows again, apart from the tables, and say whether the result is the same; the verdicts are kept.

    Example: dlgn verify TrainedModel --where "seed = 0"
    """
    from populate.verify.verify import verify_rows

    if not verify_rows(rows or (), where, fast, as_json):
        raise typer.Exit(2)


@app.command(rich_help_panel=PANEL)
def diff(
    one: Annotated[str, typer.Argument(metavar="ROW", help="As TrainedModel:seed=0 or ModelConfig:model_hash=ab12.")],
    other: Annotated[str, typer.Argument(metavar="ROW", help="A row of the same table.")],
    as_json: Json = False,
) -> None:
    """Show how two rows differ: key, configs leaf by leaf, code, packages, data.

    Example: dlgn diff TrainedModel:seed=0 TrainedModel:seed=1
    """
    from populate.verify.verify import diff_rows

    diff_rows(one, other, as_json)


@app.command(rich_help_panel=PANEL)
def publish(
    archive: Annotated[Path, typer.Argument(help="New archive: a folder, or a file that ends in .zip.")],
    where: Annotated[str | None, typer.Option(help='Only rows of which this SQL holds, as "seed = 0".')] = None,
    table: Annotated[str, typer.Option(help="The table that --where is about.")] = "TrainedModel",
    experiment: Annotated[str | None, typer.Option(help="Only this experiment's fits.")] = None,
    name: Annotated[
        list[str] | None, typer.Option(help='NAME of the best fit, or NAME=SQL, as gru="seed = 0"; may be given again.')
    ] = None,
    without: Annotated[list[str] | None, typer.Option(help="A table to leave out; may be given again.")] = None,
    downstream: Annotated[bool, typer.Option(help="Scores, MEIs and all that was made of the rows.")] = True,
    datasets: Annotated[bool, typer.Option(help="The trials that models were fitted to.")] = True,
    stimuli: Annotated[bool, typer.Option(help="The files of the scenes that were shown.")] = True,
    report: Annotated[bool, typer.Option(help="The report of the experiment.")] = True,
    license: Annotated[str, typer.Option(help="The license under which it is published, as CC-BY-4.0.")] = "",
    citation: Annotated[str, typer.Option(help="How to cite it.")] = "",
) -> None:
    """Write rows and all that they were made from, with weights and data, as one archive for others.

    Example: dlgn publish dlgn_2026.zip --experiment demo --name best --license CC-BY-4.0
    """
    import schemas
    from populate.archive.publish import Wanted
    from populate.archive.publish import publish as write
    from schemas.monitoring.progress import bar

    wanted = Wanted(
        table, where, experiment, downstream, tuple(without or ()), datasets, stimuli, report, tuple(name or ()),
        license, citation,
    )  # fmt: skip
    schemas.open_database()
    with bar(f"publish {archive}") as progress:
        found = write(archive, wanted, progress)
    rows = sum(found.rows.values())
    logger.info("%s: %d rows of %d tables, %.1f MB", archive, rows, len(found.rows), found.manifest.size_bytes / 1e6)
    for sentence in found.manifest.left_out:
        logger.info("left out: %s", sentence)
    logger.info("its digest, to pin it: sha256=%s", found.sha256)


@app.command(rich_help_panel=PANEL)
def load(
    archive: Annotated[str, typer.Argument(help="Path or URL of an archive; PLACE#sha256=DIGEST pins it.")],
    allow_packages: Annotated[
        str | None,
        typer.Option(help="Packages that you trust, whose components its configs may name by import path."),
    ] = None,
) -> None:
    """Load a published archive into this database: checked first, then all of it or nothing.

    Example: dlgn load dlgn_2026.zip --allow-packages mylab
    """
    import schemas
    from dlgn_cnn.storage.file_systems import shown
    from populate.archive.load import load as read
    from populate.query.query import split
    from schemas.monitoring.progress import bar

    schemas.open_database()
    with bar(f"load {shown(archive)}") as progress:
        found = read(archive, progress, split(allow_packages))
    new, known = sum(found.new.values()), sum(found.known.values())
    logger.info("%s: %d new rows, %d were there with the same content", shown(archive), new, known)
    for sentence in found.archive.manifest.left_out:
        logger.info("left out when it was published: %s", sentence)
