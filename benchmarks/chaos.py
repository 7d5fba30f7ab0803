"""Count what a fleet loses, doubles or leaves half done while everything breaks.

Workers compute short fits (a calculation of a fraction of a second that stores a weight file) while faults hit them in
random order: kill -9 (of the worker, or also of its heartbeat, as if the plug is pulled), SIGSTOP for longer than a
lease and SIGCONT, SIGTERM, the database killed and restarted, a worker's network cut, a full disk. One key's config has
a bug. In the end every valid key must be there exactly once and whole, equal to the result of the calculation alone. No
reservation and no lease may be left, and the key with the bug must be in `error` with its reason.

Ten more faults are of other kinds. A worker hangs: its main thread waits in C for ever, while its heartbeat process
goes on, until an operator who looks at the tables has the key computed by another. The disk is full or read-only for
long, and an S3 server, which half of the weights go to, answers writes by 507, 503 or 403 as long. The clock of a
worker's process jumps by an hour, forth or back, by a small library that is preloaded (so it takes a C compiler).

If a starter is next to the checkout or named by DLGN_MYSQL_STARTER (called as `STARTER start|kill|stop FOLDER PORT`),
the script starts, kills and restarts a MySQL server. Otherwise it uses the embedded server, without network cuts. The
disk is a file system of 8 MB, which only root may mount; for other users the bucket refuses instead.

In full, workers have the default lease (60 s), and networks are cut and stores refuse for 60 s, so that some cuts
outlast a lease and some do not. Faults come every 6 s. Fits mostly sleep, and last long enough that the last fault
still finds some running.
"""

import argparse
import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import psutil
import torch
from fleet.fits import Config, Nursery, ShortFit, calculated, hung, open_tables, place
from fleet.operator import Operator
from fleet.servers import Link, Server
from fleet.stores import Bucket, Disk

from dlgn_cnn.storage.files import file_sha256
from dlgn_cnn.training.weights import load_weights
from schemas import fleet
from schemas.connection import server


@dataclasses.dataclass(frozen=True)
class Plan:
    workers: int
    fits: int
    faults: int
    others: int
    fit_s: float
    lease_s: float
    cut_s: float
    refuse_s: float
    exhausted_s: float  # how long a worker puts off a key that its store refuses
    stuck_s: float
    grace_s: float  # within which a worker follows an order, or its heartbeat kills it
    every_s: float


QUICK = Plan(
    workers=3, fits=80, faults=10, others=10, fit_s=0.3, lease_s=1.5, cut_s=2.5, refuse_s=2.0, exhausted_s=1.5,
    stuck_s=2.0, grace_s=1.0, every_s=0.6,
)  # fmt: skip
FULL = Plan(
    workers=8, fits=300, faults=60, others=10, fit_s=10.0, lease_s=60.0, cut_s=60.0, refuse_s=60.0, exhausted_s=30.0,
    stuck_s=60.0, grace_s=120.0, every_s=6.0,
)  # fmt: skip


@dataclasses.dataclass
class Worker:
    pid: int
    link: Link | None
    clock: Path  # holds the seconds by which its clock is wrong
    frozen_until: float = 0.0


