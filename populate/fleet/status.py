"""Progress of all tables, and the workers, as tables for a terminal."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from schemas import fleet, search, training
from schemas.base.relational import FreeTable
from schemas.declaration.computed_tables import computed_tables

COLUMNS = ("done", "reserved", "pending", "failed", "stopped", "pruned")


def show(view: Callable[[], RenderableType], every_s: float | None = None) -> None:
    """Print a view once, or keep it on the screen and redraw it ``every_s``, until Ctrl-C."""
    if every_s is None:
        Console().print(view())
        return
    with Live(view(), auto_refresh=False) as live:
        while True:
            time.sleep(every_s)
            live.update(view(), refresh=True)


def progress() -> RenderableType:
    """A row for each computed table, with its numbers of keys; then reasons of failures, and stop flags."""
    shown = Table("table", *COLUMNS)
    reasons: list[Text] = []
    for table in computed_tables():
        pruned = len(search.pruned_fits(table)) if table is training.TrainedModel else 0
        found = counts(table)
        shown.add_row(table.__name__, *map(str, found), str(pruned))
        if any(found[3:]):
            failed = (_queue(table) & "status IN ('error', 'ignore')").proj("error_message").to_dicts(order_by="KEY")
            reasons += [Text(f"{table.__name__}: {row['error_message']}") for row in failed]
    stop_flags = [Text(_flag(row)) for row in fleet.StopFlag().to_dicts(order_by="KEY")]
    return Group(shown, *reasons, *stop_flags)


def fleet_view() -> RenderableType:
    """Progress of all tables, then the workers."""
    return Group(progress(), workers())


def counts(table: Any) -> tuple[int, int, int, int, int]:
    """How many keys of a table are done, reserved, pending (queued or not yet), failed and set aside."""
    remaining, total = table().progress()
    queue, jobs = _queue(table), dict[str, int]()
    if queue.is_declared:
        jobs = dict(queue.connection.query(f"SELECT status, COUNT(*) FROM {queue.full_table_name} GROUP BY status"))
    reserved, failed, stopped = (jobs.get(status, 0) for status in ("reserved", "error", "ignore"))
    return total - remaining, reserved, max(remaining - reserved - failed - stopped, 0), failed, stopped


def _queue(table: Any) -> Any:
    """A computed table's queue, which may not be declared yet.

    DataJoint's own ``jobs`` would declare it, and reads all foreign keys of all tables to know its columns.
    """
    name = f"~~{table.table_name.lstrip('_')}"
    return FreeTable(table.connection, table().adapter.make_full_table_name(table.database, name))


def workers(everybody: bool = False) -> RenderableType:
    """A row for each worker: machine, key, progress, and the time of its last heartbeat."""
    shown = Table("host", "pid", "device", "state", "last heard", "table", "key", "for", "doing")
    for row in _workers(everybody):
        shown.add_row(*map(str, row))
    return shown


def _workers(everybody: bool) -> Iterator[tuple[str, ...]]:
    now = fleet.schema.connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0].replace(tzinfo=None)
    leases = {row["worker_id"]: row for row in fleet.Lease().to_dicts()}
    asked = fleet.Worker if everybody else fleet.Worker & "state = 'working'"
    for row in asked.to_dicts(order_by="host, started"):
        lease = leases.get(row["worker_id"], {})
        state = "silent" if row["state"] == "working" and row["expires"] < now else row["state"]
        key = " ".join(f"{name}={str(value)[:8]}" for name, value in lease.get("held_key", {}).items())
        since = _span(now - lease["since"]) if lease else ""
        heard = f"{_span(now - row['heartbeat'])} ago"
        table = lease.get("table_name", "")
        yield row["host"], row["pid"], row["device"], state, heard, table, key, since, row["doing"]


def _span(duration: Any) -> str:
    seconds = max(int(duration.total_seconds()), 0)
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _flag(row: dict[str, Any]) -> str:
    who = "every machine" if row["host"] == "*" else row["host"]
    what = "all tables" if row["table_name"] == "*" else row["table_name"]
    return f"{who}: {row['action']} {what} since {row['given']:%Y-%m-%d %H:%M}"
