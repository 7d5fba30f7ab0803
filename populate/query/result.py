"""A query's result: a table on the screen, CSV in a pipe, or a file."""

import csv
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from dlgn_cnn.storage.atomic import whole_file
from populate.query.read_only import QueryResult

ENDINGS = (".csv", ".parquet")
LONGEST = 60  # letters of a cell on a screen
HASH_LETTERS = 8  # as many of a hash as tell configs apart on a screen


def check_ending(path: Path) -> None:
    """Raise ConfigError for a file of another kind than CSV and Parquet."""
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(f"--save {path}: {nearest(path.suffix, ENDINGS)} as its ending")


def save(result: QueryResult, path: Path) -> Path:
    """Write a result to a CSV or Parquet file, whole or not at all. Raises ConfigError and OSError."""
    check_ending(path)
    with whole_file(path) as temporary:
        if path.suffix.lower() == ".csv":
            with temporary.open("w", newline="", encoding="utf-8") as file:
                write_csv(result, file)
        else:
            _write_parquet(result, temporary)
    return path


def write_csv(result: QueryResult, file: TextIO) -> None:
    """Write names and rows; null is an empty cell."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(result.names)
    writer.writerows([_plain(value) for value in row] for row in result.rows)


def show(result: QueryResult, more: bool = False) -> None:
    """Print a table on a terminal, with a note if there are more rows; CSV elsewhere."""
    if not sys.stdout.isatty():
        write_csv(result, sys.stdout)
        return
    Console().print(as_table(result))
    count = len(result.rows)
    note = f"the first {count} rows: --limit N shows more, --save FILE keeps all" if more else f"{count} rows"
    Console(stderr=True).print(note, highlight=False, style="dim")


def as_table(result: QueryResult) -> Table:
    """A result for a screen: short hashes, numbers to four digits, null as blank."""
    shown = Table(box=None, padding=(0, 2, 0, 0))
    for index, name in enumerate(result.names):
        numeric = any(isinstance(row[index], int | float) for row in result.rows)
        shown.add_column(name.replace("[", r"\["), justify="right" if numeric else "left")
    for row in result.rows:
        shown.add_row(*(_short(name, value) for name, value in zip(result.names, row, strict=True)))
    return shown


def _short(name: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(_plain(value)).replace("\n", " ")
    text = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return text[:HASH_LETTERS] if name.endswith("_hash") else text.replace("[", r"\[")


def _plain(value: Any) -> Any:
    """A value as a cell of text."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value


def _write_parquet(result: QueryResult, path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = [[row[index] for row in result.rows] for index in range(len(result.names))]
    table = pyarrow.table({name: _array(column) for name, column in zip(result.names, columns, strict=True)})
    pyarrow.parquet.write_table(table, path)


def _array(column: Sequence[Any]) -> Any:
    """A column of one type; of texts where its values are of several, as a value of a config may be."""
    import pyarrow

    try:
        return pyarrow.array(column)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        return pyarrow.array([None if value is None else str(value) for value in column])
