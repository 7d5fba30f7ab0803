"""Small MATLAB and HDF5 files: structs as dictionaries, cells as lists, in version 5 or as MATLAB 7.3 lays them out."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.io import savemat

USER_BLOCK = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Nov  2 10:00:00 2026 HDF5 schema 1.00 ."


def write_5(path: Path, variables: dict[str, Any], compressed: bool = True) -> Path:
    """A file of version 5."""
    savemat(path, {name: _celled(value) for name, value in variables.items()}, do_compression=compressed)
    return path


def write_73(path: Path, variables: dict[str, Any]) -> Path:
    """A file of version 7.3: axes reversed, text as numbers, structs as groups, cells as references."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            _put(file, file, name, value)
    data = bytearray(path.read_bytes())
    data[:128] = USER_BLOCK.ljust(124) + b"\x00\x02IM"
    path.write_bytes(data)
    return path


def write_plain(path: Path, variables: dict[str, Any]) -> Path:
    """An HDF5 file as h5py writes it; cells are arrays of varying length, or of texts."""
    with h5py.File(path, "w") as file:
        pending = [(file, name, value) for name, value in variables.items()]
        while pending:
            group, name, value = pending.pop()
            if isinstance(value, dict):
                inner = group.create_group(name)
                pending += [(inner, *one) for one in value.items()]
            elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
                made = group.create_dataset(name, (len(value),), h5py.vlen_dtype(np.float64))
                for row, item in enumerate(value):
                    made[row] = np.asarray(item, np.float64)
            else:
                group[name] = value
    return path


def _celled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _celled(one) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    cell = np.empty((1, len(value)), object)
    for column, item in enumerate(value):
        cell[0, column] = _celled(item)
    return cell


def _put(file: h5py.File, group: h5py.Group, name: str, value: Any) -> h5py.HLObject:
    if isinstance(value, dict):
        made = group.create_group(name)
        for field, one in value.items():
            _put(file, made, field, one)
        kind = "struct"
    elif isinstance(value, list):
        inner = file.require_group("#refs#")
        refs = [_put(file, inner, f"{len(inner)}_{n}", one).ref for n, one in enumerate(value)]
        made = group.create_dataset(name, data=np.array(refs, object)[:, None], dtype=h5py.ref_dtype)
        kind = "cell"
    elif isinstance(value, str):
        made = group.create_dataset(name, data=np.array([ord(one) for one in value], np.uint16)[:, None])
        kind = "char"
    else:
        array = np.atleast_2d(np.asarray(value))
        made = group.create_dataset(name, data=array.T if array.size else np.array(array.shape, np.uint64))
        if not array.size:
            made.attrs["MATLAB_empty"] = np.uint8(1)
        kind = {"float64": "double", "float32": "single"}.get(str(array.dtype), str(array.dtype))
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    return made
