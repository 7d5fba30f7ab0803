"""Commands of a project: begin one, bring recordings into its tables, define what to fit."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from populate.cli.deletion import Yes, agree

app = typer.Typer()
logger = logging.getLogger("dlgn")
Recording = Annotated[Path, typer.Argument(help="Recording: a folder or its responses file.")]
Reader = Annotated[str | None, typer.Option(help="Reader by name (default: chosen by the files).")]
ReaderOptions = Annotated[
    list[str] | None, typer.Option("--option", "-o", help="NAME=VALUE for that reader, as spikes_outside=drop.")
]
Movies = Annotated[Path | None, typer.Option(help="Folder of your own movies to cut scenes from.")]


@app.command(rich_help_panel="Begin")
def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder; made if it does not exist.")] = Path("."),
    database: Annotated[
        str | None, typer.Option(help="URL of a MySQL or PostgreSQL server (default: the embedded server).")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Folder or s3:// URL for arrays that all workers see.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Prefix of every schema's name (default: dlgn_).")] = None,
) -> None:
    """Begin a project: write dlgn.env and experiment.yaml, reach the database, and declare the tables.

    Existing files are not changed. The database and the store are kept for your account, outside the folder, since
    dlgn.env may come along with a copy of it. A password is never written: it is asked for on a terminal, or
    DLGN_DATABASE_PASSWORD gives it, with DLGN_DATABASE_PASSWORD_HOST to say of which server it is.

    Example: dlgn init my_project --database mysql://ada@dbhost:3306 --store /lab/share/dlgn
    """
    from populate.run.init_project import begin

    given = {"DLGN_DATABASE": database, "DLGN_STORE": store, "DLGN_PREFIX": prefix}
    begin(folder, {name: value for name, value in given.items() if value is not None})


@app.command(rich_help_panel="Begin")
def demo(
    movies: Movies = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for the recording (default: DLGN_HOME/demo).")] = None,
) -> None:
    """Simulate a recording and take it all the way to a report, then compare with the truth.

    Example: dlgn demo
    """
    from populate.demo.demo import run

    run(movies, folder)


@app.command(rich_help_panel="Begin")
def doctor(
    deadline_s: Annotated[float, typer.Option("--deadline", min=1, help="Seconds for each group of checks.")] = 60.0,
) -> None:
    """Check versions, memory, disk, database, store, GPU and Deep Lake, and say what to do; exit code 1 if any fails.

    Example: dlgn doctor --deadline 20
    """
    from populate.doctor.examine import examine, show

    if not show(examine(deadline_s)):
        raise typer.Exit(1)


@app.command(rich_help_panel="Recordings")
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


@app.command(rich_help_panel="Recordings")
def inspect(
    path: Recording,
    reader: Reader = None,
    option: ReaderOptions = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Picture to write: activity, light, behavior, scenes, what drives spikes.")
    ] = None,
) -> None:
    """Read a recording and print what was understood of it, and what is odd; needs no database.

    Example: dlgn inspect my_recording --plot my_recording.png
    """
    from dlgn_cnn.data.inspection.facts import recording_facts
    from dlgn_cnn.data.inspection.text import pages
    from dlgn_cnn.data.readers import read_recordings, recognized
    from schemas.monitoring.progress import bar

    chosen = _options(option or ())
    with bar(f"inspect {path}") as report, _quoting(option or (), chosen):
        name = reader or recognized(path)
        found = read_recordings(path, reader=name, progress=report, **chosen)
    facts = recording_facts(path, name, reader is not None, chosen, found, aligned=True)
    typer.echo(json.dumps(facts, indent=2) if as_json else pages(facts))
    if plot is not None:
        from populate.inspect.inspect import draw

        logger.info("wrote %s", ", ".join(map(str, draw(found, plot))))


@app.command(rich_help_panel="Recordings")
def ingest(
    path: Recording,
    reader: Reader = None,
    option: ReaderOptions = None,
    opto_design: Annotated[
        str,
        typer.Option(
            help="How the light was drawn: none, per_trial, blocks:PERIOD_S[:SHARE] or pulses:PERIOD_S[:SHARE] "
            "(default: inferred, and said if it cannot be)."
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and print everything, insert nothing.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete a session that is there, and all that depends on it, first.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Read a recording into the tables: all of it, or nothing. What was understood of it is printed before.

    A session that is there is refused if it is from other bytes, or was read with other options. With --replace, the
    rows that depend on it are shown, and deleted in the transaction that inserts the new ones.

    Example: dlgn ingest my_recording --dry-run
    """
    import schemas
    from dlgn_cnn.data.recording import SIMULATED_PREFIX, SessionRecording
    from dlgn_cnn.runtime.progress import silent
    from schemas.monitoring.progress import bar

    chosen = _options(option or ())
    schemas.open_database()
    from schemas.recordings.insert import ingest as insert

    output = None if sys.stdout.isatty() else sys.stdout  # a bar takes its place, and would write to the terminal

    def tell(name: str, found: Sequence[SessionRecording]) -> None:
        from dlgn_cnn.data.inspection.facts import recording_facts
        from dlgn_cnn.data.inspection.text import pages

        typer.echo(pages(recording_facts(path, name, reader is not None, chosen, found, dry_run)), file=output)

    # A bar would be drawn over the question.
    with nullcontext(silent) if replace else bar(f"ingest {path}") as report, _quoting(option or (), chosen):
        agreed = partial(agree, yes=yes or dry_run) if replace else None
        new = insert(path, reader, chosen, report, opto_design, agreed, tell, dry_run)
    for name in new:
        note = " (simulated: no animal was recorded)" if name.startswith(SIMULATED_PREFIX) else ""
        logger.info("%s session %s%s", "would ingest" if dry_run else "ingested", name, note)
    if not new:
        logger.info("nothing new in %s: its sessions were ingested before", path)