class Chaos:
    def __init__(self, plan: Plan, folder: Path, nursery: Nursery, seed: int) -> None:
        self.plan, self.folder, self.nursery, self.dice = plan, folder, nursery, random.Random(seed)
        with ThreadPoolExecutor() as pool:  # as both take seconds
            server, bucket = pool.submit(Server, folder), pool.submit(Bucket)
        self.server, self.bucket, self.disk = server.result(), bucket.result(), Disk(folder / "store")
        self.operator = Operator(folder / "hang", plan.stuck_s, plan.grace_s + plan.lease_s)
        self.happened: Counter[str] = Counter()
        self.environment = {
            "DLGN_HOME": str(folder),
            "DLGN_STORE": str(folder / "store"),
            "DLGN_PREFIX": f"c{uuid.uuid4().hex[:8]}_",
            "DLGN_DEVICE": "cpu",
            "DLGN_LEASE_S": str(plan.lease_s),
            "CHAOS_FIT_S": str(plan.fit_s),
            "CHAOS_LOG": str(folder / "computed"),
            "CHAOS_HANG": str(folder / "hang"),
            "CHAOS_BUCKET": self.bucket.url,
            "CHAOS_EXHAUSTED_S": str(plan.exhausted_s),
            "CHAOS_GRACE_S": str(plan.grace_s),
            "DLGN_STUCK_MIN": str(plan.stuck_s / 60),
            "FLEET_SAID": str(folder / "said"),
            "FLEET_TABLE": "ShortFit",
            **self.bucket.environment,
        }
        os.environ.update(self.environment | self.server.url(self.server.port))
        open_tables()
        Config.insert([(number, number == plan.fits) for number in range(plan.fits + 1)])
        self.workers = [self._start() for _ in range(plan.workers)]

    def _start(self) -> Worker:
        link = Link(self.server.port) if self.server.mysql else None
        clock = self.folder / f"clock-{uuid.uuid4().hex[:8]}"
        own = {"CHAOS_CLOCK": str(clock)} | self.server.url(link.port if link else 0)
        return Worker(self.nursery.start(self.environment | own), link, clock)

    def run(self) -> float:
        """Cause all faults, wait until everything is computed, and return the seconds it took."""
        started = time.monotonic()
        faults = self._faults()
        work_s = self.plan.fits * self.plan.fit_s / self.plan.workers
        deadline = started + 3 * (len(faults) * self.plan.every_s + work_s) + 120
        while time.monotonic() < deadline:
            self._tend()
            if faults:
                fault = faults.pop()
                self.happened[fault.__name__] += 1
                fault()
            elif self._finished():
                break
            time.sleep(self.plan.every_s * self.dice.uniform(0.5, 1.5))
        return time.monotonic() - started

    def _faults(self) -> list[Callable[[], None]]:
        """All faults, in random order: as many of each kind of one group as of another."""
        kinds: list[Callable[[], None]] = [self.kill, self.unplug, self.freeze, self.terminate, self.crash]
        kinds += [self.cut] if self.server.mysql else []
        kinds += [self.fill] if self.disk.mounted else []
        disk = [self.forbid, self.hoard] if self.disk.mounted else [self.refuse]
        others = [self.hang, self.refuse, self.jump, *disk]
        faults = [kinds[number % len(kinds)] for number in range(self.plan.faults)]
        faults += [others[number % len(others)] for number in range(self.plan.others)]
        self.dice.shuffle(faults)
        return faults

    def _tend(self) -> None:
        """Continue stopped workers in time, and restart those that found no server, as a supervisor does."""
        self._thaw()
        self.operator.look()
        for worker in list(self.workers):
            if not psutil.pid_exists(worker.pid):
                self.happened["ended"] += 1
                self._replace(worker)

    def _any(self) -> Worker:
        """Return a running worker; if all are stopped, the one that continues first."""
        running = [worker for worker in self.workers if not worker.frozen_until]
        return self.dice.choice(running or [min(self.workers, key=lambda worker: worker.frozen_until)])

    def _replace(self, worker: Worker) -> None:
        self.workers[self.workers.index(worker)] = self._start()

    def kill(self) -> None:
        worker = self._any()
        self._signal(worker.pid, signal.SIGKILL)
        self._replace(worker)

    def unplug(self) -> None:
        worker = self._any()
        for pid in (*children(worker.pid), worker.pid):
            self._signal(pid, signal.SIGKILL)
        self._replace(worker)

    def freeze(self) -> None:
        worker = self._any()
        self._signal(worker.pid, signal.SIGSTOP)
        worker.frozen_until = time.monotonic() + 1.7 * self.plan.lease_s

    def terminate(self) -> None:
        worker = self._any()
        self._signal(worker.pid, signal.SIGTERM)
        self._replace(worker)

    @staticmethod
    def _signal(pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def crash(self) -> None:
        self.server.crash()

    def cut(self) -> None:
        link = self._any().link
        if link is not None:
            link.cut(self.plan.cut_s)

    def fill(self) -> None:
        self.disk.fill(2.0)

    def hoard(self) -> None:
        self.disk.fill(self.plan.refuse_s)

    def forbid(self) -> None:
        self.disk.forbid(self.plan.refuse_s)

    def refuse(self) -> None:
        self.bucket.refuse(self.plan.refuse_s)

    def hang(self) -> None:
        """Let the next fit that begins hang; one that still waits for its fit is enough."""
        self.operator.order.touch()

    def jump(self) -> None:
        """Let a worker's clock jump by an hour, forth or back."""
        self._any().clock.write_text(self.dice.choice(["+3600", "-3600"]))

    def _thaw(self, everybody: bool = False) -> None:
        for worker in self.workers:
            if worker.frozen_until and (everybody or time.monotonic() >= worker.frozen_until):
                self._signal(worker.pid, signal.SIGCONT)
                worker.frozen_until = 0.0

    def _finished(self) -> bool:
        try:
            frozen = any(worker.frozen_until for worker in self.workers)
            left = ShortFit.jobs & "status <> 'error'"
            return not frozen and len(ShortFit()) >= self.plan.fits and not len(left)
        except Exception:
            with contextlib.suppress(Exception):
                server.reconnect()
            return False

    def end(self) -> None:
        self._thaw(everybody=True)
        for worker in self.workers:
            self._signal(worker.pid, signal.SIGTERM)
        wait_for_end([worker.pid for worker in self.workers], 60.0 + self.plan.cut_s)

    def close(self) -> None:
        self.server.stop()
        self.disk.close()


def children(pid: int) -> list[int]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children()]
    return []


