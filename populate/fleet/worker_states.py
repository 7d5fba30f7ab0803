"""State of each registered worker, as the command and the live page show it, with all times on the server's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from populate.errors.transient import is_refused, is_transient
from populate.worker.lease import mark_lost, return_ended_leases
from schemas import fleet
from schemas.connection.in_force import settings_in_force


@dataclass(frozen=True)
class WorkerState:
    """One worker: ``working``, ``stuck`` (no step for DLGN_STUCK_MIN), ``lost`` (no heartbeat), ``died`` or ``ended``.

    Seconds on the server's clock: ``heard_s`` since its last heartbeat, ``step_s`` since its main thread's last step,
    ``held_s`` since it took the key in hand.
    """

    host: str
    pid: int
    device: str
    state: str
    heard_s: float
    step_s: float
    doing: str
    table: str = ""
    key: Mapping[str, Any] | None = None
    held_s: float | None = None


def worker_states(everybody: bool = False) -> list[WorkerState]:
    """States of the workers that have not ended; of all that ever were, for ``everybody``."""
    now = fleet.schema.connection.query("SELECT CURRENT_TIMESTAMP(3)").fetchone()[0].replace(tzinfo=None)
    leases = {row["worker_id"]: row for row in fleet.Lease().to_dicts()}
    asked = fleet.Worker if everybody else fleet.Worker & "state = 'working'"
    return [_state(row, leases.get(row["worker_id"]), now) for row in asked.to_dicts(order_by="host, started")]


def settle_the_gone() -> None:
    """Mark workers that are gone and settle the keys of those that ended, as any worker does, if the account may."""
    try:
        mark_lost()
        return_ended_leases()
    except Exception as error:
        if not is_refused(error) and not is_transient(error):
            raise


def _state(row: Mapping[str, Any], lease: Mapping[str, Any] | None, now: Any) -> WorkerState:
    step_s, state = (now - row["progressed"]).total_seconds(), row["state"]
    if state == "working" and row["expires"] < now:
        state = "lost"
    elif state == "working" and step_s > 60 * settings_in_force().stuck_min:
        state = "stuck"
    found = row["host"], row["pid"], row["device"], state, (now - row["heartbeat"]).total_seconds(), step_s
    if lease is None:
        return WorkerState(*found, row["doing"])
    held_s = (now - lease["since"]).total_seconds()
    return WorkerState(*found, row["doing"], lease["table_name"], lease["held_key"], held_s)
