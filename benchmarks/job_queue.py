"""Time a queue of jobs, relative to bare DataJoint.

First, ``dlgn``'s worker (lease, heartbeat, sweep) and ``Table.populate(reserve_jobs=True)`` run in turn, one worker
each. Their makes only wait, for a second or half a second, which is short for a fit; the figure is the duration of a
sweep. Then makes compute nothing, so that only the queue's own work remains, at growing lengths of the queue. Figures
are the seconds to queue all keys (product and DataJoint's own refresh) and to show the status, the keys per second of
many workers at once, and the longest time for which one of their transactions held a lock (MySQL only). Medians over
looks show whether a step grows faster than linearly. Plain inserts of as many rows in the same looks are the reference,
since a slow disk delays them too: if they grow faster than linearly, queueing may as well.

The file is not called queue.py, since this folder is on the import path of its scripts, where it would hide Python's
queue. It uses the MySQL server that DLGN_TEST_MYSQL names, or the embedded server.
"""

import argparse
import contextlib
import dataclasses
import itertools
import logging
import os
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
import torch
from fleet.fits import Empty, Number, Nursery, drop_tables, open_tables

from dlgn_cnn.runtime.cores import usable_cores
from populate.fleet.control import counts
from populate.worker.core_share import CoreShare
from populate.worker.job_queue import refresh
from populate.worker.registration import registered
from populate.worker.worker import WorkerLoop, WorkerOptions
from schemas import fleet, session

SLOWER = 1.1  # at most this many times slower than bare DataJoint


@dataclasses.dataclass(frozen=True)
class Plan:
    rounds: int
    keys: int
    make_s: float
    looks: int
    lengths: tuple[int, ...]
    workers: int
    seconds: float
    bare_refresh_up_to: int


QUICK = Plan(3, keys=4, make_s=0.5, looks=2, lengths=(200, 2000), workers=2, seconds=3.0, bare_refresh_up_to=200)
FULL = Plan(
    10, keys=10, make_s=1.0, looks=3, lengths=(1000, 10_000, 100_000), workers=16, seconds=20.0, bare_refresh_up_to=1000
)


def fill(keys: int) -> None:
    """Empty the tables and insert ``keys`` to compute."""
    for table in (Empty(), Empty.jobs, Number()):
        table.delete_quick()
    for first in range(0, keys, 10_000):
        Number.insert({"number": number} for number in range(first, min(first + 10_000, keys)))


def seconds(action: Any) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


class Single(NamedTuple):
    """Figures of one worker per round: seconds per key, and questions to the server per key."""

    seconds: dict[str, list[float]]
    round_trips: dict[str, float]
    commits: dict[str, float]


def one_worker(plan: Plan) -> Single:
    """Run product and bare in turn, a few seconds each, so that both meet the same noise; the order alternates."""
    Empty.pause_s = plan.make_s
    ways = {
        "product": turns,
        "bare": lambda: seconds(lambda: Empty.populate(reserve_jobs=True, refresh=False)),
    }
    found: Single = Single({name: [] for name in ways}, {}, {})
    for number in range(-1, plan.rounds):
        for name in sorted(ways, reverse=bool(number % 2)):
            fill(plan.keys)
            refresh(Empty())
            with counting() as asked:
                took_s = ways[name]()
            if number >= 0:  # the first round warms caches
                found.seconds[name].append(took_s / plan.keys)
                found.round_trips[name] = len(asked) / plan.keys
                # Outside a transaction, each statement that writes is its own commit.
                found.commits[name] = sum(commits for commits in asked) / plan.keys
    Empty.pause_s = 0.0
    return found


@contextlib.contextmanager
def counting() -> Iterator[list[bool]]:
    """Record for each round trip of the tables' connection within the block whether it ends with a commit."""
    asked: list[bool] = []
    connection, real = session.schema.connection, session.schema.connection.query

    def query(text: str, *arguments: Any, **named: Any) -> Any:
        writes = text.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
        # Do not use in_transaction, which asks the server.
        asked.append(text.startswith("COMMIT") or (writes and not connection._in_transaction))
        return real(text, *arguments, **named)

    connection.query = query
    try:
        yield asked
    finally:
        del connection.query


def turns() -> float:
    """Seconds that a running worker with a heartbeat needs to compute everything."""
    with registered(torch.device("cpu")) as registration:
        worker = WorkerLoop(
            registration, WorkerOptions(generator=np.random.default_rng(0)), CoreShare(1, usable_cores())
        )
        worker.begin([Empty])
        while not len(fleet.Worker & {"worker_id": registration.worker_id} & "heartbeat > started"):
            time.sleep(0.02)
        started = time.perf_counter()
        while worker.turn():
            pass
        return time.perf_counter() - started


def many_workers(plan: Plan, nursery: Nursery, environment: dict[str, str]) -> tuple[float, float, str]:
    """Keys per second of all workers with the current queue; the longest transaction in seconds, and its statement."""
    pids = [nursery.start(environment | {"FLEET_TABLE": "Empty"}) for _ in range(plan.workers)]
    while len(fleet.Worker & "state = 'working'") < plan.workers:
        time.sleep(0.05)
    before, started, longest = len(Empty()), time.perf_counter(), (0.0, "")
    while time.perf_counter() - started < plan.seconds:
        time.sleep(0.1)
        longest = max(longest, oldest_transaction())
    rate = (len(Empty()) - before) / (time.perf_counter() - started)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    while len(fleet.Worker & "state = 'working'"):
        time.sleep(0.05)
    return rate, *longest


