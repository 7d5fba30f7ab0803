"""The commands that publish an archive, load one, and bring over what a lab has in nnfabrik's tables."""

import logging
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
logger = logging.getLogger("dlgn")


@app.command()
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
    license: Annotated[str, typer.Option(help="The license that it is published under, as CC-BY-4.0.")] = "",
    citation: Annotated[str, typer.Option(help="How it is to be cited.")] = "",
) -> None:
    """Write rows and all that they were made from, with weights and data, as one archive for others.

    Example: dlgn publish dlgn_2026.zip --experiment demo --name best --license CC-BY-4.0
    """
    from populate.archive.actions import publish_archive
    from populate.archive.publish import Wanted

    wanted = Wanted(
        table, where, experiment, downstream, tuple(without or ()), datasets, stimuli, report, tuple(name or ()),
        license, citation,
    )  # fmt: skip
    publish_archive(archive, wanted)


@app.command()
def load(
    archive: Annotated[str, typer.Argument(help="Path or URL of an archive; PLACE#sha256=DIGEST pins it.")],
) -> None:
    """Load a published archive into this database: checked first, then all of it or nothing.

    Example: dlgn load dlgn_2026.zip
    """
    from populate.archive.actions import load_archive

    load_archive(archive)


@app.command("import-nnfabrik")
def import_nnfabrik(
    source: Annotated[
        str, typer.Argument(envvar="DLGN_SOURCE", help="mysql://user:password@host:port; better in DLGN_SOURCE.")
    ],
    schema: Annotated[str, typer.Option(help="The schema that holds nnfabrik's tables.")],
    store: Annotated[
        list[str] | None,
        typer.Option(help="NAME=PLACE of an external store, as minio=/lab/dj-store; may be given again."),
    ] = None,
) -> None:
    """Carry configs, seeds, fits and state dicts of an nnfabrik schema over; the source is only read.

    Example: dlgn import-nnfabrik mysql://me:secret@lab-db --schema nnfabrik_me --store minio=/lab/dj-store
    """
    from populate.nnfabrik.actions import import_schema

    if import_schema(source, schema, store or ()).lost:
        raise typer.Exit(2)
