"""Page of errors: failed keys by cause, with a message and a traceback of each, and retries."""

from typing import Any

from dash import html

from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.places import Query, place
from populate.dashboard.reading import Reader
from populate.fleet.failures import Cause, failures
from populate.query.named_rows import find_table
from schemas import fleet
from schemas.base.relational import Job
from schemas.declaration.computed_tables import computed_tables

MOST = 100
MOST_CAUSES = 50
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
    found = reader(lambda: failures(table))
    if not found:
        return []
    name, count = table.__name__, sum(cause.count for cause in found)
    rest = html.P(f"{len(found) - MOST_CAUSES} other causes are not shown.") if len(found) > MOST_CAUSES else None
    blocks = [_cause(reader, table, cause) for cause in found[:MOST_CAUSES]]
    advice = html.P(f"dlgn retry {name} makes its keys pending again; with --where only some.")
    return [html.H2(f"{name}: {count}"), *blocks, *([rest] if rest else []), advice]


def _cause(reader: Reader, table: Any, cause: Cause) -> Component:
    """A cause in a sentence; its first keys as options of a command, and the message and traceback of the first."""
    rows = reader(lambda: (Job(table()) & cause.keys[0]).to_dicts())  # it may just have been retried
    message, stack = (rows[0]["error_message"], rows[0].get("error_stack")) if rows else (cause.reason, None)
    more = [f"and {cause.count - len(cause.keys)} more"] if cause.count > len(cause.keys) else []
    keys = html.Ul([*(html.Li(html.Code(option)) for option in cause.options), *map(html.Li, more)])
    shown = [html.P(html.B(cause.sentence, className="bad")), keys]
    details = [html.Summary("message and traceback of the first"), html.Pre(f"{message}\n\n{stack or ''}".strip())]
    return html.Div([*shown, html.Details(details)], className="cause")


def _retries(reader: Reader, wanted: str | None) -> Component:
    asked = {"table_name": wanted} if wanted else {}
    found = reader(lambda: (fleet.Retry & asked).to_dicts(order_by="ended DESC", limit=MOST))
    rows = [(f"{row['ended']:%Y-%m-%d %H:%M:%S}", *map(row.get, RETRY)) for row in found]
    heads = dict.fromkeys(("ended", "table", "host", "reason"), False)
    return elements.table("The latest first", heads, rows) if rows else html.P("None.")
