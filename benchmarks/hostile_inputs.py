"""Feed generated hostile and damaged inputs to all readers, archives, configs, settings, the page and queries.

Every kind of input has a class that makes an input by chance and reads it. Children read many inputs each, under
limits of memory and time; a child that dies, or gives no answer, is replaced and its input counted. An input is refused
with one sentence, read right, or wrong: another error, what was read contradicts itself, a file outside its folder, a
program or an address was reached, a crash, more than 10 s, or more than 1 GB. VALUE is the number wrong.
"""

import argparse
import contextlib
import importlib
import multiprocessing
import os
import random
import re
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

from hostile.served import SERVED, server
from hostile.watch import Watch

from dlgn_cnn.errors import DlgnError

HANG_S, MEMORY_MB, SPACE = 10, 1024, 6 << 30
QUICK_S, SHOWN = 1.2, 8  # of each kind
REFUSED, READ, WRONG = "refused", "read", "wrong"
# Each kind: the class that makes and reads its inputs, and how many it gets in a run of full length.
KINDS = {
    "movie": ("native.Movies", 3000),
    "nwb": ("native.Nwb", 2000),
    "mat": ("variables.Mat", 2000),
    "hdf5": ("variables.Hdf5", 2000),
    "pickle": ("pickles.Pickles", 3000),
    "npz": ("arrays.Npz", 3000),
    "sensorium": ("arrays.Sensorium", 2000),
    "lab": ("arrays.Lab", 2000),
    "experanto": ("experanto.Experanto", 2000),
    "sorted": ("sorting.Sorted", 2000),
    "deeplake": ("arrays.DeepLake", 500),
    "config": ("texts.Configs", 2000),
    "settings": ("texts.SettingsFiles", 3000),
    "yaml": ("texts.Definitions", 1500),
    "archive": ("served.Archives", 1500),
    "page": ("asked.Page", 2000),
    "query": ("asked.Queries", 2000),
}


def outcome(kind: object, watch: Watch, name: str, seed: int) -> str:
    """What an input did."""
    try:
        read = kind(random.Random(f"{name} {seed}"))
    except Exception as error:
        return f"{WRONG} generator: {type(error).__name__}: {error!s:.200}"
    watch.start()
    try:
        read()
        answer = READ
    except DlgnError as error:
        said = str(error)
        answer = REFUSED if 0 < len(said) < 1000 and "\n" not in said else f"{WRONG} sentence: {said!r:.300}"
    except BaseException as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        answer = f"{WRONG} error: {type(error).__name__}: {str(error)[:200]!r} at {at.filename}:{at.lineno}"
    if reached := watch.reached():
        answer = f"{WRONG} reach: {'; '.join(reached)[:300]}"
    return answer


def serve(name: str, folder: str, inbox: Connection) -> None:
    """Answer each seed from the parent with what the input did."""
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    warnings.simplefilter("ignore")
    module, _, made = KINDS[name][0].partition(".")
    watch, parent = Watch(Path(folder)), os.getppid()
    kind = getattr(importlib.import_module(f"hostile.{module}"), made)(watch)
    outcome(kind, watch, name, -1)  # whatever is imported late
    with contextlib.suppress(EOFError):
        inbox.send("ready")
        while True:
            while not inbox.poll(5):
                if os.getppid() != parent:
                    return
            seed, started = inbox.recv(), time.monotonic()
            answer = outcome(kind, watch, name, seed)
            if time.monotonic() - started > HANG_S:
                answer = f"{WRONG} hang"
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MEMORY_MB * 1024:
                answer = f"{WRONG} memory: {answer}"
            inbox.send(answer)


class Child:
    """A process that reads inputs one after the other; it is replaced when one has killed or stopped it."""

    def __init__(self, name: str) -> None:
        self.name, self.seed = name, -1
        self.start()

    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="hostile-")
        self.pipe, theirs = multiprocessing.Pipe()
        given = (self.name, self.folder.name, theirs)
        self.process = multiprocessing.get_context("fork").Process(target=serve, args=given, daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, seed: int) -> None:
        self.seed, self.asked = seed, time.monotonic()
        self.pipe.send(seed)

    def answer(self) -> str:
        try:
            found = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(HANG_S)
            found = f"{WRONG} crash: exit {self.process.exitcode}"
        if found.startswith((f"{WRONG} crash", f"{WRONG} memory")):
            self.replace()
        return found

    def hung(self) -> bool:
        return time.monotonic() - self.asked > 3 * HANG_S

    def replace(self) -> None:
        self.stop()
        self.start()
        self.pipe.recv()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.folder.cleanup()


def tried(name: str, seeds: range, children: int, seconds: float) -> tuple[Counter, list[tuple[int, str]]]:
    """What the inputs of ``seeds`` did, and the seeds of those that went wrong; no new ones after ``seconds``."""
    left, counts, wrong = iter(seeds), Counter(), []
    started = [Child(name) for _ in range(children)]
    for child in started:
        child.pipe.recv()  # that it is ready
    until = time.monotonic() + seconds
    asked = [child for child in started if _next(child, left, until)]
    while asked:
        ready = wait([child.pipe for child in asked], timeout=1)
        for child in list(asked):
            hung = child.pipe not in ready and child.hung()
            if child.pipe in ready or hung:
                answer = f"{WRONG} hang" if hung else child.answer()
                if hung:
                    child.replace()
                counts[" ".join(answer.split(":")[0].split()[:2])] += 1
                if answer.startswith(WRONG):
                    wrong.append((child.seed, answer))
                if not _next(child, left, until):
                    child.stop()
                    asked.remove(child)
    return counts, wrong


def _next(child: Child, left: Iterator[int], until: float) -> bool:
    seed = next(left, None) if time.monotonic() < until else None
    if seed is None:
        return False
    child.ask(seed)
    return True


def main() -> int:
    with contextlib.ExitStack() as contexts:
        return run(contexts)


def run(contexts: contextlib.ExitStack) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most 50 s")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: all")
    parser.add_argument("--inputs", type=int, help="inputs of each kind (default: as many as suit its speed)")
    parser.add_argument(
        "--shard", type=int, default=0, help="which seeds: the first is SHARD times the inputs of a kind"
    )
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    total, kinds = 0, options.kind or list(KINDS)
    if set(kinds) & set(SERVED):
        home = contexts.enter_context(tempfile.TemporaryDirectory(prefix="hostile-home-"))
        contexts.enter_context(server(Path(home)))
    for name in kinds:
        inputs, started = options.inputs or KINDS[name][1], time.monotonic()
        first = options.shard * inputs
        seconds = QUICK_S if options.quick else float("inf")
        counts, wrong = tried(name, range(first, first + inputs), options.children, seconds)
        shown = " ".join(f"{what} {number}," for what, number in sorted(counts.items()))
        print(f"{name:10} tried {counts.total()}: {shown} {time.monotonic() - started:.0f} s", flush=True)
        alike = Counter()
        for seed, answer in wrong:
            kind = re.sub(r"\W?[\d/]\S*", "", answer)[:40]
            alike[kind] += 1
            if alike[kind] <= SHOWN:
                print(f"  seed {seed}: {answer}", flush=True)
        total += len(wrong)
    print(f"hostile_inputs {total} 0 {'ok' if total == 0 else 'short'}")
    return 0 if total == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
