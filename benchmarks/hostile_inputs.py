"""Feed generated hostile and damaged inputs to the readers, and count what each one does.

Every kind of input has a function that makes the ``seed``-th input and reads it. Children read many inputs each, under
limits of memory and time; a child that dies, or gives no answer, is replaced and its input counted. An input is refused
with one sentence, read, or wrong: another error, a crash, more than 10 s, or more than 1 GB. VALUE is the number wrong.
"""

import argparse
import contextlib
import multiprocessing
import os
import pickle
import pickletools
import random
import resource
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np
import pandas as pd

from dlgn_cnn.data.readers.lab.reader import sessions
from dlgn_cnn.data.readers.lab.safe_pickle import ALLOWED, load_frame
from dlgn_cnn.errors import DlgnError

ROOT = Path(__file__).resolve().parents[1]
HANG_S, MEMORY_MB, SPACE = 10, 1024, 6 << 30
REFUSED, READ, WRONG = "refused", "read", "wrong"


def frames() -> list[bytes]:
    """Sound pickles to start from: of four versions of pandas, and of each protocol."""
    generator = np.random.default_rng(0)
    cells = pd.Series([generator.random(3), [1.0, np.float32(2)], np.asfortranarray(generator.random((2, 3)))])
    frame = pd.DataFrame(
        {
            "m": ["a", "b", "a"],
            **{name: [1, 2, 3] for name in ("s", "e", "u", "scene_id")},
            "train_vs_test": ["train", "test", "train"],
            **{name: cells for name in ("trange", "spike_times", "opto_tranges")},
            "c": pd.Categorical(["x", "y", "x"]),
            "o": cells,
            "s": pd.array(["p", None, "ü"], dtype="string[python]"),
            "n": pd.array([1, None, 3], dtype="Int64"),
            "d": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
        }
    )
    made = [pickle.dumps(frame, protocol) for protocol in range(6)]
    made += [path.read_bytes() for path in sorted((ROOT / "tests" / "data").glob("*_pandas_*.pkl"))]
    return [*made, *map(unframed, made)]


def unframed(data: bytes) -> bytes:
    """The pickle without the opcodes that say how many bytes follow, at which most changes would end."""
    frames = [at for opcode, _, at in pickletools.genops(data) if opcode.name == "FRAME"]
    for at in reversed(frames):
        data = data[:at] + data[at + 9 :]
    return data


NAMES = [f"c{module}\n{name}\n".encode() for module, name in ALLOWED]
NUMBERS = (0, 1, -1, 255, 2**31 - 1, 2**32 - 1, 2**63 - 1)


def mutated(data: bytes, generator: random.Random) -> bytes:
    """One to three changes: arguments, bits, bytes, opcodes, sizes, pieces moved, doubled or left out, names."""
    changed = bytearray(data)
    if generator.random() < 0.5:
        return rewritten(data, generator)
    for _ in range(generator.choice((1, 1, 1, 2, 3))):
        at = generator.randrange(len(changed))
        end = min(len(changed), at + generator.choice((1, 1, 2, 8, 64)))
        other = generator.randrange(len(changed))
        way = generator.randrange(8)
        if way == 0:
            changed[at] ^= 1 << generator.randrange(8)
        elif way == 1:
            changed[at] = generator.randrange(256)
        elif way == 2:
            changed[at] = generator.choice(
                b"(.012FIJKMNRVX]abcdeghjlpqrstu})\x80\x81\x85\x86\x87\x8a\x8b\x8c\x93\x94\x95\x96"
            )
        elif way == 3:
            size = generator.choice(("<B", "<I", "<Q"))
            width = struct.calcsize(size)
            changed[at : at + width] = struct.pack(size, generator.choice(NUMBERS) & (2 ** (8 * width) - 1))
        elif way == 4:
            del changed[at:end]
        elif way == 5:
            changed[other:other] = changed[at:end]
        elif way == 6:
            changed[at:end] = changed[other : other + end - at]
        else:
            changed[at:at] = generator.choice(NAMES)
        if not changed:
            changed = bytearray(b".")
    return bytes(changed)


