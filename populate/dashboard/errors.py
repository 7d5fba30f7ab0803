"""Page of errors: jobs that workers gave up, with their messages, and retries."""

from typing import Any

from dash import html

from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.places import Query, place
from populate.dashboard.reading import Reader
from populate.query.named_rows import find_table, written
from schemas import fleet
from schemas.base.relational import Job
from schemas.declaration.computed_tables import computed_tables

MOST = 100
RETRY = ("table_name", "host", "reason")


def page(reader: Reader, query: Query) -> Component:
    """Failed keys and tries, of all tables or of the one that the URL names. Raises ConfigError for another."""
    wanted = query.get("table")
    shown = [find_table(wanted)] if wanted else computed_tables()
    failed = [part for table in shown for part in _failed(reader, table)]
    known = {table.__name__: place("/errors", table=table.__name__) for table in computed_tables()}
    return elements.page(
        "Errors",
        elements.links("Table", {"all": "/errors"} | known, wanted or "all"),
        *(failed or [html.P("Nothing has failed.", id="nothing-failed")]),
        html.H2("Tries that were made again"),
        _retries(reader, wanted),
    )


def _failed(reader: Reader, table: Any) -> list[Component]:
    def found() -> tuple[int, list[dict[str, Any]]]:
        jobs = Job(table())  # looking at a table's own ``jobs`` would declare them
        if not jobs.is_declared:
            return 0, []
        failed = jobs & "status IN ('error', 'ignore')"
        return len(failed), failed.to_dicts(order_by="KEY", limit=MOST)

    count, rows = reader(found)
    if not rows:
        return []
    name, more = table.__name__, f", the first {MOST} of them here" * (count > MOST)
    key = Job(table()).primary_key
    blocks = [_failure(written(table, {part: row[part] for part in key}), row) for row in rows]
    return [html.H2(f"{name}: {count}{more}"), *blocks, html.P(f"dlgn retry {name} makes them pending again.")]


def _failure(words: str, row: dict[str, Any]) -> Component:
    state = "set aside" if row["status"] == "ignore" else "failed"
    stack = row.get("error_stack")
    said = html.P([html.B(f"{words} {state}: ", className="bad"), row["error_message"] or "no reason was given"])
    if not stack:
        return said
    return html.Div([said, html.Details([html.Summary("traceback"), html.Pre(str(stack))])])


def _retries(reader: Reader, wanted: str | None) -> Component:
    asked = {"table_name": wanted} if wanted else {}
    found = reader(lambda: (fleet.Retry & asked).to_dicts(order_by="ended DESC", limit=MOST))
    rows = [(f"{row['ended']:%Y-%m-%d %H:%M:%S}", *map(row.get, RETRY)) for row in found]
    heads = dict.fromkeys(("ended", "table", "host", "reason"), False)
    return elements.table("The latest first", heads, rows) if rows else html.P("None.")
