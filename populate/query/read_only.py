"""Statements that only read: one at a time, in a transaction in which the server itself refuses to write."""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from dlgn_cnn.errors import ConfigError
from populate.errors.transient import is_transient
from schemas import session
from schemas.base.relational import AccessError

READING = ("SELECT", "WITH", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "TABLE", "VALUES")
COMMENTS = re.compile(r"^(\s+|--[^\n]*\n|#[^\n]*\n|/\*(?!!).*?\*/|\()*", re.DOTALL)
TO_A_FILE = re.compile(r"\binto\s+(outfile|dumpfile)\b", re.IGNORECASE)


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
    """Raise ConfigError for words that could end a statement, or write a file on the server."""
    if ";" in words:
        raise ConfigError(f"{words!r} has a ';' in it: write one statement, with char(59) for that letter in a text")
    if TO_A_FILE.search(words):
        raise ConfigError("a query only reads: leave out INTO, and save the result with --save")


def ask(sql: str) -> QueryResult:
    """Run one statement that reads. Raises ConfigError with the server's message."""
    connection = session.schema.connection
    connection.query("START TRANSACTION READ ONLY")
    try:
        # The drivers fill in values at '%' even where there are none to fill in.
        cursor = connection.query(sql.replace("%", "%%"), reconnect=False)
        rows = [tuple(map(_as_text, row)) for row in cursor.fetchall()]
        return QueryResult([column[0] for column in cursor.description or ()], rows)
    except Exception as error:
        _raise_as_sentence(error)
        raise
    finally:
        connection.query("ROLLBACK")


def _as_text(value: Any) -> Any:
    """A value as every server gives it: JSON comes parsed from one and as text from the other."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _raise_as_sentence(error: Exception) -> None:
    """Raise ConfigError if the server refused the statement; errors of the connection stay as they are."""
    words = [word for word in error.args if isinstance(word, str) and word]
    line = " ".join(": ".join(words).split())
    if re.search(r"read[ -]only transaction", line, re.IGNORECASE):
        raise ConfigError(f"a query only reads ({line}): change rows from Python, or in the database's own client")
    said = type(error).__module__.partition(".")[0] in ("datajoint", "pymysql", "psycopg2")
    if said and not is_transient(error) and not isinstance(error, AccessError):
        raise ConfigError(f"the database cannot answer this: {line}; correct the statement") from error