def rewritten(data: bytes, generator: random.Random) -> bytes:
    """The pickle with one to three whole opcodes left out, doubled, exchanged, or given another number or text."""
    starts = [at for _, _, at in pickletools.genops(data)]
    pieces = [data[at:end] for at, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    for _ in range(generator.choice((1, 1, 2, 3))):
        at, other = generator.randrange(len(pieces)), generator.randrange(len(pieces))
        way = generator.randrange(4)
        if way == 0:
            pieces[at] = b""
        elif way == 1:
            pieces[at] = pieces[at] * generator.choice((2, 3))
        elif way == 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif pieces[at][:1] in (b"K", b"J", b"M"):
            pieces[at] = b"J" + struct.pack("<I", generator.choice((*NUMBERS, 2, 3, 4, 9)) & (2**32 - 1))
        elif len(pieces[at]) > 1:
            inner = bytearray(pieces[at])
            inner[generator.randrange(1, len(inner))] = generator.choice((0, 1, 2, 127, 128, 255))
            pieces[at] = bytes(inner)
    return b"".join(pieces) or b"."


def used(frame: pd.DataFrame) -> None:
    """Touch everything that a frame holds, where a forged one would fail."""
    repr(frame.dtypes)
    for name in frame.columns:
        repr(name)
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        column.isna().sum()
        for cell in column.tolist()[:1000]:
            repr(cell)
    frame.head(3).copy(deep=True).to_string()


class Pickles:
    """Mutations of pickled frames, read as the lab's reader reads them."""

    def __init__(self, folder: Path):
        self.path, self.sound = folder / "responses.pkl", frames()

    def __call__(self, seed: int) -> str:
        generator = random.Random(seed)
        self.path.write_bytes(mutated(generator.choice(self.sound), generator))
        try:
            frame = load_frame(self.path)
            used(frame)
            sessions(self.path)
        except DlgnError as error:
            return REFUSED if len(str(error)) < 1000 and "\n" not in str(error) else f"{WRONG} sentence: {error}"
        return READ


# A kind is made once a child, with a folder of its own, and called with each seed.
KINDS: dict[str, Callable[[Path], Callable[[int], str]]] = {"pickle": Pickles}


def serve(kind: str, inbox: Connection) -> None:
    """Answer each seed from the parent with what the input did."""
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(EOFError):
        outcome, parent = KINDS[kind](Path(folder)), os.getppid()
        while True:
            while not inbox.poll(5):
                if os.getppid() != parent:
                    return
            seed, started = inbox.recv(), time.monotonic()
            try:
                answer = outcome(seed)
            except BaseException as error:
                answer = f"{WRONG} error: {type(error).__name__}: {str(error)[:200]}"
            if time.monotonic() - started > HANG_S:
                answer = f"{WRONG} hang"
            if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MEMORY_MB * 1024:
                answer = f"{WRONG} memory"
            inbox.send(answer)


class Child:
    """A process that reads inputs one after the other; it is replaced when one has killed or stopped it."""

    def __init__(self, kind: str):
        self.kind, self.seed = kind, -1
        self.start()

    def start(self) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=serve, args=(self.kind, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, seed: int) -> None:
        self.seed, self.asked = seed, time.monotonic()
        self.pipe.send(seed)

    def answer(self) -> str:
        try:
            found = self.pipe.recv()
        except (EOFError, OSError):
            found = f"{WRONG} crash"
        if found in (f"{WRONG} crash", f"{WRONG} memory"):
            self.replace()
        return found

    def hung(self) -> bool:
        return time.monotonic() - self.asked > 2 * HANG_S

    def replace(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def tried(kind: str, seeds: range, children: int, until: float) -> tuple[Counter, list[tuple[int, str]]]:
    """What the inputs of ``seeds`` did, and the seeds of those that went wrong; no new ones after ``until``."""
    left, counts, wrong = iter(seeds), Counter(), []
    asked = [child for child in (Child(kind) for _ in range(children)) if _next(child, left, until)]
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


def _next(child: Child, left: object, until: float) -> bool:
    seed = next(left, None) if time.monotonic() < until else None
    if seed is None:
        child.stop()
        return False
    child.ask(seed)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most 30 s")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: all")
    parser.add_argument("--inputs", type=int, default=20_000, help="inputs of each kind")
    parser.add_argument("--shard", type=int, default=0, help="which seeds: the first is SHARD times INPUTS")
    parser.add_argument("--children", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    inputs, kinds = 1000 if options.quick else options.inputs, options.kind or list(KINDS)
    first, total = options.shard * options.inputs, 0
    for kind in kinds:
        until = time.monotonic() + (30 / len(kinds) if options.quick else float("inf"))
        counts, wrong = tried(kind, range(first, first + inputs), options.children, until)
        print(f"{kind:10} tried {counts.total()}", *(f"{what} {number}" for what, number in sorted(counts.items())))
        for seed, answer in wrong[:20]:
            print(f"  seed {seed}: {answer}")
        total += len(wrong)
    print(f"hostile_inputs {total} 0 {'ok' if total == 0 else 'short'}")
    return 0 if total == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
