"""Leases: DataJoint's queue decides who computes a key, a lease decides who may still insert it.

A reservation and its lease are written in one transaction; a result, the end of its lease and the end of its job in
another. So at every moment a key is pending, leased, failed, set aside or done. A worker that was paused past its lease
finds it gone inside the transaction that would insert its result, and inserts nothing.

A job whose computation ended without a result, also by the end of its lease, is pending again, failed, or set aside.
"""

import inspect
import os
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import deepdiff
import psutil

from dlgn_cnn.redaction import redacted
from populate.worker.registration import Registration
from schemas import fleet
from schemas.base.relational import DuplicateError, FreeTable, Job
from schemas.declaration.database import declare_queue

MOST_TRIES = 3  # at a key: by all workers, or by one that finds no room for it
ASIDE = "stopped on request; dlgn retry makes it pending"
LACKS_LENGTH = 1000
ENDED, SILENT = "state <> 'working'", "expires < CURRENT_TIMESTAMP(3)"  # SQL on rows of ``fleet.Worker``
ABANDONED_S = 86400.0
REASON_LENGTH = 650  # so that three of them fit into the queue's message
Key = dict[str, Any]
Table = Any
Jobs = Any  # a DataJoint job table, or a FreeTable of one


class LeaseLost(Exception):
    """The key in hand is no longer this worker's: its lease expired or was withdrawn."""


@dataclass(frozen=True)
class Try:
    """A process's try at one key."""

    table_name: str
    key: Mapping[str, Any]
    host: str
    pid: int


@dataclass
class Held:
    """The key in hand, its token, and inputs and result of its computation, for another try to insert it."""

    key: Key
    token: str
    sure: bool = False  # whether the transaction that leased it is known to have been committed
    settled: bool = False
    computed: tuple[tuple[Any, ...], Any] | None = None


class LeasedJobs(Job):
    """A table's queue as one worker sees it: jobs are reserved with a lease, and both end together.

    Its ``error`` does nothing: DataJoint calls it before the worker knows what went wrong, and without asking
    whose the key is by now. ``fail``, ``leave``, ``put_off``, ``hand_back`` and ``set_aside`` do ask.
    """

    def __init__(self, target: Table, registration: Registration) -> None:
        super().__init__(target)
        self.registration = registration
        self.held: Held | None = None

    def reserve(self, key: Key) -> bool:
        """Reserve a pending key and lease it; true for the key in hand, whose computation is tried again."""
        if self.held is not None and self.held.key == key and self._still_held(self.held):
            return True
        held = self.held = Held(dict(key), uuid.uuid4().hex)  # before it is true: the answer to a commit may be lost
        if not self._reserve_and_lease(held):
            self.held = None
            return False
        held.sure = True
        return True

    def _still_held(self, held: Held) -> bool:
        held.settled = False
        held.sure = held.sure or bool(len(self._lease(held)))
        return held.sure

    def _reserve_and_lease(self, held: Held) -> bool:
        """Reserve a pending job and insert its lease, both or neither; whether it was pending."""
        lease = {"token": held.token, "worker_id": self.registration.worker_id, "job_table": self.full_table_name}
        lease |= {"table_name": type(self.target).__name__, "key_hash": fleet.key_hash(held.key), "held_key": held.key}
        try:
            with self.connection.transaction:
                if not super().reserve(held.key):
                    return False
                fleet.Lease.insert1(lease)
        except DuplicateError:
            return False  # leased, though its job was queued again: it is free once that lease has ended
        return True

    def settle(self) -> None:
        """Within the transaction that inserts the result: end the lease and the job. Raises LeaseLost."""
        held = self._in_hand()
        if not self._lease(held).delete_quick(get_count=True):
            raise LeaseLost(f"the lease on {held.key} has expired: its result is dropped, another worker computes it")
        held.settled = True
        if not self._kept:
            (self & held.key).delete_quick()

    def complete(self, key: Key, duration: float | None = None) -> None:
        """The key is done: by this worker, whose transaction has ended its job, or before this worker came."""
        held = self._in_hand()
        if self._kept or not held.settled:
            super().complete(key, duration)
        if not held.settled:
            self._lease(held).delete_quick()
        self.held = None

    def error(self, key: Key, error_message: str, error_stack: str | None = None) -> None:
        """Do nothing: the worker handles the error that DataJoint raises next."""

    def hand_back(self) -> bool:
        """Return the key in hand to pending; false if it is no longer ours, as for all that follow."""
        return self._let_go(lambda held: pend(self, held.key))

    def leave(self, lacks: str) -> bool:
        """Return the key in hand to pending, with what this machine lacks for it."""

        def write(held: Held) -> None:
            pend(self, held.key)
            mine = {"worker_id": self.registration.worker_id, "table_name": type(self.target).__name__}
            row = {
                "key_hash": fleet.key_hash(held.key),
                "lacking_key": held.key,
                "lacks": redacted(lacks)[:LACKS_LENGTH],
            }
            fleet.Lack.insert1(mine | row, skip_duplicates=True)

        return self._let_go(write)

    def put_off(self, delay_s: float) -> bool:
        """Return the key in hand to pending after ``delay_s``, and count no try."""
        return self._let_go(lambda held: pend(self, held.key, delay_s))

    def set_aside(self, reason: str) -> bool:
        """Set the key in hand aside, with the reason."""
        return self._let_go(lambda held: change(self, held.key, "ignore", reason))

    def fail(self, reason: str, stack: str) -> bool:
        """Mark the key in hand as failed, with its traceback."""

        def write(held: Held) -> None:
            if self & held.key:  # or the job was withdrawn
                super(LeasedJobs, self).error(held.key, redacted(reason), redacted(stack))

        return self._let_go(write)

    def current_try(self) -> Try:
        """The try at the key in hand."""
        return Try(type(self.target).__name__, self._in_hand().key, platform.node(), os.getpid())

    def recall(self) -> str | None:
        """Reason of the recall of the key in hand: ``stop``, ``hand_back``, empty, or None if it is no longer ours."""
        found = self._lease(self._in_hand()).to_arrays("recall")
        return str(found[0]) if len(found) else None

    def _let_go(self, what: Any) -> bool:
        held = self._in_hand()
        with self.connection.transaction:
            ours = bool(self._lease(held).delete_quick(get_count=True))
            if ours:
                what(held)
        self.held = None
        return ours

    def _in_hand(self) -> Held:
        if self.held is None:
            raise LeaseLost("no key is in hand")
        return self.held

    def _lease(self, held: Held) -> Any:
        return fleet.Lease & {"token": held.token}

    @property
    def _kept(self) -> bool:
        return bool(self.connection._config.jobs.keep_completed)


