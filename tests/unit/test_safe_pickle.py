import builtins
import io
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dlgn_cnn.data.readers.lab.safe_pickle import ALLOWED, load_frame
from dlgn_cnn.errors import RecordingError
from tests.factories import responses_frame

DATA = Path(__file__).resolve().parents[1] / "data"


class Calls:
    """Pickles as a call of ``function`` on ``arguments``."""

    def __init__(self, function, *arguments):
        self.how = function, arguments

    def __reduce__(self):
        return self.how


def write(path, value, protocol=5):
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    return path


def in_a_cell(value):
    frame = responses_frame()
    cells = [*frame["spike_times"]]
    cells[3] = [1.0, value]
    return frame.assign(spike_times=pd.Series(cells, dtype=object))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_frame_comes_back_as_it_was(tmp_path, protocol):
    frame = responses_frame()
    found = load_frame(write(tmp_path / "a.pkl", frame, protocol))
    pd.testing.assert_frame_equal(found, frame)


@pytest.mark.parametrize("path", sorted(DATA.glob("frame_pandas_*.pkl")), ids=lambda p: p.stem)
def test_frames_written_by_older_pandas_are_read(path):
    frame = load_frame(path)
    assert frame["u"].tolist() == [0, 1, 2]
    assert frame["m"].tolist() == ["Ntsr1Cre_2019_0007"] * 3
    np.testing.assert_array_equal(frame["spike_times"][2], [0.2, 1.0])
    assert frame["opto_tranges"][0] == [[0.5, 1.5]]
    assert np.isnan(frame["pupil_size"][1][1])


@pytest.mark.parametrize("path", sorted(DATA.glob("typed_frame_*.pkl")), ids=lambda p: p.stem)
def test_categories_string_dtype_and_a_filtered_index_are_read(path):
    frame = load_frame(path)
    assert frame.index.tolist() == [1, 2]
    assert frame["m"].tolist() == ["Ntsr1Cre_2019_0007"] * 2
    assert frame["train_vs_test"].tolist() == ["train", "train"]
    np.testing.assert_array_equal(frame["trange"][1], [0.0, 4.99])
    np.testing.assert_array_equal(frame["opto_tranges"][1], [np.array([1.0, 2.0])])


def test_numpy_scalars_and_missing_values_in_cells_are_read(tmp_path):
    frame = pd.DataFrame({"a": pd.Series([np.float64(1.5), None, "x", np.int32(3), pd.NA, np.str_("ä")], dtype=object)})
    found = load_frame(write(tmp_path / "a.pkl", frame))["a"].tolist()
    assert found[:4] == [1.5, None, "x", 3]
    assert found[4] is pd.NA
    assert found[5] == "ä"


HOSTILE = {
    "os.system": lambda marker: Calls(os.system, f"touch {marker}"),
    "eval": lambda marker: Calls(builtins.eval, f"open({str(marker)!r}, 'w')"),
    "exec": lambda marker: Calls(builtins.exec, f"open({str(marker)!r}, 'w')"),
    "open": lambda marker: Calls(builtins.open, str(marker), "w"),
    "getattr": lambda marker: Calls(builtins.getattr, pd.DataFrame, "eval"),
    "numpy.load": lambda marker: Calls(np.load, str(marker), None, True),
    "numpy.save": lambda marker: Calls(np.save, str(marker), 1),
    "pandas.eval": lambda marker: Calls(pd.eval, "1 + 1"),
    "pandas.read_pickle": lambda marker: Calls(pd.read_pickle, str(marker)),
    "to_pickle": lambda marker: Calls(pd.to_pickle, 1, str(marker)),
}


