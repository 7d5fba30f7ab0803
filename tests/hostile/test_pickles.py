"""No pickle runs code, ends the process, or asks for more memory and time than its size allows."""

import dataclasses
import json
import os
import pickle
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy._core.multiarray import _reconstruct
from numpy._core.numeric import _frombuffer
from pandas._libs.internals import _unpickle_block
from pandas.core.indexes.base import _new_Index
from pandas.core.internals.managers import BlockManager

from dlgn_cnn.bounds import BOUNDS
from dlgn_cnn.data.readers.lab.pickle_machine import run
from dlgn_cnn.data.readers.lab.pickled_values import Values
from dlgn_cnn.data.readers.lab.safe_pickle import ALLOWED, load_frame
from dlgn_cnn.errors import ConfigError, RecordingError

DATA = Path(__file__).resolve().parents[1] / "data"
SPACE, CPU_S, RESIDENT_MB = 4 << 30, 60, 512


class Calls:
    """Pickles as a call of ``function``, and the state that is set afterwards."""

    def __init__(self, function, *arguments, state=None):
        self.how = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.how


def array(shape, dtype, data):
    return Calls(_reconstruct, np.ndarray, (0,), b"b", state=(1, shape, np.dtype(dtype), False, data))


def labels(names):
    return Calls(_new_Index, pd.Index, {"data": np.array(names, dtype=object), "name": None})


def frame(values, places, columns=("a", "b"), rows=("r", "q")):
    rows = rows if isinstance(rows, Calls) else labels(rows)
    blocks = (Calls(_unpickle_block, values, places, 2),) if values is not None else ()
    manager = Calls(BlockManager, blocks, [labels(columns), rows])
    return Calls(pd.DataFrame, state={"_mgr": manager, "_typ": "dataframe"})


def in_a_cell(value):
    return frame(array((2, 2), "O", [1, value, 3, 4]), slice(0, 2, 1))


def column(values):
    return frame(values, slice(0, 1, 1), ["a"])


TWO = np.arange(4).reshape(2, 2)
FACTORS = pd.Categorical(["x", "y"])


def categories(codes):
    function, arguments, _ = FACTORS.__reduce__()
    return Calls(function, *arguments, state=(FACTORS.dtype, np.array(codes, dtype="i1")))


def laughs():
    joke = [1.0]
    for _ in range(30):
        joke = [joke] * 10
    return joke


def nested(depth):
    inner = ()
    for _ in range(depth):
        inner = (inner,)
    return inner


def itself():
    inner = [1]
    inner.append(inner)
    return inner


def shared_bytes():
    raw, of = bytes(10**6), np.dtype("u1")
    return [Calls(_frombuffer, raw, of, (10**6,), "C") for _ in range(50)]


def rows_without_columns():
    rows = Calls(_new_Index, pd.RangeIndex, {"name": None, "start": 0, "stop": 10**15, "step": 1})
    return frame(None, None, [], rows)


def twice():
    start = pickle.dumps(frame(TWO, slice(0, 2, 1)), protocol=4)[:-1]
    return start + b"}\x8c\x04_mgrNsb."


