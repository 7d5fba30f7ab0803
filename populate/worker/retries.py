"""Jobs whose computation ended without a result, also by the end of a lease: pending again, failed, or set aside."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from populate.worker.registration import Registration
from schemas import fleet
from schemas.base.relational import FreeTable

MOST_TRIES = 3
REASON_LENGTH = 650  # so that three of them fit into the queue's message
Job = Any  # a DataJoint job table, or a FreeTable of one


@dataclass(frozen=True)
class Try:
    """A process's try at one key."""

    table_name: str
    key: Mapping[str, Any]
    host: str
    pid: int


def retry_or_fail(job: Job, one: Try, reason: str, delay_s: float = 0.0) -> bool:
    """Record a failed try. The key is pending again, or failed after its third try.

    Call this in a transaction that has ended the key's lease.

    Parameters
    ----------
    job : Job or FreeTable
        The table's queue.
    one : Try
        The try.
    reason : str
        Why it failed.
    delay_s : float, default 0.0
        Seconds before the key may be taken again.

    Returns
    -------
    bool
        Whether the key is pending again.
    """
    mine = put_on_record(one, reason)
    created = (job & dict(one.key)).to_arrays("created_time")
    if not len(created):
        return False  # the job was withdrawn
    # What happened before the key was queued last is history: it was done, or somebody asked to retry it.
    found = (fleet.Retry & mine).to_dicts(order_by="ended")
    reasons = [row["reason"] for row in found if row["ended"] >= created[0]]
    if len(reasons) < MOST_TRIES:
        pend(job, one.key, delay_s)
        return True
    tries = "; ".join(f"({number}) {text}" for number, text in enumerate(reasons, 1))
    change(job, one.key, "error", f"{len(reasons)} tries: {tries}")
    return False


def put_on_record(one: Try, reason: str) -> dict[str, str]:
    """Insert a try that ended without a result, and why; the restriction of ``fleet.Retry`` to its key is returned."""
    mine = {"table_name": one.table_name, "key_hash": fleet.key_hash(one.key)}
    now = fleet.schema.connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0]
    words = reason if len(reason) <= REASON_LENGTH else f"{reason[: REASON_LENGTH - 3]}..."
    fleet.Retry.insert1({**mine, "ended": now, "host": one.host, "pid": one.pid, "reason": words})
    return mine


def pend(job: Job, key: Mapping[str, Any], delay_s: float = 0.0) -> None:
    """Make a job pending again, behind its equals in the queue and not before ``delay_s`` have passed."""
    later = job.connection.adapter.interval_expr(round(delay_s, 3), "second")
    _update(job, key, f"status = 'pending', scheduled_time = CURRENT_TIMESTAMP(3) + {later}")


def change(job: Job, key: Mapping[str, Any], status: str, message: str) -> None:
    """Set a job's status and message.

    Parameters
    ----------
    job : Job or FreeTable
        The table's queue.
    key : mapping
        The job's key.
    status, message : str
        The new values.
    """
    _update(job, key, "status = %s, completed_time = CURRENT_TIMESTAMP(3), error_message = %s", status, message[:2047])


def _update(job: Job, key: Mapping[str, Any], assignments: str, *values: str) -> None:
    where = (job & dict(key)).where_clause()
    job.connection.query(f"UPDATE {job.full_table_name} SET {assignments}{where}", args=values)


def return_expired_leases(registration: Registration) -> int:
    """Return to pending, or fail after their third try, the keys whose leases have ended; how many is returned.

    A worker takes others for gone only if its own heartbeats have arrived for the length of a lease: after the server
    was away, or the network was cut, all workers were silent, and all may be alive.
    """
    connection = fleet.schema.connection
    span = connection.adapter.interval_expr(registration.lease_s, "second")
    heard = fleet.Worker & {"worker_id": registration.worker_id} & f"beating_since < CURRENT_TIMESTAMP(3) - {span}"
    gone = "state <> 'working'" + (" OR expires < CURRENT_TIMESTAMP(3)" if len(heard) else "")
    leases = (fleet.Lease * fleet.Worker.proj("host", "pid", "state", "expires", "heartbeat") & f"({gone})").to_dicts()
    return sum(_take_back(connection, lease, gone) for lease in leases)


def free_dead_reservations(table: Any) -> None:
    """Return to pending the keys that processes of this machine reserved without a lease before they ended."""
    reserved = (table.jobs.reserved & {"host": platform.node()}).proj("pid").to_dicts()
    if not reserved:  # as of most tables at most times: one question, every few seconds, instead of two
        return
    leased = set((fleet.Lease & {"table_name": type(table).__name__}).to_arrays("key_hash"))
    for job in reserved:
        pid = job.pop("pid")
        if fleet.key_hash(job) not in leased and pid != os.getpid() and not psutil.pid_exists(pid):
            (table.jobs & job & {"pid": pid} & "status='reserved'").delete_quick()


def _take_back(connection: Any, lease: dict[str, Any], gone: str) -> bool:
    """End one lease, unless its worker has just been heard of, or is just inserting, or another worker is quicker."""
    worker, one = fleet.Worker().full_table_name, fleet.Lease().full_table_name
    with connection.transaction:
        ask = f"SELECT worker_id FROM {worker} WHERE worker_id = %s AND ({gone}) FOR UPDATE SKIP LOCKED"
        if not connection.query(ask, args=(lease["worker_id"],)).fetchall():
            return False
        ask = f"SELECT token FROM {one} WHERE token = %s FOR UPDATE SKIP LOCKED"
        if not connection.query(ask, args=(lease["token"],)).fetchall():
            return False
        connection.query(f"DELETE FROM {one} WHERE token = %s", args=(lease["token"],))
        change = f"UPDATE {worker} SET state = 'lost' WHERE worker_id = %s AND state = 'working'"
        connection.query(change, args=(lease["worker_id"],))
        job = FreeTable(connection, lease["job_table"])
        where = Try(lease["table_name"], lease["held_key"], lease["host"], lease["pid"])
        died = "died" if lease["state"] == "died" else "gave no more sign of life"
        retry_or_fail(job, where, f"the worker on {lease['host']}, pid {lease['pid']}, {died} at {lease['heartbeat']}")
    return True
