"""What ``dlgn query`` does once its words are read."""

import dataclasses
import logging
from pathlib import Path

import schemas
from dlgn_cnn.errors import ConfigError
from populate.query.query import Query, answer, table_classes
from populate.query.read_only import QueryResult, ask, check_statement
from populate.query.result import check_ending, save, show

logger = logging.getLogger("dlgn")


def run_question(question: Query, path: Path | None = None) -> QueryResult:
    """Ask and show up to ``question.limit`` rows, or save them in a file. Raises ConfigError."""
    _open(path)
    limit = question.limit
    one_more = question if limit is None else dataclasses.replace(question, limit=limit + 1)
    return _tell(answer(one_more), limit, path)


def run_statement(sql: str, limit: int | None = None, path: Path | None = None) -> QueryResult:
    """Run a statement that reads, and show or save what it returns. Raises ConfigError."""
    statement = check_statement(sql)
    _open(path)
    return _tell(ask(statement), limit, path)


def list_tables(path: Path | None = None) -> QueryResult:
    """Show every table: its name here and in SQL, and its columns, those of its key first."""
    _open(path)
    rows = []
    for name, table in table_classes().items():
        one = table()
        sql_name = one.full_table_name.replace("`", "").replace('"', "")
        columns = [f"*{column}" if column in one.primary_key else column for column in one.heading.names]
        rows.append((name, sql_name, ", ".join(columns)))
    return _tell(QueryResult(["table", "in SQL", "columns (*key)"], rows), None, path)


def split(text: str | None) -> tuple[str, ...]:
    """Words with commas between. Raises ConfigError for an empty one."""
    found = tuple(word.strip() for word in text.split(",")) if text else ()
    if not all(found):
        raise ConfigError(f"{text!r} has an empty word: expected names with commas between, as unit,correlation")
    return found


def _open(path: Path | None) -> None:
    if path is not None:
        check_ending(path)
    schemas.open_database()


def _tell(found: QueryResult, limit: int | None, path: Path | None) -> QueryResult:
    kept = found if limit is None else QueryResult(found.names, found.rows[:limit])
    if path is None:
        show(kept, more=len(found.rows) > len(kept.rows))
    else:
        logger.info("%d rows in %s", len(kept.rows), save(kept, path).resolve())
    return kept