def leased(table: Table, registration: Registration) -> Table:
    """An instance of a computed table whose results are inserted under a lease only.

    A result that could not be inserted, as the server was away, is kept and inserted in the next try at the same key.
    A table whose ``make`` has one part, within a transaction, is computed again instead.
    """
    instance = table()
    jobs = LeasedJobs(instance, registration)
    declare_queue(jobs)
    instance.jobs = jobs
    if not inspect.isgeneratorfunction(instance.make):
        in_one = instance.make

        def make(key: Key) -> None:
            in_one(key)
            jobs.settle()

        instance.make = make
        return instance
    compute, insert = instance.make_compute, instance.make_insert

    def make_compute(key: Key, *fetched: Any) -> Any:
        held = jobs._in_hand()
        if held.computed is None or not _same(held.computed[0], fetched):
            held.computed = (fetched, compute(key, *fetched))
        return held.computed[1]

    def make_insert(key: Key, *computed: Any) -> None:
        jobs.settle()
        insert(key, *computed)
        if without := getattr(instance, "ended_without", ""):
            put_on_record(jobs.current_try(), without)

    instance.make_compute, instance.make_insert = make_compute, make_insert
    return instance


def _same(one: Any, other: Any) -> bool:
    """As DataJoint compares what ``make_fetch`` gives."""
    return bool(
        deepdiff.DeepHash(one, ignore_iterable_order=False)[one]
        == deepdiff.DeepHash(other, ignore_iterable_order=False)[other]
    )


