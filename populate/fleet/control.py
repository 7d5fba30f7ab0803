"""The fleet as a user sees and steers it: progress, workers and stop flags as tables for a terminal, and orders.

Orders are rows that SQL may write instead.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table as Shown
from rich.text import Text

from dlgn_cnn.errors import ConfigError
from populate.query.named_rows import find_table, restricted
from schemas import fleet, search, training
from schemas.base.relational import FreeTable
from schemas.declaration.computed_tables import computed_tables

COLUMNS = ("done", "reserved", "pending", "failed", "stopped", "pruned")
Table = Any


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
    shown = Shown("table", *COLUMNS)
    reasons: list[Text] = []
    for table in computed_tables():
        pruned = len(search.pruned_fits(table)) if table is training.TrainedModel else 0
        found = counts(table)
        shown.add_row(table.__name__, *map(str, found), str(pruned))
        if any(found[3:]):
            failed = (_queue(table) & "status IN ('error', 'ignore')").proj("error_message").to_dicts(order_by="KEY")
            reasons += [Text(f"{table.__name__}: {row['error_message']}") for row in failed]
    reasons += [Text(line) for line in _lacking()]
    stop_flags = [Text(_flag(row)) for row in fleet.StopFlag().to_dicts(order_by="KEY")]
    return Group(shown, *reasons, *stop_flags)


def _lacking() -> Iterator[str]:
    """Keys that wait for another machine: how many, what theirs lack, and what to do where no living worker is left."""
    alive = set((fleet.Worker & fleet.ALIVE).to_arrays("worker_id"))
    for table in computed_tables():
        queue, name = _queue(table), table.__name__
        rows = (fleet.Lack * fleet.Worker.proj("host") & {"table_name": name}).to_dicts(order_by="noted")
        waiting = {key: [row for row in rows if row["key_hash"] == key] for key in {row["key_hash"] for row in rows}}
        causes = Counter[tuple[str, bool]]()
        for lacks in waiting.values():
            if queue & lacks[0]["lacking_key"] & "status = 'pending'":
                said = "; ".join(dict.fromkeys(f"{row['host']} lacks {row['lacks']}" for row in lacks))
                causes[said, bool(alive - {row["worker_id"] for row in lacks})] += 1
        for (said, others), count in causes.items():
            keys = f"{count} key{'s wait' if count > 1 else ' waits'}"
            advice = "" if others else "; mend that, or start a worker elsewhere, then run dlgn populate again"
            yield f"{name}: {keys} for another machine: {said}{advice}"


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
    shown = Shown("host", "pid", "device", "state", "last heard", "table", "key", "for", "doing")
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


def pause(table_name: str = "*", host: str = "*") -> None:
    """Take no new key of a table, on a machine: '*' stands for all. Fits under way go on."""
    _set_flag(table_name, host, "pause")


def resume(table_name: str = "*", host: str = "*") -> int:
    """Take back the stop flags that name exactly this table and machine; how many there were."""
    return int((fleet.StopFlag & _scope(table_name, host)).delete_quick(get_count=True))


def drain(host: str, now: bool = False) -> int:
    """End a machine's workers after the key in hand, or return it ``now``; the number of keys in hand is returned."""
    _set_flag("*", host, "drain")
    leases = fleet.Lease * fleet.Worker.proj("host") & ({} if host == "*" else {"host": host})
    tokens = leases.keys()
    if now:
        _recall(tokens, "hand_back")
    return len(tokens)


def stop(table: Table, where: str) -> int:
    """End the computations of these keys at their next batch and set the keys aside; their number is returned."""
    keys = restricted(table.jobs.reserved, where, table.__name__).keys()
    held = [{"table_name": table.__name__, "key_hash": fleet.key_hash(key)} for key in keys]
    return _recall((fleet.Lease & held).keys(), "stop")


def retry(table: Table, where: str | None = None) -> int:
    """Make failed keys, and those set aside, pending again, with three new tries; their number is returned."""
    chosen = restricted(table.jobs & "status IN ('error', 'ignore')", where, table.__name__)
    now = "CURRENT_TIMESTAMP(3)"
    change = f"status = 'pending', created_time = {now}, scheduled_time = {now}, error_message = ''"
    return _update(chosen, change)


def prioritize(table: Table, priority: int, where: str | None = None) -> int:
    """Give pending keys a priority.

    Parameters
    ----------
    table : table class
        A computed table.
    priority : int
        From -128, the first, to 127, the last; new keys have 5.
    where : str, optional
        SQL condition on the keys (default: all pending keys).

    Returns
    -------
    int
        Number of keys.

    Raises
    ------
    ConfigError
        For another priority, and a condition that the database cannot read.
    """
    if not -128 <= priority < 128:
        raise ConfigError(f"priority {priority}: expected a whole number from -128, the first, to 127, the last")
    pending = restricted(table.jobs & {"status": "pending"}, where, table.__name__)
    return _update(pending, f"priority = {priority:d}")


def _recall(tokens: Sequence[dict[str, str]], how: str) -> int:
    for token in tokens:
        fleet.Lease.update1({**token, "recall": how})
    return len(tokens)


def _update(jobs: Any, assignments: str) -> int:
    query = f"UPDATE {jobs.full_table_name} SET {assignments}{jobs.where_clause()}"
    return int(jobs.connection.query(query).rowcount)


def _set_flag(table_name: str, host: str, action: str) -> None:
    scope = _scope(table_name, host)
    with fleet.schema.connection.transaction:
        (fleet.StopFlag & scope).delete_quick()
        fleet.StopFlag.insert1({**scope, "action": action})


def _scope(table_name: str, host: str) -> dict[str, str]:
    return {"table_name": table_name if table_name == "*" else find_table(table_name).__name__, "host": host}
