"""The person who looks at the fleet's tables, and gives the orders that the product has for a worker that hangs."""

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from fleet.fits import ShortFit, hung
from populate.fleet import control
from schemas import fleet
from schemas.connection import server


class Operator:
    """Has the keys of workers that hang computed by others.

    Parameters
    ----------
    order : Path
        File that lets the next fit hang, see ``fleet.fits.hang``.
    stuck_s : float
        A key that is held for longer is looked at.
    grace_s : float
        A worker that lives for so long after an order, or was never to be given one, is killed by hand.
    """

    def __init__(self, order: Path, stuck_s: float, grace_s: float) -> None:
        self.order, self.stuck_s, self.grace_s = order, stuck_s, grace_s
        self.did: Counter[str] = Counter()
        self._seen: dict[int, float] = {}
        self._given: dict[int, float] = {}
        self._settled: set[int] = set()

    def look(self) -> None:
        """One look at the tables; without a server, the next look does it."""
        for pid, config in hung(self.order).items():
            if pid not in self._settled:
                self._ask(lambda pid=pid, config=config: self._handle(pid, config))

    def _handle(self, pid: int, config: int) -> None:
        where, now = f"config = {config}", time.monotonic()
        seen = self._seen.setdefault(pid, now)
        if not psutil.pid_exists(pid):  # by an order, or another fault was quicker
            if not len(fleet.Lease * fleet.Worker.proj("pid") & {"pid": pid}):
                self.did["dlgn retry"] += control.retry(ShortFit, where)
                self._settled.add(pid)
        elif pid not in self._given and self._is_stuck(pid):
            self.did["dlgn stop"] += control.stop(ShortFit, where)
            self._given[pid] = now
        elif now > self._given.get(pid, seen + self.stuck_s) + self.grace_s:
            self.did["kill -9 by hand"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _is_stuck(self, pid: int) -> bool:
        """Whether a worker made no step for ``stuck_s``; where none are noted, whether it has held its key so long."""
        past = f"CURRENT_TIMESTAMP(3) - {ShortFit.connection.adapter.interval_expr(self.stuck_s, 'second')}"
        steps = [name for name in ("progressed",) if name in fleet.Worker.heading.names]
        at_work = fleet.Lease * fleet.Worker.proj("pid", *steps) & {"pid": pid}
        return bool(len(at_work & f"{(*steps, 'since')[0]} < {past}"))

    @staticmethod
    def _ask(question: Callable[[], None]) -> None:
        try:
            question()
        except Exception:
            with contextlib.suppress(Exception):
                server.reconnect()
