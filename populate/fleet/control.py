"""Steering workers while they run: what each command writes, anybody may write from SQL instead."""

from collections.abc import Sequence
from typing import Any

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.registry import nearest
from schemas import fleet
from schemas.declaration.computed_tables import computed_tables

Table = Any


def named(name: str) -> Table:
    """The computed table of that name. Raises ConfigError with the nearest for one that is not there."""
    tables = {table.__name__: table for table in computed_tables()}
    if name not in tables:
        raise ConfigError(f"table {name!r}: {nearest(name, tables)}")
    return tables[name]


def check_condition(table: Table, where: str) -> None:
    """Raise ConfigError where the database cannot read a condition on a table's keys."""
    try:
        (table.jobs & where).keys(limit=1)
    except Exception as error:
        columns = ", ".join(table.jobs.primary_key)
        raise ConfigError(
            f"condition {where!r} on {table.__name__} ({columns}): {error}; correct the condition"
        ) from error


def pause(table_name: str = "*", host: str = "*") -> None:
    """Take no new key of a table, on a machine: '*' stands for all. Fits under way go on."""
    _order(table_name, host, "pause")


def resume(table_name: str = "*", host: str = "*") -> int:
    """Take back the orders to pause or drain that name exactly this table and machine; how many there were."""
    return int((fleet.StopFlag & _scope(table_name, host)).delete_quick(get_count=True))


def drain(host: str, now: bool = False) -> int:
    """Let a machine's workers end after the key in hand, or hand it back ``now``; how many keys they hold."""
    _order("*", host, "drain")
    leases = fleet.Lease * fleet.Worker.proj("host") & ({} if host == "*" else {"host": host})
    tokens = leases.keys()
    if now:
        _recall(tokens, "hand_back")
    return len(tokens)


def stop(table: Table, where: str) -> int:
    """End the computations of these keys at their next batch and set the keys aside; how many are told."""
    check_condition(table, where)
    keys = (table.jobs.reserved & where).keys()
    held = [{"table_name": table.__name__, "key_hash": fleet.key_hash(key)} for key in keys]
    return _recall((fleet.Lease & held).keys(), "stop")


def retry(table: Table, where: str | None = None) -> int:
    """Make failed keys, and those set aside, pending again with three attempts before them; how many is returned."""
    if where is not None:
        check_condition(table, where)
    chosen = table.jobs & "status IN ('error', 'ignore')"
    chosen = chosen if where is None else chosen & where
    now = "CURRENT_TIMESTAMP(3)"
    change = f"status = 'pending', created_time = {now}, scheduled_time = {now}, error_message = ''"
    return int(_update(chosen, change))


def prioritize(table: Table, priority: int, where: str | None = None) -> int:
    """Give pending keys a priority, the lower the sooner (new ones have 5); how many is returned."""
    if not -128 <= priority < 128:
        raise ConfigError(f"priority {priority}: expected a whole number from -128, the first, to 127, the last")
    if where is not None:
        check_condition(table, where)
    return int(_update(_jobs(table, "pending", where), f"priority = {priority:d}"))


def _recall(tokens: Sequence[dict[str, str]], how: str) -> int:
    for token in tokens:
        fleet.Lease.update1({**token, "recall": how})
    return len(tokens)


def _jobs(table: Table, status: str, where: str | None) -> Any:
    jobs = table.jobs & {"status": status}
    return jobs if where is None else jobs & where


def _update(jobs: Any, assignments: str) -> int:
    query = f"UPDATE {jobs.full_table_name} SET {assignments}{jobs.where_clause()}"
    return int(jobs.connection.query(query).rowcount)


def _order(table_name: str, host: str, action: str) -> None:
    scope = _scope(table_name, host)
    with fleet.schema.connection.transaction:
        (fleet.StopFlag & scope).delete_quick()
        fleet.StopFlag.insert1({**scope, "action": action})


def _scope(table_name: str, host: str) -> dict[str, str]:
    return {"table_name": table_name if table_name == "*" else named(table_name).__name__, "host": host}
