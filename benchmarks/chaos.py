"""Count what a fleet loses, doubles or leaves half done while everything breaks.

Workers compute short fits (a calculation of a fraction of a second that stores a weight file) while faults hit them in
random order: kill -9 (of the worker, or also of its heartbeat, as if the plug is pulled), SIGSTOP for longer than a
lease and SIGCONT, SIGTERM, the database killed and restarted, a worker's network cut, a full disk. One key's config has
a bug. In the end every valid key must be there exactly once and whole, equal to the result of the calculation alone. No
reservation and no lease may be left, and the key with the bug must be in `error` with its reason.

If a starter is next to the checkout or named by DLGN_MYSQL_STARTER (called as `STARTER start|kill|stop FOLDER PORT`),
the script starts, kills and restarts a MySQL server. Otherwise it uses the embedded server, without network cuts. The
disk is a file system of 8 MB, which only root may mount; for other users no disk fills.

In full, workers have the default lease (60 s) and networks are cut for 60 s, so that some cuts outlast a lease and some
do not. Faults come every 6 s. Fits mostly sleep, and last long enough that the last fault still finds some running.
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
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import psutil
import torch
from fleet.fits import Config, Nursery, ShortFit, calculated, open_tables
from fleet.servers import Link, Server

from dlgn_cnn.training.weights import load_weights
from schemas import fleet
from schemas.connection import server


@dataclasses.dataclass(frozen=True)
class Plan:
    workers: int
    fits: int
    faults: int
    fit_s: float
    lease_s: float
    cut_s: float
    every_s: float


QUICK = Plan(workers=3, fits=40, faults=10, fit_s=0.3, lease_s=1.5, cut_s=2.5, every_s=0.8)
FULL = Plan(workers=8, fits=200, faults=60, fit_s=10.0, lease_s=60.0, cut_s=60.0, every_s=6.0)


@dataclasses.dataclass
class Worker:
    pid: int
    link: Link | None
    frozen_until: float = 0.0


class Chaos:
    def __init__(self, plan: Plan, folder: Path, nursery: Nursery, seed: int) -> None:
        self.plan, self.folder, self.nursery, self.dice = plan, folder, nursery, random.Random(seed)
        self.server = Server(folder)
        self.happened: Counter[str] = Counter()
        self.environment = {
            "DLGN_HOME": str(folder),
            "DLGN_STORE": str(folder / "store"),
            "DLGN_PREFIX": f"c{uuid.uuid4().hex[:8]}_",
            "DLGN_DEVICE": "cpu",
            "DLGN_LEASE_S": str(plan.lease_s),
            "CHAOS_FIT_S": str(plan.fit_s),
            "CHAOS_LOG": str(folder / "computed"),
            "FLEET_SAID": str(folder / "said"),
            "FLEET_TABLE": "ShortFit",
        }
        self.disk = mount(folder / "store")
        os.environ.update(self.environment | self.server.url(self.server.port))
        open_tables()
        Config.insert([(number, number == plan.fits) for number in range(plan.fits + 1)])
        self.workers = [self._start() for _ in range(plan.workers)]

    def _start(self) -> Worker:
        link = Link(self.server.port) if self.server.mysql else None
        pid = self.nursery.start(self.environment | self.server.url(link.port if link else 0))
        return Worker(pid, link)

    def run(self) -> float:
        """Cause all faults, wait until everything is computed, and return the seconds it took."""
        started = time.monotonic()
        kinds: list[Callable[[], None]] = [self.kill, self.unplug, self.freeze, self.terminate, self.crash]
        kinds += [self.cut] if self.server.mysql else []
        kinds += [self.fill] if self.disk else []
        faults = [kinds[number % len(kinds)] for number in range(self.plan.faults)]
        self.dice.shuffle(faults)
        work_s = self.plan.fits * self.plan.fit_s / self.plan.workers
        deadline = started + 3 * (self.plan.faults * self.plan.every_s + work_s) + 120
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

    def _tend(self) -> None:
        """Continue stopped workers in time, and restart those that found no server, as a supervisor does."""
        self._thaw()
        for worker in list(self.workers):
            if not psutil.pid_exists(worker.pid):
                self.happened["found no server"] += 1
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
        with contextlib.suppress(OSError), (self.folder / "store" / "rubbish").open("wb") as file:
            while True:
                file.write(bytes(65536))
        threading.Timer(2.0, (self.folder / "store" / "rubbish").unlink, [True]).start()

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
        if self.disk:
            subprocess.run(["umount", "--lazy", str(self.folder / "store")], check=False)


def children(pid: int) -> list[int]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children()]
    return []


def wait_for_end(pids: list[int], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)


def mount(folder: Path) -> bool:
    """Whether the folder is a file system of its own, of 8 MB."""
    folder.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    return subprocess.run(call, capture_output=True).returncode == 0


def verdicts(plan: Plan, store: Path) -> dict[str, tuple[int, int]]:
    """Map each kind of error to (count, expected count)."""
    rows = ShortFit().to_dicts()
    errors = ShortFit.jobs.errors.to_dicts()
    wrong = sum(
        not torch.equal(load_weights(store / "weights", row["weights_sha256"])["weights"], truth["weights"])
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
        "keys with a bug in error, with its reason": (len(reasons), 1),
        "other errors": (len(errors) - len(reasons), 0),
        "reservations left": (len(ShortFit.jobs.reserved), 0),
        "leases left": (len(fleet.Lease()), 0),
    }


def report(chaos: Chaos, took_s: float, folder: Path) -> bool:
    found = verdicts(chaos.plan, folder / "store")
    computed = (folder / "computed").read_text().split()
    print(f"{chaos.plan.faults} faults in {took_s:.0f} s: {dict(chaos.happened)}")
    print(f"{len(computed)} computations for {chaos.plan.fits} keys, {len(fleet.Retry())} tries lost and on record\n")
    print(f"{'':44s}{'found':>8s}{'expected':>10s}")
    for name, (count, expected) in found.items():
        print(f"{name:44s}{count:8d}{expected:10d}{'' if count == expected else '  WRONG'}")
    wrong = sum(count != expected for count, expected in found.values())
    print(f"\nchaos {wrong} 0 {'short' if wrong else 'ok'}")
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 workers, 40 fits, 10 faults: under 50 s on 2 cores")
    parser.add_argument("--seed", type=int, default=0, help="seed of the order of faults")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the workers' output")
    given = parser.parse_args()
    nursery, folder = Nursery(), Path(tempfile.mkdtemp(prefix="chaos-"))
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
