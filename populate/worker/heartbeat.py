"""The heartbeat of one worker: a separate process with its own connection.

It beats while the worker computes, even if a computation holds the interpreter for minutes. It stops while the worker
is stopped (SIGSTOP, a debugger, a suspended container), and records at once that a worker has died. If the key in hand
is recalled in the tables, or was lost to other workers, it sends the worker a signal. A worker that hangs cannot heed
it: if a recalled worker makes no step for ``grace_s``, the heartbeat kills it.

The worker starts it with ``python -m populate.worker.heartbeat`` and writes lines of JSON to its standard input: first
``Beat``, then ``{"worker_id": ...}`` for each name that it takes, ``{"doing": ...}`` for its progress, and ``{}`` for a
step without words. Each line shows that the worker's main thread is alive.
"""

import contextlib
import json
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil

from schemas.connection.driver import open_plain

ANSWER_S = 10.0  # a server that is silent for longer is asked again on a new connection
ALIVE_S = 0.5  # how often to look whether the worker still exists
logger = logging.getLogger("dlgn")
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@dataclass(frozen=True)
class Beat:
    """Parameters of a heartbeat: the server, the worker's process, the two tables' quoted names, the pace."""

    host: str
    user: str
    password: str = field(repr=False)
    port: int
    backend: str
    parent: int
    recall: int  # the signal
    workers: str
    leases: str
    lease_s: float
    every_s: float
    grace_s: float
    tls: str = "prefer"


def main() -> None:
    """Beat until the worker ends."""
    for number in IGNORED:  # a worker is often stopped by a signal to its whole group
        signal.signal(number, signal.SIG_IGN)
    with open(0, "rb", buffering=0, closefd=False) as given:  # unbuffered: what follows is read without it
        first = given.readline()
    Heartbeat(Beat(**json.loads(first))).run()


class Heartbeat:
    """Beats for one worker process."""

    def __init__(self, beat: Beat) -> None:
        self.beat = beat
        self.worker_id = self.doing = ""
        self.signaled: dict[str, float] = {}  # when, by the name of a lease or worker
        self.stepped = time.monotonic()
        self._connection: Any = None
        self._unread = b""

    def run(self) -> None:
        """Beat every ``every_s``; return once the worker has closed our input or is gone."""
        due = 0.0
        while self._listen(min(ALIVE_S, max(0.0, due - time.monotonic()))):
            if not self.worker_id or time.monotonic() < due:
                continue
            if stopped(self.beat.parent):
                self.signaled.clear()  # once it is awake, it has all its time again
                continue
            due = time.monotonic() + self.beat.every_s
            self._try(self._beat)
        give_up = time.monotonic() + self.beat.lease_s
        while self.worker_id and not self._try(self._say_died) and time.monotonic() < give_up:
            time.sleep(ALIVE_S)

    def _listen(self, wait_s: float) -> bool:
        """Read messages of the worker for up to ``wait_s``; returns whether it exists, or left some that are unread."""
        alive = os.getppid() == self.beat.parent
        readable, _, _ = select.select([sys.stdin], [], [], wait_s if alive else 0.0)
        if not readable:
            return alive
        given = os.read(sys.stdin.fileno(), 65536)
        *lines, self._unread = (self._unread + given).split(b"\n")
        for line in lines:
            said, self.stepped = json.loads(line), time.monotonic()
            self.worker_id, self.doing = said.get("worker_id", self.worker_id), said.get("doing", self.doing)
        return bool(given)

    def _try(self, action: Callable[[], None]) -> bool:
        try:
            if self._connection is None:
                beat = self.beat
                address = beat.backend, beat.host, beat.port, beat.user, beat.password
                self._connection = open_plain(*address, ANSWER_S, beat.tls)
            action()
        except Exception:  # the next beat connects again, whatever is wrong with the server
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None
            return False
        return True

    def _beat(self) -> None:
        now, beat = "CURRENT_TIMESTAMP(3)", self.beat
        late = f"heartbeat < {now} - {interval(beat, beat.lease_s / 2)}"
        stepped = f"{now} - {interval(beat, round(time.monotonic() - self.stepped, 3))}"
        # MySQL assigns from left to right, so what asks for the last heartbeat comes before what sets it.
        self._ask(
            f"UPDATE {beat.workers} SET beating_since = CASE WHEN {late} THEN {now} ELSE beating_since END, "
            f"doing = %s, progressed = {stepped}, expires = {now} + {interval(beat, beat.lease_s)}, heartbeat = {now} "
            "WHERE worker_id = %s AND state = 'working'",
            self.doing,
            self.worker_id,
        )
        state = self._ask(f"SELECT state FROM {beat.workers} WHERE worker_id = %s", self.worker_id)
        lost = [] if [row[0] for row in state] == ["working"] else [(self.worker_id,)]
        held = self._ask(f"SELECT token FROM {beat.leases} WHERE worker_id = %s AND recall <> ''", self.worker_id)
        for (token,) in (*lost, *held):
            self._recall(token)
            if time.monotonic() - max(self.signaled[token], self.stepped) >= self.beat.grace_s:
                self._kill()

    def _recall(self, name: str) -> None:
        if name not in self.signaled:
            self.signaled[name] = time.monotonic()
            os.kill(self.beat.parent, self.beat.recall)

    def _kill(self) -> None:
        """End the worker, whose main thread hangs, and its children; the lease keeps what its key becomes."""
        if os.getppid() != self.beat.parent:
            return
        children = psutil.Process(self.beat.parent).children(recursive=True)
        logger.warning(
            "worker with pid %d was asked to give its key up and made no step for %g s: it is killed",
            self.beat.parent,
            self.beat.grace_s,
        )
        os.kill(self.beat.parent, signal.SIGKILL)
        for child in children:
            if child.pid != os.getpid():
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self._say_died()

    def _say_died(self) -> None:
        """Record that the worker died, unless its end is on record."""
        change = f"UPDATE {self.beat.workers} SET state = 'died' WHERE worker_id = %s AND state = 'working'"
        self._ask(change, self.worker_id)

    def _ask(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall()) if cursor.description else []


def interval(beat: Beat, seconds: float) -> str:
    """SQL for a span of time."""
    return f"INTERVAL {seconds} SECOND" if beat.backend == "mysql" else f"INTERVAL '{seconds} seconds'"


def stopped(pid: int) -> bool:
    """Whether a process is stopped by a signal; False where this system does not say."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


if __name__ == "__main__":
    main()