@app.command("import-nnfabrik", rich_help_panel="Recordings")
def import_nnfabrik(
    source: Annotated[
        str,
        typer.Argument(
            envvar="DLGN_SOURCE", help="mysql://user@host:port; a password is asked for, or stands in DLGN_SOURCE."
        ),
    ],
    schema: Annotated[str, typer.Option(help="The schema that holds nnfabrik's tables.")],
    store: Annotated[
        list[str] | None,
        typer.Option(help="NAME=PLACE of an external store, as minio=/lab/dj-store; may be given again."),
    ] = None,
) -> None:
    """Import configs, seeds, fits and state dicts of an nnfabrik schema, which is only read.

    Example: dlgn import-nnfabrik mysql://me@lab-db --schema nnfabrik_me --store minio=/lab/dj-store
    """
    import schemas
    from populate.nnfabrik.carry import carry, tell

    stores = _pairs("store", store or (), "minio=/lab/dj-store or minio=s3://nnfabrik/dj-store", "PLACE")
    schemas.open_database()
    report = carry(source, schema, stores)
    tell(report)
    if report.lost:
        raise typer.Exit(2)


@app.command(rich_help_panel="Experiments")
def models(
    name: Annotated[str | None, typer.Argument(help="A component to print in full (default: list all).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List every component that a config can name, with its parameters, meaning and paper; needs no database.

    Example: dlgn models conv_gru
    """
    from populate.define.components import show

    show(name, as_json)


@app.command(rich_help_panel="Experiments")
def define(
    file: Annotated[Path, typer.Argument(help="YAML of one experiment, or a Python file of yours that builds some.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show everything, insert nothing.")] = False,
) -> None:
    """Define experiments: which datasets, models, trainers and seeds to fit.

    Every config is checked and shown with its hash, new or known, before anything is inserted.

    Example: dlgn define my_experiment.yaml --dry-run
    """
    import schemas

    schemas.open_database()
    from populate.define.define import define as read

    read(file, dry_run)


@app.command(rich_help_panel="Experiments")
def search(
    file: Annotated[Path, typer.Argument(help="YAML file of one study.")],
    ahead: Annotated[int, typer.Option(help="Trials kept pending for workers that only populate.")] = 1,
) -> None:
    """Search for the best config: ask for trials and compute them; run it in as many shells as you like.

    Example: dlgn search my_study.yaml
    """
    import schemas

    schemas.open_database()
    from populate.search.study import search_study

    best = search_study(file, ahead)
    values = ", ".join(f"{path} {value}" for path, value in best["trial_values"].items())
    logger.info("best of study %s: trial %d, score %.4f: %s", best["study_name"], best["trial"], best["score"], values)


def _options(words: Sequence[str]) -> dict[str, Any]:
    """A reader's options, each value read as YAML. Raises ConfigError."""
    import yaml

    from dlgn_cnn.errors import ConfigError
    from dlgn_cnn.storage import yaml_text

    chosen = {}
    for name, text in _pairs("option", words, "spikes_outside=drop").items():
        try:
            chosen[name], _ = yaml_text.load(text)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            raise ConfigError(f"option '{name}={text}': the value cannot be read ({error})") from error
    return chosen


@contextmanager
def _quoting(words: Sequence[str], chosen: Mapping[str, Any]) -> Iterator[None]:
    """Say of a refused option what YAML made of its words, if that is not text."""
    from dlgn_cnn.errors import ConfigError
    from schemas.base.names import not_text

    try:
        yield
    except ConfigError as error:
        if error.place not in chosen or isinstance(chosen[error.place], str):
            raise
        text = _pairs("option", words, "")[error.place]
        said = f"option '{error.place}={text}': {error.args[0]}; given {not_text(chosen[error.place], text)}"
        raise ConfigError(f"{said}, for the shell -o '{error.place}=\"{text}\"'") from error


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
