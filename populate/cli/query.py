"""The command that asks the tables."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from populate.cli.table_names import complete_table

app = typer.Typer()
SCREENFUL = 40
Words = list[str] | None


@app.command()
def query(
    table: Annotated[
        str | None,
        typer.Argument(help="A table, or several joined by '*'; all tables, without.", autocompletion=complete_table),
    ] = None,
    restriction: Annotated[Words, typer.Argument(help='SQL conditions on its columns, as "correlation > .5".')] = None,
    where: Annotated[Words, typer.Option(help='A value of a config, as "model.recurrent.channels = 16".')] = None,
    columns: Annotated[str | None, typer.Option(help="With commas between; values of configs too.")] = None,
    order: Annotated[str | None, typer.Option(help='As "correlation DESC, unit".')] = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help=f"How many rows; on a screen {SCREENFUL}, elsewhere all, without.")
    ] = None,
    sql: Annotated[str | None, typer.Option(help="A statement that reads, in place of TABLE.")] = None,
    save: Annotated[Path | None, typer.Option(help="A .csv or .parquet file, in place of the screen.")] = None,
) -> None:
    """Ask the tables: a table on the screen, CSV in a pipe, or a file. It only reads.

    Example: dlgn query Score.Unit "correlation > .5" --where "model.recurrent.channels = 16" --save good.csv

    Example: dlgn query "Score * TrainedModel" --columns model.recurrent.channels,seed,score --order "score DESC"

    Example: dlgn query --sql "SELECT unit, AVG(correlation) FROM dlgn_evaluation.__score__unit GROUP BY unit"
    """
    from populate.query.actions import Query, list_tables, run_question, run_statement, split

    rows = SCREENFUL if limit is None and save is None and sys.stdout.isatty() else limit
    if sql is not None:
        if table or restriction or where or columns or order:
            raise typer.BadParameter("--sql says all: leave out TABLE and its options", param_hint="--sql")
        run_statement(sql, rows, save)
    elif table is None:
        list_tables(save)
    else:
        run_question(Query(table, restriction or (), where or (), split(columns), split(order), rows), save)
