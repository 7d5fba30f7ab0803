"""A worker: takes pending keys of the computed tables, one at a time, until nothing is left for anybody.

DataJoint's own job tables decide who computes what: a reservation is one atomic update, so no key is computed twice.
Around it: a reservation whose process on this machine has died is freed, an interrupted key goes back to pending, and
a worker waits for those that others hold, since more work may follow from them.
"""

import logging
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from dlgn_cnn import interrupts
from schemas import dataset, evaluation, mei, recording, training

logger = logging.getLogger("dlgn")
Table = Any
POLL_SECONDS = 1.0


def computed_tables() -> Sequence[Table]:
    """Every table that a worker fills, in the order in which they depend on one another."""
    return (
        recording.Recording,
        dataset.Dataset,
        evaluation.ReceptiveField,
        training.TrainedModel,
        evaluation.Score,
        evaluation.FeedbackModulation,
        evaluation.InputGain,
        mei.MEI,
    )


@dataclass
class Tally:
    """What a worker did: keys computed, and keys that failed with their reason."""

    computed: int = 0
    failed: int = 0


def work(
    tables: Sequence[Table] | None = None,
    retry_errors: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Tally:
    """Compute until every key is done or failed; what this worker did is returned.

    ``retry_errors`` first returns failed keys to pending. Raises KeyboardInterrupt and SystemExit after the key in
    hand went back to pending.
    """
    chosen, tally = tables or computed_tables(), Tally()
    for table in chosen:
        if retry_errors:
            table.jobs.errors.delete_quick()
        table.jobs.refresh(delay=-1)
    with interrupts.deferred():
        while True:
            if any([drain(table, tally) for table in chosen]):
                continue
            if not any(len(table.jobs.reserved) for table in chosen):
                return tally
            with interrupts.allowed():
                pause(POLL_SECONDS)


def drain(table: Table, tally: Tally) -> bool:
    """Compute what is pending in one table; whether this worker did anything is returned."""
    interrupts.check()
    free_dead_reservations(table)
    table.jobs.refresh(delay=-1)
    did = False
    for key in table.jobs.pending.keys(order_by="priority, scheduled_time"):
        interrupts.check()
        did = compute(table, key, tally) or did
    return did


def compute(table: Table, key: dict[str, Any], tally: Tally) -> bool:
    """Compute one key unless another worker has it; a failure is written to the job table and logged."""
    name = f"{table.__name__} {_short(key)}"
    try:
        result = table.populate(key, reserve_jobs=True, refresh=False, max_calls=1)
    except BaseException as error:
        interruption = interrupts.behind(error)
        if interruption is not None:
            hand_back(table, key)
            logger.warning("%s interrupted: handed back as pending", name)
            raise interruption from error
        tally.failed += 1
        logger.error("%s failed: %s: %s", name, type(error).__name__, error)
        return True
    tally.computed += result["success_count"]
    if result["success_count"]:
        logger.info("%s done", name)
    return bool(result["success_count"])


def hand_back(table: Table, key: dict[str, Any]) -> None:
    """Return a key that this process holds, or has just marked as failed, to pending, by a connection of its own.

    The interruption may have come between a question and its answer on the old one.
    """
    table.connection.close()
    table.connection.connect()
    mine = {"host": platform.node(), "pid": os.getpid()}
    (table.jobs & key & mine & "status in ('reserved', 'error')").delete_quick()
    table.jobs.refresh(delay=-1)


def free_dead_reservations(table: Table) -> int:
    """Return to pending what processes of this machine reserved that no longer exist; how many is returned."""
    dead = [
        job
        for job in (table.jobs.reserved & {"host": platform.node()}).proj("pid").to_dicts()
        if not psutil.pid_exists(job["pid"])
    ]
    for job in dead:
        (table.jobs & job & "status='reserved'").delete_quick()
    return len(dead)


def _short(key: dict[str, Any]) -> str:
    return " ".join(f"{name}={str(value)[:8]}" for name, value in key.items())
