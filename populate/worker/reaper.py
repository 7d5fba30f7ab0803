"""Keys of workers that are gone go back to pending; any worker sees to it."""

import os
import platform
from typing import Any

import psutil

from populate.worker.registration import Registration
from populate.worker.retries import Try, retry_or_fail
from schemas import fleet
from schemas.base.relational import FreeTable


def return_expired_leases(registration: Registration) -> int:
    """Return to pending, or fail after their third try, the keys whose leases have ended; how many is returned.

    A worker takes others for gone only if it has itself been heard for the length of a lease: after the
    server was away, or the network cut, everybody was silent, and everybody may be alive.
    """
    connection = fleet.schema.connection
    span = connection.adapter.interval_expr(registration.lease_s, "second")
    heard = fleet.Worker & {"worker_id": registration.worker_id} & f"beating_since < CURRENT_TIMESTAMP(3) - {span}"
    gone = "state <> 'working'" + (" OR expires < CURRENT_TIMESTAMP(3)" if len(heard) else "")
    leases = (fleet.Lease * fleet.Worker.proj("host", "pid", "state", "expires", "heartbeat") & f"({gone})").to_dicts()
    return sum(_take_back(connection, lease, gone) for lease in leases)


def free_dead_reservations(table: Any) -> int:
    """Return to pending what processes of this machine reserved without a lease and no longer exist to compute."""
    reserved, freed = (table.jobs.reserved & {"host": platform.node()}).proj("pid").to_dicts(), 0
    if not reserved:  # as of most tables at most times: one question, every few seconds, instead of two
        return 0
    leased = set((fleet.Lease & {"table_name": type(table).__name__}).to_arrays("key_hash"))
    for job in reserved:
        pid = job.pop("pid")
        if fleet.key_hash(job) not in leased and pid != os.getpid() and not psutil.pid_exists(pid):
            freed += 1
            (table.jobs & job & {"pid": pid} & "status='reserved'").delete_quick()
    return freed


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
