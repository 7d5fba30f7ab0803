"""A worker: takes pending keys of the computed tables, one at a time, until nothing is left.

DataJoint's own job tables decide who computes a key, a lease who may insert it (``populate.worker.lease``). Keys of
workers that are gone are pending again, an interrupted key at once. Transient errors are tried again, other errors
mark the key as failed with its traceback. A worker waits for keys that others hold, since more may follow.
"""

import contextlib
import functools
import logging
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlgn_cnn.errors import StoreAway
from dlgn_cnn.redaction import redacted
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.runtime.cores import usable_cores
from dlgn_cnn.runtime.device import pick_device
from dlgn_cnn.runtime.outages import Outage
from populate.errors.explain import trace
from populate.errors.transient import LONGEST_S, delays, is_refused, is_transient, lacking, may_fit_later
from populate.worker.core_share import CoreShare
from populate.worker.job_queue import Left, Queue
from populate.worker.lease import (
    ASIDE,
    MOST_TRIES,
    LeasedJobs,
    LeaseLost,
    free_dead_reservations,
    leased,
    mark_lost,
    return_expired_leases,
)
from populate.worker.registration import Registration, registered
from schemas import fleet
from schemas.base import store_registry
from schemas.connection.in_force import settings_in_force
from schemas.connection.server import reconnect
from schemas.declaration.computed_tables import computed_tables
from schemas.monitoring import progress
from schemas.provenance import refuse_unclean

logger = logging.getLogger("dlgn")
Table = Any
POLL_SECONDS = 1.0
LONGEST_POLL_S = 30.0
LOOK_TIMES = 5.0  # a waiting worker looks again after this many times the duration of a look
IDLE_SHARE = 0.25  # and after this share of the time that it has waited by now
MISSES = 3  # keys in a row that others took: time to look which are pending now
EXHAUSTED_S = 30.0  # a key that found no room in memory or on a disk waits this long
MOST_REFUSALS = 5  # by the database in a row, whose account may just be given its rights


@dataclass
class WorkSummary:
    """Numbers of keys computed, keys failed, fits given up by their studies, and keys that no machine could compute."""

    computed: int = 0
    failed: int = 0
    pruned: int = 0
    lacking: int = 0
    drained: bool = False  # whether the worker ended since its machine is drained


@dataclass
class WorkerOptions:
    """Options of a worker.

    Attributes
    ----------
    where : str or None
        SQL condition on keys (default: all keys).
    retry_errors : bool
        Whether failed keys are pending again.
    stay : bool
        Whether the worker waits for more keys when none is left.
    together : int
        Number of workers that one command has started; some may not be registered yet.
    tables : tuple of str
        Names of the tables to fill (default: all computed tables).
    pause : callable
        Waits for a number of seconds.
    generator : numpy.random.Generator
        Draws the order of keys and the lengths of waits.
    """

    where: str | None = None
    retry_errors: bool = False
    stay: bool = False
    together: int = 1
    tables: tuple[str, ...] = ()
    pause: Callable[[float], None] = time.sleep
    generator: np.random.Generator = field(default_factory=np.random.default_rng)


def work(tables: Sequence[Table] | None = None, options: WorkerOptions | None = None) -> WorkSummary:
    """Compute until every key is done, failed or set aside; returns the worker's summary.

    Raises KeyboardInterrupt and SystemExit after the key in hand is pending again, and ConfigError if only committed
    code may compute and this code is not committed.
    """
    settings, asked = settings_in_force(), options or WorkerOptions()
    refuse_unclean()
    with interrupts.deferred(settings.warning_signal), registered(pick_device(settings.device)) as registration:
        worker = WorkerLoop(registration, asked, CoreShare(settings.threads, usable_cores(), asked.together))
        worker.await_resume()
        worker.begin(tables or computed_tables())
        while worker.turn():
            pass
        store_registry.release(settings, fleet.schema.connection)
    return worker.summary


