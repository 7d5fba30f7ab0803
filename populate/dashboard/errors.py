"""Page of errors: jobs that workers gave up, with their messages, and retries."""

from typing import Any

from dash import html

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from populate.dashboard import elements
from populate.dashboard.elements import Component
from populate.dashboard.places import Query, place
from populate.dashboard.reading import Reader
from schemas import fleet
from schemas.base.relational import Job
from schemas.declaration.computed_tables import computed_tables

MOST = 100
SHORT = 12  # letters of a hash that tell keys apart


def page(reader: Reader, query: Query) -> Component:
    """Failed keys and tries, of all tables or of the one that the URL names. Raises ConfigError for another."""
    tables = {table.__name__: table for table in computed_tables()}
    wanted = query.get("table")
    if wanted is not None and wanted not in tables:
        raise ConfigError(f"no computed table {wanted!r}: {nearest(wanted, list(tables))}")
    shown = {wanted: tables[wanted]} if wanted else tables
    failed = [part for name, table in shown.items() for part in _failed(reader, name, table)]
    none = [html.P("Nothing has failed.", id="nothing-failed")]
    choices = {"all": "/errors"} | {name: place("/errors", table=name) for name in tables}
    return elements.page(
        "Errors",
        elements.links("Table", choices, wanted or "all"),
        *(failed or none),
        html.H2("Tries that were made again"),
        _retries(reader, wanted),
    )


def _failed(reader: Reader, name: str, table: Any) -> list[Component]:
    def found() -> tuple[int, list[dict[str, Any]]]:
        jobs = Job(table())  # looking at a table's own ``jobs`` would declare them
        if not jobs.is_declared:
            return 0, []
        failed = jobs & "status IN ('error', 'ignore')"
        return len(failed), failed.to_dicts(order_by="KEY", limit=MOST)

    count, rows = reader(found)
    if not rows:
        return []
    more = f", the first {MOST} of them here" * (count > MOST)
    names = Job(table()).primary_key
    blocks = [_failure({part: row[part] for part in names}, row) for row in rows]
    return [html.H2(f"{name}: {count}{more}"), *blocks, html.P(f"dlgn retry {name} makes them pending again.")]


def _failure(key: dict[str, Any], row: dict[str, Any]) -> Component:
    words = " ".join(f"{name}={str(value)[:SHORT]}" for name, value in key.items())
    state = "set aside" if row["status"] == "ignore" else "failed"
    stack = row.get("error_stack")
    said = html.P([html.B(f"{words} {state}: ", className="bad"), row["error_message"] or "no reason was given"])
    if not stack:
        return said
    return html.Div([said, html.Details([html.Summary("traceback"), html.Pre(str(stack))])])


def _retries(reader: Reader, wanted: str | None) -> Component:
    def found() -> list[dict[str, Any]]:
        kept = fleet.Retry & ({"table_name": wanted} if wanted else {})
        return list(kept.to_dicts(order_by="ended DESC", limit=MOST))

    rows = [
        (f"{row['ended']:%Y-%m-%d %H:%M:%S}", row["table_name"], row["host"], row["reason"]) for row in reader(found)
    ]
    if not rows:
        return html.P("None.")
    return elements.table("The latest first", {"ended": False, "table": False, "host": False, "reason": False}, rows)