# A frame by itself, or raw opcodes, and what the error says.
HOSTILE = {
    "pointers as objects": (in_a_cell(Calls(_frombuffer, bytearray(8), np.dtype("O"), (1,), "C")), "objects of shape"),
    "pointers by the class": (in_a_cell(Calls(np.ndarray, (1,), np.dtype("O"), bytes(8))), "ndarray in a cell"),
    "a function of the system": (in_a_cell(Calls(os.system, "touch ran")), r"asks for \w+\.system"),
    "a place far away": (frame(TWO, np.array([0, 10**9])), "places beyond"),
    "a place before the first": (frame(TWO, np.array([0, -(10**6)])), "places beyond"),
    "a place twice": (frame(TWO, np.array([1, 1])), "two columns at place 1"),
    "a slice far away": (frame(TWO, slice(10**9, 10**9 + 2, 1)), "a block of shape"),
    "a slice that stands still": (frame(TWO, slice(0, 2, 0), ["a", "b", "c"]), "is damaged"),
    "too few columns": (frame(TWO, slice(0, 2, 1), ["a", "b", "c"]), "3 names for 2 columns"),
    "too few rows": (frame(TWO, slice(0, 2, 1), rows=list("abcdefgh")), "a block of shape"),
    "rows without columns": (rows_without_columns(), "beyond the bound"),
    "codes beyond the categories": (column(categories([0, 5])), "is damaged"),
    "codes below -1": (column(categories([0, -7])), "is damaged"),
    "a shape beyond its bytes": (in_a_cell(array((2**40,), "f8", b"12345678")), "raw bytes|beyond the bound"),
    "a shape below zero": (in_a_cell(array((-1,), "f8", b"")), "of shape"),
    "an empty shape without end": (in_a_cell(array((0, 2**60), "f8", b"")), "beyond the bound"),
    "shapes as text": (in_a_cell(array("ab", "f8", b"")), "of shape"),
    "a truth value of 7": (in_a_cell(array((1,), "?", b"\7")), "not values of bool"),
    "text beyond Unicode": (in_a_cell(array((1,), "<U1", b"\xff" * 4)), "not values of"),
    "a list in itself": (in_a_cell(itself()), "contains itself"),
    "nested without end": (in_a_cell(nested(500)), "beyond the bound pickle.depth of 40"),
    "a billion values": (in_a_cell(laughs()), "beyond the bound pickle.elements"),
    "one array in many cells": (in_a_cell([np.zeros(10**4)] * 10**5), "beyond the bound pickle.elements"),
    "bytes of many arrays": (in_a_cell(shared_bytes()), "share the same 1000000 bytes"),
    "a state set twice": (twice(), "twice is refused"),
    "keys of equal hash": (in_a_cell({(1,): 2}), "a dict with the key"),
    "a huge number": (b"\x80\x04\x8b" + struct.pack("<i", 10**6) + bytes(10**6) + b".", "number of 1000000 bytes"),
    "a number of negative size": (b"\x80\x04\x8b" + struct.pack("<i", -1) + b".", "cut short"),
    "a long line of digits": (b"I" + b"9" * 10**6 + b"\n.", "whole number"),
    "a far place in the memo": (b"\x80\x04Nr\xff\xff\xff\xff.", "expected a pandas DataFrame"),
    "bytes without end": (b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"ab.", "cut short"),
    "text without end": (b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"ab.", "cut short"),
    "marks without end": (b"(" * 10**6, "cut short"),
    "tuples without end": (b"\x80\x04)" + b"\x85" * 10**6 + b".", "expected a pandas DataFrame"),
    "an object from elsewhere": (b"\x80\x04\x8c\x01aQ.", "BINPERSID"),
    "an extension": (b"\x80\x04\x82\x01.", "EXT1"),
    "a buffer from outside": (b"\x80\x05\x97.", "NEXT_BUFFER"),
    "an instance of Python 2": (b"(c__main__\nA\no.", "which is not on the list"),
    "a name with line ends": (b"\x80\x04\x8c\x02a\n\x8c\x02\nb\x93.", "which is not on the list"),
    "a name without end": (b"c" + b"a" * 10**6 + b"\nb\n.", "which is not on the list"),
}  # fmt: skip
CHILD = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]),) * 2)
from dlgn_cnn.data.readers.lab.safe_pickle import load_frame
from dlgn_cnn.errors import ConfigError, RecordingError

def peak_mb():  # ru_maxrss begins with what the parent had
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