def oldest_transaction() -> tuple[float, str]:
    """Age in seconds of the oldest transaction that holds a lock, and its current statement, if any."""
    if session.schema.connection.adapter.backend != "mysql":
        return 0.0, ""
    # Do not use innodb_trx.trx_started: it has whole seconds, so its ages are up to a second too long.
    ask = """SELECT running.timer_wait / 1e12, COALESCE(trx_query, 'between two statements')
        FROM performance_schema.events_transactions_current running
        JOIN performance_schema.threads USING (thread_id)
        JOIN information_schema.innodb_trx ON trx_mysql_thread_id = processlist_id
        WHERE running.state = 'ACTIVE' AND trx_rows_locked + trx_rows_modified > 0 ORDER BY 1 DESC LIMIT 1"""
    found = session.schema.connection.query(ask).fetchone()
    return (float(found[0]), str(found[1])) if found else (0.0, "")


def lengths(plan: Plan, nursery: Nursery, environment: dict[str, str]) -> list[tuple[Any, ...]]:
    rows = []
    for length in plan.lengths:
        looks = [look(length) for _ in range(plan.looks)]
        medians = [statistics.median(column) for column in zip(*looks, strict=True)]
        rates = many_workers(plan, nursery, environment)
        bare = float("nan")
        if length <= plan.bare_refresh_up_to:
            fill(length)
            bare = seconds(Empty.jobs.refresh)
        rows.append((length, *medians, bare, *rates))
    return rows


def look(length: int) -> tuple[float, ...]:
    """Seconds to insert the rows, to queue their keys, to check them again, and to show the status."""
    fill(0)
    actions = (lambda: fill(length), lambda: refresh(Empty()), lambda: refresh(Empty()), lambda: counts(Empty))
    return tuple(map(seconds, actions))


def report(plan: Plan, single: Single, rows: list[Any]) -> bool:
    ratio = show_single(single)
    print(f"\n{'keys':>8s}{'inserted s':>11s}{'queued s':>9s}{'again s':>9s}{'status s':>10s}{'bare s':>8s}", end="")
    print(f"{f'keys/s, {plan.workers} workers':>21s}{'longest lock s':>16s}")
    for length, inserted, queued, again, shown, bare, rate, longest, _ in rows:
        print(f"{length:8d}{inserted:11.2f}{queued:9.2f}{again:9.3f}{shown:10.3f}{bare:8.2f}", end="")
        print(f"{rate:21.0f}{longest:16.2f}")
    plain, ours = growth(rows, 1), max(growth(rows, 2) / max(1.0, growth(rows, 1)), growth(rows, 3), growth(rows, 4))
    print(f"times linear: plain inserts {plain:.2f}, queueing {growth(rows, 2):.2f}, ", end="")
    print(f"looking through {growth(rows, 3):.2f}, status {growth(rows, 4):.2f}")
    longest, statement = max(row[7:] for row in rows)
    if statement:
        print(f"the longest lock, when last seen: {statement[:200]}")
    worst = max(ratio / SLOWER, ours, longest / 1.0)
    print(f"\nqueue_times_slower_than_bare {ratio:.2f} {SLOWER} {'ok' if ratio <= SLOWER else 'short'}")
    print(f"queue_growth_at_most_linear {ours:.2f} 1 {'ok' if ours <= 1 else 'short'}")
    print(f"queue_longest_lock_s {longest:.2f} 1 {'ok' if longest <= 1 else 'short'}")
    print(f"job_queue {worst:.2f} 1 {'ok' if worst <= 1 else 'short'}")
    return worst <= 1


def growth(rows: list[Any], column: int) -> float:
    """Largest growth of a figure from one length to the next, relative to the growth of the number of keys."""
    return max(
        later[column] / max(earlier[column], 0.05) / (later[0] / earlier[0])
        for earlier, later in itertools.pairwise(rows)
    )


def show_single(single: Single) -> float:
    """Print the figures of one worker; return the median over rounds of the product's time over that of bare."""
    print("one worker, makes that wait: seconds a key (median, least, most of rounds); round trips, commits a key")
    for name, took in single.seconds.items():
        print(f"  {name:10s}{statistics.median(took):8.3f}{min(took):8.3f}{max(took):8.3f}", end="")
        print(f"{single.round_trips[name]:8.1f}{single.commits[name]:8.1f}")
    ratios = [ours / bare for bare, ours in zip(single.seconds["bare"], single.seconds["product"], strict=True)]
    quartiles = statistics.quantiles(ratios, n=4)
    print(f"  times slower than bare, round by round: {quartiles[1]:.2f} ({quartiles[0]:.2f} to {quartiles[2]:.2f})")
    return quartiles[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short queues, 2 workers: under 50 s on 2 cores")
    plan = QUICK if parser.parse_args().quick else FULL
    with tempfile.TemporaryDirectory(prefix="queue-") as folder:
        nursery = Nursery()
        environment = {"DLGN_HOME": folder, "DLGN_PREFIX": f"q{uuid.uuid4().hex[:8]}_", "DLGN_DEVICE": "cpu"}
        environment |= {"DLGN_DATABASE": os.environ.get("DLGN_TEST_MYSQL", ""), "FLEET_SAID": f"{folder}/said"}
        os.environ.update(environment)
        open_tables()
        logging.getLogger("dlgn").setLevel(logging.ERROR)
        single = one_worker(plan)
        rows = lengths(plan, nursery, environment)
        drop_tables()
        return 0 if report(plan, single, rows) else 1


if __name__ == "__main__":
    sys.exit(main())
