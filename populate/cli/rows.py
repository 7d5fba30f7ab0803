"""The commands about rows that are there: verify them, compare them."""

from typing import Annotated

import typer

app = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
ROWS = "A computed table, or rows of it as TrainedModel:seed=0,model_hash=ab12; hashes by their first letters."


@app.command()
def verify(
    rows: Annotated[list[str] | None, typer.Argument(metavar="ROWS", help=f"{ROWS} All tables, without.")] = None,
    where: Annotated[str | None, typer.Option(help='Only rows of which this SQL holds, as "seed < 3".')] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Compute nothing anew: only check digests.")] = False,
    as_json: Json = False,
) -> None:
    """Compute rows anew, beside the tables, and say whether the same comes out; the verdicts are kept.

    Example: dlgn verify TrainedModel --where "seed = 0"
    """
    from populate.verify.verify import verify_rows

    if not verify_rows(rows or (), where, fast, as_json):
        raise typer.Exit(2)


@app.command()
def diff(
    one: Annotated[str, typer.Argument(metavar="ROW", help="As TrainedModel:seed=0 or ModelConfig:model_hash=ab12.")],
    other: Annotated[str, typer.Argument(metavar="ROW", help="A row of the same table.")],
    as_json: Json = False,
) -> None:
    """Show in what two rows differ: key, configs leaf by leaf, code, packages, data.

    Example: dlgn diff TrainedModel:seed=0 TrainedModel:seed=1
    """
    from populate.verify.diff import diff_rows

    diff_rows(one, other, as_json)
