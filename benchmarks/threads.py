"""Test how well a worker chooses its threads, alone and next to other work, and how well workers share a machine.

nothing set   a fit in a process as ``dlgn populate`` starts it: threads by its cores, waiting passively
fixed N       the same with N threads of torch, waiting as OpenMP does by default (spinning), and passively

In each condition (alone, and next to 1 and 3 processes that only count), all ways train in turn for a few seconds. Each
has a separate process, which sleeps while the others train; windows/s are the median over rounds. A way's figure is its
share of that of the best fixed number of threads in the same condition.

Then 1, 2 and 4 workers of one ``dlgn populate --workers N`` fit a simulated recording on an embedded database: with
nothing set, and with DLGN_THREADS=1 and 2. Their windows/s come from the rows of epochs that ended meanwhile, summed
over workers. The figure compares nothing set with the best of the three for the same number of workers. At the end, all
threads of one of these workers are listed, with the share of a core that each takes.

The fit is of the demo's kind: 16 channels of 17x17 px, conv-GRU, 8 windows of 60 frames of 33x53 px.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from dlgn_cnn.runtime.cores import usable_cores
from dlgn_cnn.runtime.threads import WAITING, thread_count, wait_passively

ROOT = Path(__file__).resolve().parents[1]
MAIN = [sys.executable, "-W", "ignore", "-c", "from populate.cli.command import main; main()"]
CONDITIONS = {"alone": (0, 0.9), "next_to_1": (1, 0.75), "next_to_3": (3, 0.75)}
TOGETHER = 0.9
COUNTS, FIXED = (1, 2, 4), ("", "1", "2")  # workers; threads, if they are set
SETTLING_S, EPOCHS = 1.0, 2  # an epoch counts if it began when all workers were running
EXPERIMENT = """
experiment: threads
datasets: [{fn: stored_sessions, config: {sessions: all, size_px: [33, 53], rate_hz: 60.0, batch_size: 8,
            window_frames: 60}}]
models:
  - fn: encoder
    config:
      core: {name: stacked_2d, channels: [16], kernels: [17], strides: [3], laplace_weight: 1.0}
      recurrent: {name: conv_gru, channels: 16, kernel_input: 1, kernel_state: 1}
      readout: {name: gaussian, feature_weight: 0.00001}
