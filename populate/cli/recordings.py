"""Commands that bring recordings into the tables: simulate one, ingest one, import a lab's nnfabrik tables."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from populate.cli.setup import Movies

app = typer.Typer()
logger = logging.getLogger("dlgn")
PANEL = "Recordings"


@app.command(rich_help_panel=PANEL)
def simulate(
    folder: Annotated[Path, typer.Argument(help="New folder for the recording.")],
    movies: Movies = None,
    units: Annotated[int, typer.Option(help="Number of units.")] = 40,
    train_scenes: Annotated[int, typer.Option("--scenes", help="Number of training scenes.")] = 56,
    test_scenes: Annotated[int, typer.Option(help="Number of test scenes.")] = 14,
    test_repeats: Annotated[int, typer.Option(help="Number of presentations of each test scene.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    mouse: Annotated[str, typer.Option(help="Name of the in-silico mouse.")] = "Simulated_2026_0001",
    opto_effect: Annotated[
        str, typer.Option(help="Where the light acts: additive, none, gain, temporal or surround.")
    ] = "additive",
    opto_strength: Annotated[float, typer.Option(help="Size of the light's effect; 1 is the published one.")] = 1.0,
    opto_share_of_units: Annotated[
        float, typer.Option("--opto-share", help="Share of the units that the light changes.")
    ] = 1.0,
    nonlinear_share: Annotated[float, typer.Option(help="Share of the units that no linear field describes.")] = 0.0,
) -> None:
    """Write an in-silico dLGN recording in the lab's layout, together with its truth.

    Example: dlgn simulate my_recording --movies my_movies
    """
    options = {name: value for name, value in locals().items() if name not in ("folder", "movies")}
    from dlgn_cnn.simulation.recording import SimulationConfig
    from dlgn_cnn.simulation.recording import simulate as write
    from schemas.monitoring.progress import bar

    with bar("simulate") as report:
        write(folder, SimulationConfig(**options), movies, report)
    logger.info("%s holds a simulated recording of %d units (no animal was recorded)", folder, units)


@app.command(rich_help_panel=PANEL)
def ingest(
    path: Annotated[Path, typer.Argument(help="Recording: a folder or its responses file.")],
    reader: Annotated[str | None, typer.Option(help="Reader by name (default: chosen by the files).")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", "-o", help="NAME=VALUE for that reader, as spikes_outside=drop.")
    ] = None,
) -> None:
    """Read a recording into the tables: all of it, or nothing.

    Example: dlgn ingest my_recording
    """
    import yaml

    from dlgn_cnn.errors import ConfigError
    from populate.run.actions import ingest_recording

    chosen = {}
    for name, text in _pairs("option", option or (), "spikes_outside=drop").items():
        try:
            chosen[name] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"option '{name}={text}': the value cannot be read ({error})") from error
    ingest_recording(path, reader, chosen)


@app.command("import-nnfabrik", rich_help_panel=PANEL)
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
    """Import configs, seeds, fits and state dicts of an nnfabrik schema, which is only read.

    Example: dlgn import-nnfabrik mysql://me:secret@lab-db --schema nnfabrik_me --store minio=/lab/dj-store
    """
    import schemas
    from populate.nnfabrik.carry import carry, tell

    stores = _pairs("store", store or (), "minio=/lab/dj-store or minio=s3://nnfabrik/dj-store", "PLACE")
    schemas.open_database()
    report = carry(source, schema, stores)
    tell(report)
    if report.lost:
        raise typer.Exit(2)


def _pairs(what: str, words: Sequence[str], example: str, value: str = "VALUE") -> dict[str, str]:
    """Words of the form NAME=VALUE as a dictionary. Raises ConfigError."""
    from dlgn_cnn.errors import ConfigError

    found = {}
    for word in words:
        name, _, given = word.partition("=")
        if not (name and given):
            raise ConfigError(f"{what} {word!r}: expected NAME={value}, as {example}")
        found[name] = given
    return found
