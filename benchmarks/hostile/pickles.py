"""Mutations of pickled frames, read as the lab's reader reads them."""

import pickle
import pickletools
import random
import struct

import numpy as np
import pandas as pd

from dlgn_cnn.data.readers.lab.reader import sessions
from dlgn_cnn.data.readers.lab.safe_pickle import ALLOWED, load_frame
from hostile.watch import ROOT, Read, Watch


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
    """Mutations of pickles of four versions of pandas."""

    def __init__(self, watch: Watch) -> None:
        self.path, self.sound = watch.inside / "responses.pkl", frames()

    def __call__(self, draw: random.Random) -> Read:
        self.path.write_bytes(mutated(draw.choice(self.sound), draw))

        def read() -> None:
            used(load_frame(self.path))
            sessions(self.path)

        return read
