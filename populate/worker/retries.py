"""What becomes of a job whose computation ended without a result: pending again, failed, or set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas import fleet

MOST_TRIES = 3
REASON_LENGTH = 650  # so that three of them fit into the queue's message
Job = Any  # a DataJoint job table, or a FreeTable of one


@dataclass(frozen=True)
class Try:
    """Whose try at which key it was."""

    table_name: str
    key: Mapping[str, Any]
    host: str
    pid: int


def retry_or_fail(job: Job, one: Try, reason: str, delay_s: float = 0.0) -> bool:
    """Put a failed try on record; the key is pending again after ``delay_s``, or failed after its third try.

    Whether it is pending again is returned. To be called in a transaction that has ended the key's lease.
    """
    mine = put_on_record(one, reason)
    created = (job & dict(one.key)).to_arrays("created_time")
    if not len(created):
        return False  # somebody has withdrawn the job
    # What happened before the key was queued last is history: it was done, or somebody asked to retry it.
    found = (fleet.Retry & mine).to_dicts(order_by="ended")
    reasons = [row["reason"] for row in found if row["ended"] >= created[0]]
    if len(reasons) < MOST_TRIES:
        pend(job, one.key, delay_s)
        return True
    tries = "; ".join(f"({number}) {text}" for number, text in enumerate(reasons, 1))
    change(job, one.key, "error", f"{len(reasons)} attempts: {tries}")
    return False


def put_on_record(one: Try, reason: str) -> dict[str, str]:
    """Insert a try that ended without a result, and why; what restricts ``fleet.Attempt`` to its key is returned."""
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
    """Set a job's status and say why."""
    _update(job, key, "status = %s, completed_time = CURRENT_TIMESTAMP(3), error_message = %s", status, message[:2047])


def _update(job: Job, key: Mapping[str, Any], assignments: str, *values: str) -> None:
    where = (job & dict(key)).where_clause()
    job.connection.query(f"UPDATE {job.full_table_name} SET {assignments}{where}", args=values)