def wait_for_end(pids: list[int], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)


def clock_library(folder: Path) -> Path:
    """The library by which a worker's clock can jump, compiled."""
    source, library = Path(__file__).with_name("fleet") / "clock.c", folder / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], check=True)
    return library


def broken_objects() -> int:
    """How many stored files are not what their name says: half-written ones, of any config."""
    objects = [(store, name) for store in (place(0), place(1)) for name in store.sizes() if not name.startswith(".")]
    broken = 0
    for store, name in objects:
        digest, ending = name.split(".", 1)
        path = store.local / name if store.local else store.get(digest, f".{ending}")
        broken += file_sha256(path) != digest
    return broken


def verdicts(plan: Plan) -> dict[str, tuple[int, int]]:
    """Map each kind of error to (count, expected count)."""
    rows = ShortFit().to_dicts()
    errors = ShortFit.jobs.errors.to_dicts()
    wrong = sum(
        not torch.equal(load_weights(place(row["config"]), row["weights_sha256"])["weights"], truth["weights"])
        for row in rows
        for truth in [calculated(row["config"])]
    )
    reasons = [
        row["error_message"] for row in errors if row["config"] == plan.fits and "conv_gur" in row["error_message"]
    ]
    return {
        "valid keys done": (len(rows), plan.fits),
        "halves of rows": (len(ShortFit.Half()), 2 * plan.fits),
        "results that differ": (wrong, 0),
        "stored files that are half written": (broken_objects(), 0),
        "keys with a bug in error, with its reason": (len(reasons), 1),
        "other errors": (len(errors) - len(reasons), 0),
        "reservations left": (len(ShortFit.jobs.reserved), 0),
        "leases left": (len(fleet.Lease()), 0),
    }


def report(chaos: Chaos, took_s: float, folder: Path) -> bool:
    found = verdicts(chaos.plan)
    computed = (folder / "computed").read_text().split()
    print(f"{chaos.plan.faults + chaos.plan.others} faults in {took_s:.0f} s: {dict(chaos.happened)}")
    hangs = len(hung(chaos.operator.order))
    print(f"{chaos.bucket.refused} writes refused by the bucket; {hangs} workers hung: {dict(chaos.operator.did)}")
    print(f"{len(computed)} computations for {chaos.plan.fits} keys, {len(fleet.Retry())} tries lost and on record\n")
    print(f"{'':44s}{'found':>8s}{'expected':>10s}")
    for name, (count, expected) in found.items():
        print(f"{name:44s}{count:8d}{expected:10d}{'' if count == expected else '  WRONG'}")
    wrong = sum(count != expected for count, expected in found.values())
    print(f"\nchaos {wrong} 0 {'short' if wrong else 'ok'}")
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 workers, 80 fits, 20 faults: under 50 s on 2 cores")
    parser.add_argument("--seed", type=int, default=0, help="seed of the order of faults")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the workers' output")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    nursery = Nursery(clock_library(folder))
    chaos = Chaos(QUICK if given.quick else FULL, folder, nursery, given.seed)
    try:
        took_s = chaos.run()
        chaos.end()
        server.reconnect()
        return 0 if report(chaos, took_s, folder) else 1
    finally:
        chaos.close()
        if given.keep:
            print(folder, file=sys.stderr)
        else:
            subprocess.run(["rm", "-rf", str(folder)], check=False)


if __name__ == "__main__":
    sys.exit(main())
