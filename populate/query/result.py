"""Results of statements that only read: one statement at a time, shown on a screen or saved in a file.

A statement runs in a transaction in which the server itself refuses to write, as a role that only reads tables.
"""

import csv
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pyarrow
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dlgn_cnn.bounds import SETTING, limit
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from dlgn_cnn.storage.atomic import whole_file
from populate.errors.transient import is_transient
from schemas import session
from schemas.base.relational import AccessError
from schemas.declaration.reader import begin_reading

READING = ("SELECT", "WITH", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "TABLE", "VALUES")
COMMENTS = re.compile(r"^(\s+|--[^\n]*\n|#[^\n]*\n|/\*(?!!).*?\*/|\()*", re.DOTALL)
# MySQL lets an account with the right FILE read and write files, also in a transaction that only reads.
OF_FILES = re.compile(r"\b(outfile|dumpfile|load_file)\b|/\*!", re.IGNORECASE)
ENDINGS = (".csv", ".parquet")
LONGEST = 60  # letters of a cell on a screen
HASH_LETTERS = 8  # as many of a hash as tell configs apart on a screen


class QueryResult(NamedTuple):
    """The columns of a query and its rows."""

    names: list[str]
    rows: Sequence[Sequence[Any]]


def check_statement(sql: str) -> str:
    """The statement without its last semicolon. Raises ConfigError for a statement that does not read, and for several.

    A semicolon is refused anywhere, also in a text: servers differ in where a text ends, and after such an end another
    statement could leave the transaction.
    """
    statement = sql.strip().removesuffix(";").rstrip()
    first = re.match(r"\w*", COMMENTS.sub("", statement))
    word = "" if first is None else first.group().upper()
    if word not in READING:
        raise ConfigError(f"given {word or statement[:20]!r}, expected one of {', '.join(READING)}: a query only reads")
    check_one(statement)
    return statement


def check_one(words: str) -> None:
    """Raise ConfigError for words that could end a statement, or reach a file of the server."""
    if ";" in words:
        raise ConfigError(f"{words!r} has a ';' in it: write one statement, with char(59) for that letter in a text")
    if found := OF_FILES.search(words):
        raise ConfigError(f"a query only reads tables: leave out {found[0]!r}, and save the result with --save")


def ask(sql: str) -> QueryResult:
    """Run one statement that reads. Raises ConfigError with the server's message."""
    connection = session.schema.connection
    begin_reading()
    try:
        # The drivers fill in values at '%' even where there are none to fill in.
        cursor = connection.query(sql.replace("%", "%%"), reconnect=False)
        rows = [tuple(map(_as_text, row)) for row in cursor.fetchall()]
        return QueryResult([column[0] for column in cursor.description or ()], rows)
    except Exception as error:
        raise_as_sentence(error)
        raise
    finally:
        connection.query("ROLLBACK")


def _as_text(value: Any) -> Any:
    """A value as every server gives it: JSON comes parsed from one and as text from the other."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def raise_as_sentence(error: Exception) -> None:
    """Raise ConfigError if the server refused the statement; errors of the connection stay as they are."""
    if isinstance(error, UnicodeEncodeError):
        raise ConfigError("the words hold half a character, which no database takes: leave it out") from error
    words = [word for word in error.args if isinstance(word, str) and word]
    line = " ".join(": ".join(words).split())
    if re.search(r"read[ -]only transaction|permission denied", line, re.IGNORECASE):
        advice = "change rows from Python, and do all else in the database's own client"
        raise ConfigError(f"a query only reads tables ({line}): {advice}")
    if "statement timeout" in line:
        most = limit("query.seconds")
        raise ConfigError(
            f"the statement took more than {most} s, the bound query.seconds: set {SETTING}=4 to raise it"
        )
    said = type(error).__module__.partition(".")[0] in ("datajoint", "pymysql", "psycopg2")
    if said and not is_transient(error) and not isinstance(error, AccessError):
        raise ConfigError(f"the database cannot answer this: {line}; correct the statement") from error


def check_ending(path: Path) -> None:
    """Raise ConfigError for a file of another kind than CSV and Parquet."""
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(f"--save {path}: {nearest(path.suffix, ENDINGS)} as its ending")


def save(result: QueryResult, path: Path) -> Path:
    """Write a result to a CSV or Parquet file, whole or not at all."""
    with whole_file(path) as temporary:
        if path.suffix.lower() == ".csv":
            with temporary.open("w", newline="", encoding="utf-8") as file:
                write_csv(result, file)
        else:
            import pyarrow.parquet as parquet

            columns = {name: _array([row[index] for row in result.rows]) for index, name in enumerate(result.names)}
            parquet.write_table(pyarrow.table(columns), temporary)
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
        shown.add_column(escape(name), justify="right" if numeric else "left")
    for row in result.rows:
        shown.add_row(*(_short(name, value) for name, value in zip(result.names, row, strict=True)))
    return shown


def _short(name: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(_plain(value)).replace("\n", " ")
    text = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return text[:HASH_LETTERS] if name.endswith("_hash") else escape(text)


def _plain(value: Any) -> Any:
    """A value as a cell of text."""
    if value is None:
        return ""
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _array(column: Sequence[Any]) -> Any:
    """A column of one type; of texts where its values are of several, as a value of a config may be."""
    try:
        return pyarrow.array(column)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        return pyarrow.array([None if value is None else str(value) for value in column])
