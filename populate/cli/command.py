"""The ``dlgn`` command."""

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from dlgn_cnn.runtime.threads import wait_passively
from populate.cli import archive, fleet, query, rows, setup
from populate.cli import dashboard as dashboard_cli
from populate.cli.command_group import CommandGroup
from populate.errors.exit_codes import EXIT_CODES, SOME_FAILED

app = typer.Typer(
    cls=CommandGroup,
    help="Encoding models of mouse dLGN with and without cortical feedback, in a database.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for part in (setup, fleet, query, archive, rows, dashboard_cli):
    app.add_typer(part.app)
logger = logging.getLogger("dlgn")
Movies = Annotated[Path | None, typer.Option(help="Folder of your own movies to cut scenes from.")]


def main() -> None:
    """Run the command: what goes wrong is one sentence and an exit code, see ``command_group``."""
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


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="New folder for the recording.")],
    movies: Movies = None,
    units: Annotated[int, typer.Option(help="Number of units.")] = 40,
    scenes: Annotated[int, typer.Option(help="Number of training scenes.")] = 56,
    test_scenes: Annotated[int, typer.Option(help="Number of test scenes.")] = 14,
    test_repeats: Annotated[int, typer.Option(help="How often a test scene is shown.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    mouse: Annotated[str, typer.Option(help="Name of the in-silico mouse.")] = "Simulated_2026_0001",
    opto_effect: Annotated[
        str, typer.Option(help="Where the light acts: additive, none, gain, temporal or surround.")
    ] = "additive",
    opto_strength: Annotated[float, typer.Option(help="Size of the light's effect; 1 is the published one.")] = 1.0,
    opto_share: Annotated[float, typer.Option(help="Share of the units that the light changes.")] = 1.0,
    nonlinear_share: Annotated[float, typer.Option(help="Share of the units that no linear field describes.")] = 0.0,
) -> None:
    """Write an in-silico dLGN recording in the lab's layout, with its truth beside it.

    Example: dlgn simulate my_recording --movies my_movies
    """
    from dlgn_cnn.simulation.recording import SimulationConfig
    from dlgn_cnn.simulation.recording import simulate as write
    from schemas.monitoring.progress import bar

    config = SimulationConfig(
        units=units,
        train_scenes=scenes,
        test_scenes=test_scenes,
        test_repeats=test_repeats,
        seed=seed,
        mouse=mouse,
        opto_effect=opto_effect,
        opto_strength=opto_strength,
        opto_share_of_units=opto_share,
        nonlinear_share=nonlinear_share,
    )
    with bar("simulate") as report:
        write(folder, config, movies, report)
    logger.info("%s holds a simulated recording of %d units (no animal was recorded)", folder, units)


@app.command()
def ingest(
    path: Annotated[Path, typer.Argument(help="Recording: a folder or its responses file.")],
    reader: Annotated[str | None, typer.Option(help="Reader by name; by looking, without.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", "-o", help="NAME=VALUE for that reader, as spikes_outside=drop.")
    ] = None,
) -> None:
    """Read a recording into the tables: all of it, or nothing.

    Example: dlgn ingest my_recording
    """
    from populate.run.actions import ingest_recording

    ingest_recording(path, reader, option or [])


@app.command()
def models(
    name: Annotated[str | None, typer.Argument(help="A part's name, to print it in full; all parts, without.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List every part that a config can name, with its parameters, meaning and paper; needs no database.

    Example: dlgn models conv_gru
    """
    from populate.cli.models import show

    show(name, as_json)


@app.command()
def define(
    file: Annotated[Path, typer.Argument(help="YAML of one experiment, or a Python file of yours that builds some.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show everything, insert nothing.")] = False,
) -> None:
    """Define experiments: which datasets, models, trainers and seeds are to be fitted, grids written out.

    Every config is checked and shown with its hash, new or known, before anything is inserted.

    Example: dlgn define my_experiment.yaml --dry-run
    """
    from populate.run.actions import define_experiment

    define_experiment(file, dry_run)


@app.command()
def search(
    file: Annotated[Path, typer.Argument(help="YAML file of one study.")],
    ahead: Annotated[int, typer.Option(help="Trials kept pending for workers that only populate.")] = 1,
) -> None:
    """Search for the best config: ask for trials and compute them; run it in as many shells as you like.

    Example: dlgn search my_study.yaml
    """
    from populate.run.actions import run_search

    run_search(file, ahead)


@app.command()
def populate(
    table: fleet.Tables = None,
    where: Annotated[str | None, typer.Option(help='Only keys of which this SQL holds, as "seed < 3".')] = None,
    retry_errors: Annotated[bool, typer.Option("--retry-errors", help="Try failed keys again.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Wait for more when nothing is left.")] = False,
    workers: Annotated[
        str | None, typer.Option(help="Processes on this machine: a number, or auto for as many as compute fastest.")
    ] = None,
    gpus: Annotated[str | None, typer.Option(help="A worker on each: all, or numbers as 0,1.")] = None,
    share: Annotated[int, typer.Option(min=1, help="Workers on each of --gpus, for small models.")] = 1,
    together: Annotated[int, typer.Option(min=1, hidden=True, help="Workers that one command has started.")] = 1,
) -> None:
    """Compute everything that is asked for; run it as often and on as many machines as you like.

    Example: dlgn populate --table TrainedModel --where "seed < 3" --workers 2
    """
    from populate.run.actions import Asked, populate_all, populate_together

    asked = Asked(tuple(table or ()), where, retry_errors, stay, together)
    if workers is not None or gpus is not None:
        raise typer.Exit(populate_together(asked, workers, gpus, share))
    if populate_all(asked).failed:
        raise typer.Exit(SOME_FAILED)


@app.command()
def report(
    output: Annotated[Path, typer.Argument(help="The HTML file to write.")] = Path("report.html"),
    experiment: Annotated[str | None, typer.Option(help="Experiment; the only one, without.")] = None,
) -> None:
    """Write one self-contained page on the best fit of an experiment.

    Example: dlgn report report.html --experiment demo
    """
    from populate.run.actions import report_experiment

    report_experiment(output, experiment)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="New folder for the stimuli.")],
    size: Annotated[str, typer.Option(help="The rig's picture, HEIGHTxWIDTH in px, as 264x424.")],
    experiment: Annotated[str | None, typer.Option(help="Experiment; the only one, without.")] = None,
    unit: Annotated[list[int] | None, typer.Option(help="Only this unit; may be given again.")] = None,
    condition: Annotated[list[str] | None, typer.Option(help="Only intact or suppressed.")] = None,
    controls: Annotated[bool, typer.Option("--controls", help="The controls of each MEI too.")] = False,
    upscaling: Annotated[str, typer.Option(help="nearest or bilinear.")] = "nearest",
    tolerance: Annotated[float, typer.Option(help="What the norm may be off in 8 bits, as a share.")] = 0.01,
    deg_per_px: Annotated[float | None, typer.Option(help="Degrees of a pixel of the fitted movies.")] = None,
) -> None:
    """Write the MEIs of an experiment's best fit as lossless video and arrays for the rig.

    Example: dlgn export stimuli --size 264x424 --experiment demo --unit 3 --controls
    """
    from populate.run.actions import export_stimuli

    export_stimuli(
        folder, size, experiment, (unit or (), condition or (), controls), (upscaling, tolerance), deg_per_px
    )


@app.command()
def demo(
    movies: Movies = None,
    folder: Annotated[Path | None, typer.Option(help="Where the recording goes; DLGN_HOME/demo, without.")] = None,
) -> None:
    """Simulate a recording and take it all the way to a report, then compare with the truth.

    Example: dlgn demo
    """
    from populate.demo.demo import run

    run(movies, folder)