trainers: [{fn: standard, config: {fit: {max_epochs: 500, patience: 500, learning_rate: 0.01}}}]
seeds: SEEDS
"""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Run other processes that take all the CPU time they get."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for one in others:
            one.kill()
            one.wait()


def plain_environment() -> dict[str, str]:
    """Return the environment without the variables under test."""
    return {name: value for name, value in os.environ.items() if name not in (*WAITING, "OMP_NUM_THREADS")}


def ways() -> dict[str, tuple[int, dict[str, str]]]:
    """Map each way to its threads and environment."""
    cores, spinning, passive = usable_cores(), plain_environment(), plain_environment()
    wait_passively(passive)
    found = {"nothing set": (thread_count(None, cores), passive)}
    for number in range(1, cores.affinity + 1):
        found[f"fixed {number}, spinning"] = (number, spinning)
        found[f"fixed {number}, passive"] = (number, passive)
    return found


@contextmanager
def processes(seconds: float) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Start a process for each way, which trains for a span of time on request."""
    command = [sys.executable, "-P", "-m", "dlgn_cnn.training.rate"]
    started = {
        way: subprocess.Popen(
            [*command, str(number), str(seconds)],
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for way, (number, environment) in ways().items()
    }
    try:
        for one in started.values():
            one.stdout.readline()
        yield started
    finally:
        for one in started.values():
            one.kill()
            one.wait()


def rate_of(process: subprocess.Popen[str]) -> float:
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def share_of_best(started: dict[str, subprocess.Popen[str]], rounds: int) -> float:
    """Speed of a fit with nothing set, relative to the best fixed number of threads under the current load."""
    found: dict[str, list[float]] = {way: [] for way in started}
    for number in range(rounds):
        order = list(started)
        for way in order if number % 2 == 0 else reversed(order):
            found[way].append(rate_of(started[way]))
    medians = {way: statistics.median(rates) for way, rates in found.items()}
    for way, rates in found.items():
        print(f"  {way:20s} {medians[way]:7.1f} windows/s   {min(rates):.1f} to {max(rates):.1f}")
    return medians["nothing set"] / max(rate for way, rate in medians.items() if way != "nothing set")


def dlgn(environment: dict[str, str], folder: Path, *words: str) -> None:
    done = subprocess.run([*MAIN, *words], env=environment, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"dlgn {' '.join(words)} ended with {done.returncode}: {done.stderr}")


def prepared(home: Path, fits: int) -> dict[str, str]:
    """Make a database with a small recording and long fits; return the environment of its commands."""
    place = {"DLGN_HOME": str(home), "DLGN_DEVICE": "cpu", "PYTHONPATH": str(ROOT)}
    os.environ.update(place)  # for this process's own look at the tables
    environment = plain_environment()
    (home / "threads.yaml").write_text(EXPERIMENT.replace("SEEDS", str(list(range(fits)))))
    dlgn(environment, home, "simulate", "recording", "--scenes", "16", "--test-scenes", "2")
    dlgn(environment, home, "ingest", "recording")
    dlgn(environment, home, "define", "threads.yaml")
    dlgn(environment, home, "populate", "--table", "Recording", "--table", "Dataset")
    return environment


def windows_together(count: int, seeds: Sequence[int], environment: dict[str, str], home: Path) -> float:
    """Windows per second of ``count`` workers together, each with its own new fit."""
    where = f"seed IN ({', '.join(map(str, seeds))})"
    words = ["populate", "--table", "TrainedModel", "--where", where, "--workers", str(count)]
    started = subprocess.Popen([*MAIN, *words], env=environment, cwd=home, stderr=subprocess.PIPE, text=True)
    threading.Thread(target=started.stderr.read, daemon=True).start()
    try:
        while len(done := complete(where, count)) < count:
            if started.poll() is not None:
                raise SystemExit(f"--workers {count} ended with {started.returncode} before its fits were under way")
            time.sleep(SETTLING_S)
        print_threads(started.pid)
    finally:
        started.send_signal(signal.SIGINT)
        started.wait()
    return sum(done)


def complete(where: str, count: int) -> list[float]:
    """Windows/s of each fit that has ended enough epochs after all fits have ended their first."""
    from schemas.fitting import Epoch

    rows = (Epoch & where).to_dicts(order_by="seed, epoch")
    of_fits = {seed: [row for row in rows if row["seed"] == seed] for seed in {row["seed"] for row in rows}}
    if len(of_fits) < count:
        return []
    all_begun = max(found[0]["ended"] for found in of_fits.values())
    counted = [[row["samples_per_s"] for row in found if row["ended"] > all_begun][1:] for found in of_fits.values()]
    return [len(rates) / sum(1 / rate for rate in rates) for rates in counted if len(rates) >= EPOCHS]


def print_threads(supervisor: int) -> None:
    """Print the number of the first worker's threads, and those that take more than a hundredth of a core."""
    workers = [one for one in psutil.Process(supervisor).children() if "populate" in one.cmdline()]
    worker = min(workers, key=lambda one: one.pid)
    before = {one.id: one.user_time + one.system_time for one in worker.threads()}
    time.sleep(2 * SETTLING_S)
    names: Counter[str] = Counter()
    for one in worker.threads():
        share = (one.user_time + one.system_time - before.get(one.id, 0.0)) / (2 * SETTLING_S)
        name = (Path("/proc") / str(worker.pid) / "task" / str(one.id) / "comm").read_text().strip()
        names[f"{name} {share:.2f}" if share > 0.01 else "idle"] += 1
    said = ", ".join(f"{number} x {name}" for name, number in sorted(names.items()))
    print(f"    threads of one of them, by the cores that they take: {said}")


def measure_together() -> float:
    """Smallest speed of 1, 2 and 4 workers, relative to the best fixed number of threads."""
    shares = []
    with tempfile.TemporaryDirectory(prefix="dlgn-threads-") as place:
        environment = prepared(Path(place), len(FIXED) * sum(COUNTS))
        import schemas

        schemas.open_database()
        seeds = iter(range(len(FIXED) * sum(COUNTS)))
        for count in COUNTS:
            found = {}
            for threads in FIXED:
                mine, given = [next(seeds) for _ in range(count)], environment | {"DLGN_THREADS": threads}
                found[threads] = windows_together(count, mine, given, Path(place))
                print(f"  {count} workers, threads {threads or 'not set'}: {found[threads]:.1f} windows/s together")
            shares.append(found[""] / max(found.values()))
    return min(shares)


def told(name: str, value: float, target: float) -> bool:
    print(f"threads_{name} {value:.2f} {target} {'ok' if value >= target else 'short'}")
    return value >= target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 s, no database: under 50 s on 2 cores")
    quick = parser.parse_args().quick
    rounds, seconds = (2, 1.0) if quick else (5, 3.0)
    print(f"{usable_cores()}, load {os.getloadavg()[0]:.1f} before")
    good = True
    with processes(seconds) as started:
        for name, (others, target) in CONDITIONS.items():
            print(f"{name}, load of {others} other processes")
            with busy(others):
                good &= told(name, share_of_best(started, rounds), target)
    if not quick:
        good &= told("workers_together", measure_together(), TOGETHER)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
