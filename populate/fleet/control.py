"""Control of running workers: each function writes rows that SQL may write instead."""

from collections.abc import Sequence
from typing import Any

from dlgn_cnn.errors import ConfigError
from populate.query.named_rows import find_table, restricted
from schemas import fleet

Table = Any


def pause(table_name: str = "*", host: str = "*") -> None:
    """Take no new key of a table, on a machine: '*' stands for all. Fits under way go on."""
    _flag(table_name, host, "pause")


def resume(table_name: str = "*", host: str = "*") -> int:
    """Take back the stop flags that name exactly this table and machine; how many there were."""
    return int((fleet.StopFlag & _scope(table_name, host)).delete_quick(get_count=True))


def drain(host: str, now: bool = False) -> int:
    """End a machine's workers after the key in hand, or return it ``now``; the number of keys in hand is returned."""
    _flag("*", host, "drain")
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


def _flag(table_name: str, host: str, action: str) -> None:
    scope = _scope(table_name, host)
    with fleet.schema.connection.transaction:
        (fleet.StopFlag & scope).delete_quick()
        fleet.StopFlag.insert1({**scope, "action": action})


def _scope(table_name: str, host: str) -> dict[str, str]:
    return {"table_name": table_name if table_name == "*" else find_table(table_name).__name__, "host": host}