class WorkerLoop:
    """One worker process at work: ``begin``, then ``turn`` while it returns true; ``summary`` counts the keys.

    Parameters
    ----------
    registration : Registration
        The worker in the fleet.
    options : WorkerOptions
        Its options.
    share : CoreShare
        Sets its threads.
    """

    def __init__(self, registration: Registration, options: WorkerOptions, share: CoreShare) -> None:
        self.registration, self.options, self.share, self.summary = registration, options, share, WorkSummary()
        self.queues: list[Queue] = []
        self._delays = delays(options.generator)
        self._looked, self._recalled = 0.0, False
        self._idle_since, self._left = time.monotonic(), Left(registration.native_bfloat16)
        self._refusals, self._full = 0, Counter[tuple[str, str]]()
        self._outage = Outage("the worker goes on: database and store answer again")

    def await_resume(self) -> None:
        """Where the worker is to stay, wait while its machine is drained: whatever started it would start it again."""
        said = False
        while self.options.stay and self._until_done(_stop_flags)[0]:
            if not said:
                logger.warning("this machine is drained: the worker takes no key until dlgn resume")
            said = True
            self._pause(LONGEST_POLL_S)

    def begin(self, tables: Sequence[Table]) -> None:
        """Register in the fleet and look up the tables; failed keys are pending again if the options say so."""
        names = f",{','.join(table.__name__ for table in tables)},"
        self.registration.computes = (
            "" if self.options.where else "*" if len(tables) == len(computed_tables()) else names
        )
        self._until_done(self.registration.register)
        self._until_done(_sign)
        for table in tables:
            mine = self._until_done(functools.partial(leased, table, self.registration))
            self.queues.append(Queue(mine, self.options.where, self.options.generator, self._left))
            if self.options.retry_errors:
                self._until_done(mine.jobs.errors.delete_quick)

    def turn(self) -> bool:
        """One round over all tables; false when there is nothing to wait for."""
        progress.stepped()
        try:
            more = self._round()
        except BaseException as error:
            self._handle(error)
            return True
        self._outage.passed()
        return more

    def _round(self) -> bool:
        interrupts.check()
        _sign()
        if self._recalled:
            self._handle_recall()
        drained, paused = _stop_flags()
        if drained:
            logger.warning("this machine is drained: the worker ends")
            self.summary.drained = True
            return False
        self._return_expired()
        if any([self._take_page(queue) for queue in self._open(paused)]):
            self._delays, self._idle_since = delays(self.options.generator), time.monotonic()
            self._refusals = 0
            return True
        return self._wait(paused)

    def _handle(self, error: BaseException) -> None:
        """Go on after a recall that came between two keys, or a database that is away; raise anything else."""
        interruption = interrupts.behind(error)
        if isinstance(interruption, interrupts.Recalled):
            self._handle_recall()
        elif interruption is not None:
            raise interruption from error
        elif self._passes(error):
            self._recover(error)
        else:
            raise error

    def _passes(self, error: BaseException) -> bool:
        """Whether another try may succeed: the database or a store is away, or refused this account a few times."""
        self._refusals += is_refused(error)
        return is_transient(error) or (is_refused(error) and self._refusals <= MOST_REFUSALS)

    def _recover(self, error: BaseException) -> None:
        """Wait, longer each time, and reconnect, since the connection may have been closed meanwhile."""
        wait_s, who = next(self._delays), "store" if isinstance(error, StoreAway) else "database"
        said = "%s: %s: %s; the worker tries again until it answers, after up to %.0f s each time"
        self._outage.failed(said, who, type(error).__name__, error, LONGEST_S)
        try:
            self._pause(wait_s)
        except interrupts.Recalled:  # to be answered once there is a server to ask
            self._recalled = interrupts.forget_recall()
        with contextlib.suppress(Exception):  # the next try says whether it is still away
            reconnect()
        progress.stepped()

    def _pause(self, wait_s: float) -> None:
        with interrupts.allowed():
            self.options.pause(wait_s)

    def _return_expired(self) -> None:
        """Return expired leases, as often as a registration beats."""
        if time.monotonic() - self._looked >= self.registration.every_s:
            self.registration.ensure_heartbeat()
            return_expired_leases(self.registration)
            mark_lost(self.registration.worker_id)
            for queue in self.queues:
                free_dead_reservations(queue.table)
            self._looked = time.monotonic()

    def _wait(self, paused: set[str]) -> bool:
        """Nothing was pending: look for new keys, or wait for workers that hold some; false if none does."""
        started = time.monotonic()
        for queue in self.queues:
            queue.refresh(force=True)
        looked_s = time.monotonic() - started
        if any(queue.next_keys() for queue in self._open(paused)):
            return True
        if not self.options.stay and not any(queue.unfinished() for queue in self.queues):
            self.summary.lacking = sum(len(queue.hopeless()) for queue in self.queues)
            return False
        # Otherwise many workers that wait would keep the server busy with long lists of keys.
        waited_s = time.monotonic() - self._idle_since
        self._pause(min(max(POLL_SECONDS, LOOK_TIMES * looked_s, IDLE_SHARE * waited_s), LONGEST_POLL_S))
        return True

    def _open(self, paused: set[str]) -> list[Queue]:
        return [queue for queue in self.queues if not paused & {"*", type(queue.table).__name__}]

    def _handle_recall(self) -> None:
        """Handle a recall without a key in hand: the whole worker may have been marked as lost."""
        interrupts.forget_recall()
        self._recalled = False
        known = self._until_done(lambda: (fleet.Worker & {"worker_id": self.registration.worker_id}).to_arrays("state"))
        if list(known) != ["working"]:
            logger.warning("this worker was silent for longer than its lease: it goes on under a new name")
            self._until_done(self.registration.register)

    def _take_page(self, queue: Queue) -> bool:
        """Compute some of the first pending keys of one table, for about a second; whether any was computed."""
        queue.refresh()
        if queue.table.jobs.held is not None:  # an interruption, or a lost server, came before it was settled
            queue.table.jobs.hand_back()
        did, misses, until = False, 0, time.monotonic() + POLL_SECONDS
        keys = queue.next_keys()
        if keys:
            self.share.take()
        for key in keys:
            interrupts.check()
            with progress.working(type(queue.table).__name__):
                took = self._compute(queue.table, key)
            did, misses = did or took, 0 if took else misses + 1
            if misses >= MISSES or time.monotonic() >= until:
                break
        return did

    def _compute(self, table: Table, key: dict[str, Any]) -> bool:
        """Compute one key unless another worker has it, with all retries; returns whether this worker had it."""
        while True:
            try:
                # populate() calls this for each key; it would also look up all keys again and set signal handlers.
                done = table._populate1(key, table.jobs, suppress_errors=False, return_exception_objects=True)
            except BaseException as error:
                if table.jobs.held is None or interrupts.behind(error) is not None or not self._passes(error):
                    return self._settle(table, key, error)
                self._recover(error)
            else:
                self._outage.passed()
                if done:
                    self._tell(table, key)
                return bool(done)

    def _tell(self, table: Table, key: dict[str, Any]) -> None:
        without = getattr(table, "ended_without", "")
        self.summary.pruned += bool(without)
        self.summary.computed += not without
        logger.info("%s %s", _name(table, key), without or "done")

    def _settle(self, table: Table, key: dict[str, Any], error: BaseException) -> bool:
        """Settle a key whose computation ended without a result; raises errors that end the worker."""
        jobs, name, interruption = table.jobs, _name(table, key), interrupts.behind(error)
        if isinstance(interruption, interrupts.Recalled):
            self._until_done(lambda: self._give_up(jobs, name))
        elif interruption is not None:
            self._hand_back(jobs, name)
            raise interruption from error
        elif isinstance(error, LeaseLost):
            logger.warning("%s: %s", name, error)
            jobs.held = None
            self._handle_recall()
        elif jobs.held is None:
            raise error
        else:
            self.summary.failed += self._until_done(lambda: self._fail(jobs, name, error))
        return True

    def _fail(self, jobs: LeasedJobs, name: str, error: BaseException) -> bool:
        """Mark the key as failed, or pending again if another try may succeed; returns whether it failed for good."""
        reason = redacted(f"{type(error).__name__}: {error}")
        if may_fit_later(error) and self._has_another_try(jobs):
            jobs.put_off(next(delays(self.options.generator, EXHAUSTED_S)))
            logger.warning("%s: %s", name, reason)
            return False
        if lacks := lacking(error):
            self._left.note(type(jobs.target).__name__, fleet.key_hash(jobs.current_try().key))
            jobs.leave(lacks)
            logger.warning("%s is left to other machines, as this one lacks what it needs: %s", name, lacks)
            return False
        stack = trace(error)
        if not jobs.fail(reason, stack):
            logger.warning("%s failed, but its lease had expired: %s", name, reason)
            return False
        logger.error("%s failed: %s", name, reason)
        return True

    def _has_another_try(self, jobs: LeasedJobs) -> bool:
        """Free what this process keeps of its GPU, and count how often the key in hand found no room here."""
        import torch

        torch.cuda.empty_cache()
        one = type(jobs.target).__name__, fleet.key_hash(jobs.current_try().key)
        self._full[one] += 1
        return self._full[one] < MOST_TRIES

    def _give_up(self, jobs: LeasedJobs, name: str) -> None:
        """The key in hand was recalled: set it aside or return it."""
        recall = None if jobs.held is None else jobs.recall()
        if recall == "stop":
            jobs.set_aside(ASIDE)
        elif recall is not None:
            jobs.hand_back()
        jobs.held = None
        became = {"stop": "set aside", None: "lease lost"}.get(recall, "pending again")
        logger.warning("%s called back: %s", name, became)
        self._handle_recall()

    def _hand_back(self, jobs: LeasedJobs, name: str) -> None:
        """Return the key in hand on a new connection: on the old one a query may be unanswered."""
        try:
            reconnect()
            if jobs.held is not None and jobs.hand_back():
                logger.warning("%s interrupted: handed back as pending", name)
        except Exception as error:
            logger.warning("%s interrupted: pending once its lease has expired (%s)", name, type(error).__name__)

    def _until_done(self, action: Callable[[], Any]) -> Any:
        while True:
            try:
                found = action()
            except Exception as error:
                if not self._passes(error):
                    raise
                self._recover(error)
            else:
                self._outage.passed()
                return found


def _sign() -> None:
    """Sign the places of files, now and then again; that the worker lives says its row in the fleet."""
    store_registry.register(settings_in_force(), fleet.schema.connection, 0.0)


def _stop_flags() -> tuple[bool, set[str]]:
    """Whether the workers of this machine are to end, and the tables that they pause, ``*`` for all."""
    rows = (fleet.StopFlag & [{"host": "*"}, {"host": platform.node()}]).to_dicts()
    paused = {row["table_name"] for row in rows if row["action"] == "pause"}
    return any(row["action"] == "drain" for row in rows), paused


def _name(table: Table, key: dict[str, Any]) -> str:
    return f"{type(table).__name__} " + " ".join(f"{name}={str(value)[:8]}" for name, value in key.items())
