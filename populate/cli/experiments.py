"""Commands that define what to fit: the components there are, experiments, and searches."""

import logging
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
logger = logging.getLogger("dlgn")
PANEL = "Experiments"


@app.command(rich_help_panel=PANEL)
def models(
    name: Annotated[str | None, typer.Argument(help="A component to print in full (default: list all).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List every component that a config can name, with its parameters, meaning and paper; needs no database.

    Example: dlgn models conv_gru
    """
    from populate.cli.models import show

    show(name, as_json)


@app.command(rich_help_panel=PANEL)
def define(
    file: Annotated[Path, typer.Argument(help="YAML of one experiment, or a Python file of yours that builds some.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show everything, insert nothing.")] = False,
) -> None:
    """Define experiments: which datasets, models, trainers and seeds to fit.

    Every config is checked and shown with its hash, new or known, before anything is inserted.

    Example: dlgn define my_experiment.yaml --dry-run
    """
    from populate.run.actions import define_experiment

    define_experiment(file, dry_run)


@app.command(rich_help_panel=PANEL)
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
