"""Leases: DataJoint's queue decides who computes a key, a lease decides who may still insert it.

A reservation and its lease are written in one transaction; a result, the end of its lease and the end of its job in
another. So at every moment a key is pending, leased, failed, set aside or done. A worker that was paused past its lease
finds it gone inside the transaction that would insert its result, and inserts nothing.
"""

import os
import platform
import uuid
from dataclasses import dataclass
from typing import Any

import deepdiff

from populate.worker.registration import Registration
from populate.worker.retries import Try, change, pend, put_on_record, retry_or_fail
from schemas import fleet
from schemas.base.relational import DuplicateError, Job
from schemas.declaration.database import declare_queue

Key = dict[str, Any]
Table = Any


class LeaseLost(Exception):
    """The key in hand is no longer this worker's: its lease expired or was withdrawn."""


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
    whose the key is by now. ``fail``, ``try_again``, ``hand_back`` and ``set_aside`` do ask.
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

    def set_aside(self, reason: str) -> bool:
        """Set the key in hand aside, with the reason."""
        return self._let_go(lambda held: change(self, held.key, "ignore", reason))

    def try_again(self, reason: str, delay_s: float) -> bool:
        """Count a failed try at the key in hand: pending after ``delay_s``, or failed for good after the third."""
        return self._let_go(lambda held: retry_or_fail(self, self.current_try(), reason, delay_s))

    def fail(self, reason: str, stack: str) -> bool:
        """Mark the key in hand as failed, with its traceback."""

        def write(held: Held) -> None:
            if self & held.key:  # or the job was withdrawn
                super(LeasedJobs, self).error(held.key, reason, stack)

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
    """
    instance = table()
    jobs = LeasedJobs(instance, registration)
    declare_queue(jobs)
    instance.jobs = jobs
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