@pytest.mark.parametrize("nested", [False, True], ids=["alone", "in a cell"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_is_refused_by_name_and_runs_nothing(tmp_path, name, nested):
    marker = tmp_path / "ran"
    bad = HOSTILE[name](marker)
    path = write(tmp_path / "a.pkl", in_a_cell(bad) if nested else bad)
    with pytest.raises(RecordingError, match="not on the list of safe names") as error:
        load_frame(path)
    assert bad.how[0].__name__.rpartition(".")[2] in str(error.value)
    assert not [left for left in tmp_path.iterdir() if left != path]


def test_the_hostile_pickles_do_run_when_they_are_let(tmp_path):
    marker = tmp_path / "ran"
    pickle.loads(pickle.dumps(HOSTILE["os.system"](marker)))
    assert marker.exists()


def opcodes(*parts):
    return b"\x80\x04" + b"".join(parts) + b"."


def named(module, name):
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def test_a_dotted_name_does_not_reach_through_an_allowed_one(tmp_path):
    path = tmp_path / "a.pkl"
    text = [b"\x8c" + struct.pack("<B", len(word)) + word for word in (b"pandas", b"DataFrame.eval")]
    path.write_bytes(opcodes(*text, b"\x93"))
    with pytest.raises(RecordingError, match=r"DataFrame\.eval"):
        load_frame(path)


@pytest.mark.parametrize(
    "target", [("pandas", "DataFrame"), ("pandas", "Index"), ("pandas.core.indexes.base", "_new_Index")]
)
def test_classes_and_functions_of_this_process_cannot_be_changed(tmp_path, target):
    path = tmp_path / "a.pkl"
    state = b"N}(" + b"\x8c\x08poisoned" + b"\x88" + b"u\x86"
    path.write_bytes(opcodes(named(*target), state, b"b"))
    with pytest.raises(RecordingError, match="setting the state of"):
        load_frame(path)
    assert not hasattr(pd.DataFrame, "poisoned")
    assert not hasattr(pd.Index, "poisoned")


def dtype_with(state, name="O8"):
    class Forged:
        def __reduce__(self):
            return np.dtype, (name, False, True), state

    return Forged()


@pytest.mark.parametrize(
    "state",
    [
        (3, "|", None, None, None, -1, -1, 0),
        (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0),
        (3, "|", None, None, None, 10**6, 1, 63),
    ],
    ids=["objects called plain", "hidden object field", "size"],
)
def test_a_forged_dtype_is_refused(tmp_path, state):
    with pytest.raises(RecordingError, match="refused"):
        load_frame(write(tmp_path / "a.pkl", dtype_with(state)))


@pytest.mark.parametrize("name", [[("a", "O")], "f8,O", "V8"])
def test_a_structured_dtype_is_refused(tmp_path, name):
    with pytest.raises(RecordingError, match="dtype"):
        load_frame(write(tmp_path / "a.pkl", Calls(np.dtype, name)))


def test_raw_bytes_never_become_objects(tmp_path):
    from numpy._core.numeric import _frombuffer

    hostile = Calls(_frombuffer, bytearray(8), np.dtype("O"), (1,), "C")
    with pytest.raises(RecordingError, match="objects of shape"):
        load_frame(write(tmp_path / "a.pkl", in_a_cell(hostile)))


def test_an_arrow_array_that_points_outside_its_buffer_is_refused(tmp_path):
    whole = pickle.dumps(pd.DataFrame({"text": pd.array(["abc", "def"], dtype="str")}))
    offsets = struct.pack("<3q", 0, 3, 6)
    assert offsets in whole
    (tmp_path / "a.pkl").write_bytes(whole.replace(offsets, struct.pack("<3q", 0, 3, 10**6)))
    with pytest.raises(RecordingError, match="points outside its buffers"):
        load_frame(tmp_path / "a.pkl")


@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], "text", np.zeros(3)])
def test_what_is_no_frame_is_refused(tmp_path, value):
    with pytest.raises(RecordingError, match="expected a pandas DataFrame"):
        load_frame(write(tmp_path / "a.pkl", value))


def test_every_truncation_is_refused(tmp_path):
    buffer = io.BytesIO()
    responses_frame().to_pickle(buffer)
    whole, path = buffer.getvalue(), tmp_path / "a.pkl"
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        with pytest.raises(RecordingError, match=r"a\.pkl is damaged"):
            load_frame(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"a\.pkl is missing"):
        load_frame(tmp_path / "a.pkl")


def test_no_allowed_name_is_a_way_to_run_text_or_open_files():
    dangerous = {"eval", "exec", "compile", "open", "getattr", "setattr", "__import__", "load", "read_pickle", "query"}
    assert not dangerous & {name for _, name in ALLOWED}
    assert {
        module for module, _ in ALLOWED if module in ("os", "posix", "nt", "sys", "functools", "operator", "subprocess")
    } == set()