for path in sorted(Path(sys.argv[1]).glob("*.pkl")):
    try:
        found = f"READ {load_frame(path).shape}"
    except RecordingError as error:
        found = str(error)
    print(json.dumps([path.stem, found, peak_mb()]), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What a child with limits says of each file, and the memory that it had used by then."""
    folder = tmp_path_factory.mktemp("pickles")
    for name, (value, _) in HOSTILE.items():
        (folder / f"{name}.pkl").write_bytes(value if isinstance(value, bytes) else pickle.dumps(value))
    (folder / "sound.pkl").write_bytes(pickle.dumps(frame(TWO, slice(0, 2, 1))))
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    limits = [str(folder), str(SPACE), str(CPU_S)]
    child = [sys.executable, "-c", CHILD, *limits]
    ended = subprocess.run(child, capture_output=True, text=True, cwd=folder, timeout=10 * CPU_S, env=alone)
    assert not (folder / "ran").exists()
    found = {name: (words, memory) for name, words, memory in map(json.loads, ended.stdout.splitlines())}
    return found, f"the child ended with {ended.returncode}: {ended.stderr[-500:]}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_is_refused_with_one_sentence_in_bounded_memory(outcomes, name):
    found, ended = outcomes
    assert name in found, ended
    words, memory = found[name]
    assert re.search(HOSTILE[name][1], words), words
    assert len(words) < 600
    assert "\n" not in words
    assert memory < RESIDENT_MB


def test_the_frame_that_hostile_ones_are_made_from_is_read(outcomes):
    assert outcomes[0]["sound"][0] == "READ (2, 2)", outcomes[1]


@pytest.mark.parametrize("bound", ["opcodes", "remembered", "seconds", "depth", "elements"])
def test_each_bound_is_named_with_the_way_to_raise_it(bound, monkeypatch):
    data = pickle.dumps([[float(number)] for number in range(70_000)])
    tight = dataclasses.replace(BOUNDS[f"pickle.{bound}"], most=0 if bound == "seconds" else 1, per_byte=0)
    monkeypatch.setitem(BOUNDS, f"pickle.{bound}", tight)
    with pytest.raises(RecordingError, match=f"beyond the bound pickle.{bound} of .* set DLGN_BOUNDS=4"):
        Values(len(data)).plain(run(data, ALLOWED))


def test_a_larger_file_than_the_bound_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.pkl"
    with path.open("wb") as file:
        file.truncate(2**35 + 1)  # a hole, which takes no room
    with pytest.raises(RecordingError, match=f"{2**35 + 1} bytes of the file, beyond the bound pickle.bytes"):
        load_frame(path)


def test_the_environment_raises_the_bounds(tmp_path, monkeypatch):
    path, shared = tmp_path / "a.pkl", np.zeros(100)
    pd.DataFrame({"a": pd.Series([shared] * 20_000, dtype=object)}).to_pickle(path)
    with pytest.raises(RecordingError, match=r"beyond the bound pickle.elements"):
        load_frame(path)
    monkeypatch.setenv("DLGN_BOUNDS", "4")
    assert load_frame(path)["a"][19_999].shape == (100,)
    monkeypatch.setenv("DLGN_BOUNDS", "many")
    with pytest.raises(ConfigError, match="DLGN_BOUNDS is 'many', expected a whole number"):
        load_frame(path)


def same(found, expected):
    """Equal in type, and in each bit of each array."""
    if isinstance(expected, np.ndarray):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        if expected.dtype == object:
            same(found.ravel().tolist(), expected.ravel().tolist())
        else:
            assert found.tobytes() == expected.tobytes()
            assert found.flags.f_contiguous == expected.flags.f_contiguous
    elif isinstance(expected, list | tuple):
        assert type(found) is type(expected)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        same([*found.values()], [*expected.values()])
    else:
        assert type(found) is type(expected)
        assert found is expected or found == expected or (found != found and expected != expected)


def same_frames(found, expected):
    pd.testing.assert_frame_equal(found, expected)
    assert found.dtypes.tolist() == expected.dtypes.tolist()
    for place in range(expected.shape[1]):
        same(found.iloc[:, place].tolist(), expected.iloc[:, place].tolist())


@pytest.mark.parametrize("path", sorted(DATA.glob("*_pandas_*.pkl")), ids=lambda path: path.stem)
def test_files_of_four_versions_of_pandas_are_read_as_pandas_reads_them(path):
    same_frames(load_frame(path), pd.read_pickle(path))


NUMBERS = st.floats() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()
PLAIN = NUMBERS | st.text(max_size=8) | st.binary(max_size=8)
SCALARS = st.sampled_from(
    [np.float32(1.5), np.int8(-3), np.bool_(True), np.str_("ä"), np.datetime64("2020-01-01"), pd.NA]
)


@st.composite
def arrays(draw):
    dtype = draw(st.sampled_from(["<f8", ">f8", "<i4", ">u2", "?", "<U3", "S2", "<M8[ns]", "c16"]))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    made = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    return np.asfortranarray(made) if draw(st.booleans()) else made


CELLS = st.recursive(
    PLAIN | SCALARS | arrays(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner)
    ),
    max_leaves=8,
)
COLUMNS = {
    "object": CELLS,
    "float64": st.floats(),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "bool": st.booleans(),
    "str": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    "string[python]": st.none() | st.text(),
    "category": st.none() | st.sampled_from("abc"),
    "Int64": st.none() | st.integers(-9, 9),
    "Float32": st.none() | st.floats(-9, 9, width=32),
    "boolean": st.none() | st.booleans(),
    "datetime64[ns]": st.none() | st.datetimes(pd.Timestamp(1700, 1, 1), pd.Timestamp(2200, 1, 1)),
    "timedelta64[us]": st.none() | st.integers(0, 9).map(lambda n: pd.Timedelta(n, "s")),
}  # fmt: skip


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 4))
    kinds = draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=6))
    made = {
        place: pd.Series(draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows)), dtype=kind)
        for place, kind in enumerate(kinds)
    }
    built = pd.DataFrame(made, index=pd.RangeIndex(rows))
    names = draw(st.sampled_from(["numbers", "text", "objects"]))
    if names != "numbers":
        built.columns = pd.Index([f"c{place}" for place in made], dtype="str" if names == "text" else object)
    return built[::-1] if draw(st.booleans()) else built


@settings(max_examples=150, deadline=None)
@given(expected=frames(), protocol=st.integers(0, 5))
def test_any_frame_of_a_lab_comes_back_as_pandas_reads_it(tmp_path_factory, expected, protocol):
    path = tmp_path_factory.getbasetemp() / "generated.pkl"
    path.write_bytes(pickle.dumps(expected, protocol))
    same_frames(load_frame(path), pd.read_pickle(path))
