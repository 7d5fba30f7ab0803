"""The process that reads MATLAB and HDF5 files: scipy, HDF5 and h5py can crash, hang or swell over a damaged one."""

import json
import os
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dlgn_cnn.bounds import check
from dlgn_cnn.data.readers.shared.hdf5_files import contained
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.answering import Answers

Value = np.ndarray | list[np.ndarray]  # numbers or texts, or a cell of numbers
Head = tuple[str, tuple[int, ...], str]
COMPRESSED = 15  # type of an element
TOLD, LETTERS = 20, 700  # variables, and letters of their list


def answer(answers: Answers, request: dict[str, Any]) -> None:
    """Send those of the named variables that there are, or what the file holds if none is named."""
    path = Path(request["place"])
    os.chdir(request["here"])  # for storage outside the file, whose name is relative to it
    if not request["hdf5"]:
        _send(answers, request, *_of_mat(path, request["names"].values()))
        return
    with contained(path) as file:
        _send(answers, request, *_of_hdf5(file, request["hdf5"] == "7.3"))


def _send(answers: Answers, request: dict[str, Any], get: Callable[[str], Value | None], heads: Iterator[Head]) -> None:
    names, path = request["names"], Path(request["place"])
    for name, place in names.items():
        value = get(place)
        if value is None:
            continue
        answers.say(name=name, cell=isinstance(value, list))
        if isinstance(value, list):
            answers.send(np.array([len(item) for item in value], np.int64))
            value = np.concatenate([np.empty(0), *value])
        if name != "frames":  # which alone stay as they are: all others become numbers of 8 bytes
            bound = "hdf5.unpacked" if request["hdf5"] else "mat.unpacked"
            check(bound, 8 * value.size, f"{path}: {place!r:.60}", path.stat().st_size)
        answers.send(value if value.dtype.kind != "U" else json.dumps(value.ravel().tolist()))
    found = [] if names else [f"{place} {tuple(shape)} {kind}" for place, shape, kind in heads]
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    answers.say(contents=", ".join(found[:TOLD])[:LETTERS] + more)


def _of_mat(path: Path, places: Collection[str]) -> tuple[Callable[[str], Value | None], Iterator[Head]]:
    """How to get the variable at a path in a MATLAB file before 7.3, and the path, shape and type of each."""
    from scipy.io import loadmat, whosmat

    check("mat.unpacked", _unfolded(path), path, path.stat().st_size)
    heads = whosmat(path, appendmat=False)
    structs = {name for name, _, kind in heads if kind == "struct"}
    wanted = {place.split(".")[0] for place in places} if places else structs
    loaded = loadmat(path, appendmat=False, variable_names=sorted(wanted))

    def get(place: str) -> Value | None:
        first, *fields = place.split(".")
        found = loaded.get(first) if any(name == first for name, _, _ in heads) else None
        for field in fields:
            found = _field(found, field) if field in (getattr(found, "dtype", np.dtype("f8")).names or ()) else None
        struct = isinstance(found, np.ndarray) and found.dtype.names
        return None if found is None or struct else _of_matlab(found, place)

    return get, (leaf for head in heads for leaf in _leaves(loaded.get(head[0]), head))


def _unfolded(path: Path) -> int:
    """Bytes that the compressed variables of a MATLAB 5 file announce."""
    total = 0
    with path.open("rb") as file:
        order = {b"IM": "<II", b"MI": ">II"}.get(file.read(128)[126:], "")
        while order and len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(order, tag)
            end = file.tell() + size
            if kind == COMPRESSED:
                inner = zlib.decompressobj().decompress(file.read(min(size, 1024)), 8)
                total += struct.unpack(order, inner.ljust(8, b"\0"))[1]
            file.seek(end)
    return total


def _field(found: Any, field: str) -> Any:
    """A field of a struct, or a cell of that of each struct."""
    return found[field].item() if found.size == 1 else found[field]