def retry_or_fail(job: Jobs, one: Try, reason: str) -> None:
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
    """
    mine = put_on_record(one, reason)
    created = (job & dict(one.key)).to_arrays("created_time")
    if not len(created):
        return  # the job was withdrawn
    # What happened before the key was queued last is history: it was done, or somebody asked to retry it.
    found = (fleet.Retry & mine).to_dicts(order_by="ended")
    reasons = [row["reason"] for row in found if row["ended"] >= created[0]]
    if len(reasons) < MOST_TRIES:
        pend(job, one.key)
        return
    tries = "; ".join(f"({number}) {text}" for number, text in enumerate(reasons, 1))
    change(job, one.key, "error", f"{len(reasons)} tries: {tries}")


def put_on_record(one: Try, reason: str) -> dict[str, str]:
    """Insert a try that ended without a result, and why; the restriction of ``fleet.Retry`` to its key is returned."""
    mine = {"table_name": one.table_name, "key_hash": fleet.key_hash(one.key)}
    now = fleet.schema.connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0]
    reason = redacted(reason)
    words = reason if len(reason) <= REASON_LENGTH else f"{reason[: REASON_LENGTH - 3]}..."
    fleet.Retry.insert1({**mine, "ended": now, "host": one.host, "pid": one.pid, "reason": words})
    return mine


def pend(job: Jobs, key: Mapping[str, Any], delay_s: float = 0.0) -> None:
    """Make a job pending again, behind its equals in the queue and not before ``delay_s`` have passed."""
    later = job.connection.adapter.interval_expr(round(delay_s, 3), "second")
    _update(job, key, f"status = 'pending', scheduled_time = CURRENT_TIMESTAMP(3) + {later}")


def change(job: Jobs, key: Mapping[str, Any], status: str, message: str) -> None:
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
    _update(
        job,
        key,
        "status = %s, completed_time = CURRENT_TIMESTAMP(3), error_message = %s",
        status,
        redacted(message)[:2047],
    )


def _update(job: Jobs, key: Mapping[str, Any], assignments: str, *values: str) -> None:
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
    return _return_leases(f"{ENDED} OR {SILENT}" if len(heard) else ENDED)


def return_ended_leases() -> int:
    """Settle the keys of workers whose end is on record, without a judgment on silent ones; how many is returned."""
    return _return_leases(ENDED)


def return_abandoned_leases() -> int:
    """Settle the keys of workers that ended, or gave no sign of life for a day; how many is returned.

    While a worker holds a key, it may insert a row that refers to a file, however long it was suspended.
    """
    day = fleet.schema.connection.adapter.interval_expr(ABANDONED_S, "second")
    return _return_leases(f"{ENDED} OR expires < CURRENT_TIMESTAMP(3) - {day}")


def mark_lost(worker_id: str | None = None) -> int:
    """Mark as lost those workers that hold no key and whose heartbeats have ceased.

    As for leases, a witness must have been heard for the length of a lease: after an outage all were silent.

    Parameters
    ----------
    worker_id : str, optional
        The witness (default: any living worker).

    Returns
    -------
    int
        Number of workers that were marked.
    """
    seen = (fleet.Worker & SILENT & "state = 'working'").proj("heartbeat", "expires") - fleet.Lease.proj("worker_id")
    silent = seen.to_dicts()
    if not silent:  # as at most times
        return 0
    witnesses = fleet.Worker & fleet.ALIVE & ({} if worker_id is None else {"worker_id": worker_id})
    since = witnesses.to_arrays("beating_since")
    if not len(since):
        return 0
    connection, marked = fleet.schema.connection, 0
    now = connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0].replace(tzinfo=None)
    for row in silent:
        if min(since) < now - (row["expires"] - row["heartbeat"]):
            query = f"UPDATE {fleet.Worker().full_table_name} SET state = 'lost' WHERE worker_id = %s"
            marked += connection.query(f"{query} AND state = 'working' AND {SILENT}", args=(row["worker_id"],)).rowcount
    return marked


def _return_leases(gone: str) -> int:
    leases = (fleet.Lease * fleet.Worker.proj("host", "pid", "state", "expires", "heartbeat") & f"({gone})").to_dicts()
    return sum(_take_back(fleet.schema.connection, lease, gone) for lease in leases)


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
        ask = f"SELECT recall FROM {one} WHERE token = %s FOR UPDATE SKIP LOCKED"
        found = connection.query(ask, args=(lease["token"],)).fetchall()
        if not found:
            return False
        connection.query(f"DELETE FROM {one} WHERE token = %s", args=(lease["token"],))
        change = f"UPDATE {worker} SET state = 'lost' WHERE worker_id = %s AND state = 'working'"
        connection.query(change, args=(lease["worker_id"],))
        _settle(FreeTable(connection, lease["job_table"]), lease, found[0][0])
    return True


def _settle(job: Jobs, lease: dict[str, Any], recall: str) -> None:
    """Settle the key of a worker that is gone: as a recall asked that it did not live to heed, else as a failed try."""
    if recall == "stop":
        change(job, lease["held_key"], "ignore", ASIDE)
    elif recall == "hand_back":
        pend(job, lease["held_key"])
    else:
        one = Try(lease["table_name"], lease["held_key"], lease["host"], lease["pid"])
        died = "died" if lease["state"] == "died" else "gave no more sign of life"
        retry_or_fail(job, one, f"the worker on {lease['host']}, pid {lease['pid']}, {died} at {lease['heartbeat']}")
