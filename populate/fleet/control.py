"""The fleet as a user sees and steers it: progress, workers and stop flags as tables for a terminal, and orders.

Orders are rows that SQL may write instead.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from dlgn_cnn.errors import ConfigError
from populate.fleet.connections import connection_warning
from populate.fleet.failures import Cause, failures, queue_of, where_condition, where_option
from populate.fleet.view import Column, Grid, Row, Verbatim, View, span
from populate.fleet.worker_states import WorkerState, settle_the_gone, worker_states
from populate.query.named_rows import find_table, restricted
from schemas import fleet, search, training
from schemas.base.restriction import restrict
from schemas.declaration.computed_tables import computed_tables

COLUMNS = ("done", "reserved", "pending", "failed", "stopped", "pruned")
MOST_CAUSES = 20
WORKER_COLUMNS = (
    Column("state", "state"),
    Column("host", "host"),
    Column("pid", "pid", number=True),
    Column("table", "table", shed=1),
    Column("for", "held_s", shed=2, number=True),
    Column("last step", "step_s", shed=3, number=True),
    Column("heard", "heard_s", shed=4, number=True),
    Column("key", "key", shed=7),
    Column("doing", "doing", shed=6),
    Column("device", "device", shed=5),
)
Table = Any


def progress() -> View:
    """Keys of each computed table by state; then warnings, causes of failures, and stop flags."""
    settle_the_gone()
    rows, causes, pending = [], list[Cause](), 0
    for table in computed_tables():
        pruned = len(search.pruned_fits(table)) if table is training.TrainedModel else 0
        found = counts(table)
        cells = table.__name__, *map(str, found), str(pruned)
        rows.append(Row(cells, cells))
        pending += found[2]
        causes += failures(table) if any(found[3:]) else []
    grid = Grid([Column("table", "table"), *(Column(name, name, number=True) for name in COLUMNS)], rows)
    stop_flags = [_flag(row) for row in fleet.StopFlag().to_dicts(order_by="KEY")]
    return View([grid, *_warnings(pending), *_failed(causes), *_lacking(), *stop_flags])


def _warnings(pending: int) -> Iterator[str | Verbatim]:
    """What keeps the fleet from its work, and what to do: no living worker, workers that hang, few connections."""
    states = worker_states()
    if pending and not any(one.state in ("working", "stuck") for one in states):
        keys = f"{pending} key{'s are' if pending > 1 else ' is'} pending"
        yield f"No worker is alive, and {keys}: run dlgn populate, here or on any machine that reaches the database."
    for one in states:
        if one.state == "stuck":
            yield from _stuck(one)
    if warning := connection_warning():
        yield warning


def _stuck(one: WorkerState) -> Iterator[str | Verbatim]:
    """A worker that makes no step, and the commands that end it."""
    said = f"The worker on {one.host}, pid {one.pid}, has made no step for {span(one.step_s)}"
    if one.key is None:
        yield f"{said} and holds no key; end it with kill -9 {one.pid} on that machine."
        return
    yield f"{said}. Set its key aside, or hand back all keys of that machine; if it hangs, it is killed 2 min later:"
    yield Verbatim(f"    dlgn stop {one.table} {where_option(one.key)}")
    yield Verbatim(f"    dlgn drain {one.host} --now")


def _failed(causes: Sequence[Cause]) -> Iterator[str | Verbatim]:
    """A sentence for each cause of failures, its first keys as options to copy, and what to do."""
    for cause in causes[:MOST_CAUSES]:
        yield cause.sentence
        for option in cause.options:
            yield Verbatim(f"    {option}")
        if cause.count > len(cause.keys):
            yield Verbatim(f"    and {cause.count - len(cause.keys)} more")
    rest = causes[MOST_CAUSES:]
    if rest:
        yield f"{sum(one.count for one in rest)} more keys, for {len(rest)} other causes: dlgn dashboard shows all."
    for name in dict.fromkeys(cause.table_name for cause in causes):
        yield f"dlgn retry {name} makes its keys pending again, once the cause is mended; with --where only some."


def _lacking() -> Iterator[str]:
    """Keys that wait for another machine: how many, what theirs lack, and what to do where no living worker is left."""
    alive = set((fleet.Worker & fleet.ALIVE).to_arrays("worker_id"))
    for table in computed_tables():
        queue, name = queue_of(table), table.__name__
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


def fleet_view() -> View:
    """Progress of all tables, then the workers."""
    return progress() + workers()


def counts(table: Any) -> tuple[int, int, int, int, int]:
    """How many keys of a table are done, reserved, pending (queued or not yet), failed and set aside."""
    remaining, total = table().progress()
    queue, jobs = queue_of(table), dict[str, int]()
    if queue.is_declared:
        jobs = dict(queue.connection.query(f"SELECT status, COUNT(*) FROM {queue.full_table_name} GROUP BY status"))
    reserved, failed, stopped = (jobs.get(status, 0) for status in ("reserved", "error", "ignore"))
    return total - remaining, reserved, max(remaining - reserved - failed - stopped, 0), failed, stopped


def workers(everybody: bool = False) -> View:
    """A row for each worker: machine, state, key, progress, and the times of its last step and heartbeat.

    Those that have ended are shown to ``everybody`` only.
    """
    settle_the_gone()
    states = worker_states(everybody)
    if not states:
        return View(["No worker is alive: dlgn populate starts one."])
    return View([Grid(WORKER_COLUMNS, [_worker_row(one) for one in states])])


def _worker_row(one: WorkerState) -> Row:
    since = "" if one.held_s is None else span(one.held_s)
    named = one.state, one.host, str(one.pid), one.table
    key = " ".join(f"{name.removesuffix('_hash')}={str(value)[:8]}" for name, value in (one.key or {}).items())
    shown = *named, since, span(one.step_s), span(one.heard_s), key, one.doing, one.device
    held_s = "" if one.held_s is None else f"{one.held_s:.0f}"
    condition = "" if one.key is None else where_condition(one.key)
    piped = *named, held_s, f"{one.step_s:.0f}", f"{one.heard_s:.0f}", condition, one.doing, one.device
    return Row(shown, piped, bad=one.state in ("stuck", "lost", "died"))


def _flag(row: dict[str, Any]) -> str:
    who = "every machine" if row["host"] == "*" else row["host"]
    what = "all tables" if row["table_name"] == "*" else row["table_name"]
    return f"{who}: {row['action']} {what} since {row['given']:%Y-%m-%d %H:%M}"


def pause(table_name: str = "*", host: str = "*") -> None:
    """Take no new key of a table, on a machine: '*' stands for all. Fits under way go on."""
    _set_flag(table_name, host, "pause")


def resume(table_name: str = "*", host: str = "*") -> int:
    """Take back the stop flags that name exactly this table and machine; how many there were."""
    return int(restrict(fleet.StopFlag(), _scope(table_name, host)).delete_quick(get_count=True))


def drain(host: str, now: bool = False) -> int:
    """End a machine's workers after the key in hand, or return it ``now``; the number of keys in hand is returned."""
    _set_flag("*", host, "drain")
    leases = fleet.Lease * fleet.Worker.proj("host")
    leases = leases if host == "*" else restrict(leases, {"host": host})
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
        restrict(fleet.StopFlag(), scope).delete_quick()
        fleet.StopFlag.insert1({**scope, "action": action})


def _scope(table_name: str, host: str) -> dict[str, str]:
    return {"table_name": table_name if table_name == "*" else find_table(table_name).__name__, "host": host}