def _leaves(value: Any, head: Head) -> Iterator[Head]:
    if head[2] != "struct" or not getattr(value, "dtype", np.dtype("f8")).names or value.size != 1:
        yield head
        return
    for field in value.dtype.names:
        inner = _field(value, field)
        kind = getattr(inner, "dtype", np.dtype("V1"))
        said = "struct" if kind.names else "cell" if kind.kind == "O" else str(kind)
        yield from _leaves(inner, (f"{head[0]}.{field}", np.shape(inner), said))


def _of_matlab(found: Any, place: str) -> Value:
    kind = getattr(found, "dtype", np.dtype("V1"))
    if not isinstance(found, np.ndarray) or kind.kind not in "biufUO":
        raise _strange(place, f"{type(found).__name__} {kind}")
    if kind.kind == "O":
        return _cell(found, [_of_matlab(item, place) for item in found.ravel()], place)
    return found if kind.kind != "U" else np.char.rstrip(found if found.size else np.array([""]))


def _of_hdf5(file: Any, reverses: bool) -> tuple[Callable[[str], Value | None], Iterator[Head]]:
    """How to get the data set at a path in an HDF5 file, whose axes MATLAB reverses, and a description of each."""

    def get(place: str) -> Value | None:
        paths = (path for path in (place, place.replace(".", "/")) if path.strip("/. ") and path in file)
        found = next((file[path] for path in paths), None)
        return _of_dataset(file, found, place, reverses) if hasattr(found, "dtype") else None

    return get, _datasets(file, reverses)


def _datasets(file: Any, reverses: bool) -> Iterator[Head]:
    names: list[str] = []
    file.visit(names.append)
    for name in names:
        one = file[name]
        if hasattr(one, "dtype") and not name.startswith("#"):
            yield name.replace("/", "." if reverses else "/"), (one.shape or ())[:: -1 if reverses else 1], _kind(one)


def _of_dataset(file: Any, one: Any, place: str, reverses: bool) -> Value:
    kind = getattr(one, "dtype", np.dtype("V1"))
    special = kind.metadata or {}
    if kind.kind not in "biufOS" or one.shape is None:
        raise _strange(place, _kind(one))
    if kind.kind == "S" or special.get("vlen") in (str, bytes):
        return np.array(one.asstr(errors="replace")[()], np.str_)
    found = np.empty(0) if one.attrs.get("MATLAB_empty", 0) else np.asarray(one[()])
    found = found.T if reverses else found
    if _kind(one) == "char":
        return np.array(["".join(map(chr, row)).rstrip() for row in np.atleast_2d(found).tolist()])
    if kind.kind != "O":
        return found
    if "vlen" in special:
        return _cell(found, [np.asarray(item) for item in found.ravel()], place)
    return _cell(found, [_of_dataset(file, file[item], place, reverses) for item in found.ravel()], place)


def _kind(one: Any) -> str:
    named = one.attrs.get("MATLAB_class", b"")
    return (
        named.decode("ascii", "replace") if isinstance(named, bytes) and named else str(getattr(one, "dtype", "struct"))
    )


def _cell(found: np.ndarray, items: list[Value], place: str) -> Value:
    """What the items of a cell are together: texts, or a list of arrays of numbers."""
    check("recording.units", len(items), f"variable {place!r:.60}")
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    texts = [str(item.item()) for item in arrays if item.dtype.kind == "U" and item.size == 1]
    if len(texts) == len(items) > 0:
        return np.array(texts)
    numeric = len(arrays) == len(items) and not any(item.dtype.kind == "U" for item in arrays)
    if not numeric or found.size != max(found.shape, default=1):
        raise _strange(place, f"cell {found.shape}")
    return [item.ravel() for item in arrays]


def _strange(place: str, kind: str) -> RecordingError:
    return RecordingError(
        f"variable {place!r:.60} is of type {kind:.80}, expected numbers, text, or a row of cells with one of them each"
    )
