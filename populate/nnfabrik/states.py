"""State dicts as DataJoint 0.14 stored them, to safetensors: read in a separate process, never unpickled whole."""

import hashlib
import multiprocessing
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
import numpy as np
import torch

from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.storage.rights import refusal
from dlgn_cnn.training.weights import load_weights
from populate.nnfabrik.convert import convert
from populate.nnfabrik.source import NnfabrikSchema, Row, storage, unpacked

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")  # of batch norm: no parameters


class States:
    """State dicts by the key of their fit. ``stores`` says where each external store of the source lies: path or URL.

    Files are read with ``torch.load(weights_only=True)``, which builds tensors and containers and nothing else, in a
    process that may break without harm, until ``close``.
    """

    def __init__(self, source: NnfabrikSchema, stores: Mapping[str, str]) -> None:
        self._source, self._stores = source, stores
        self._pool: ProcessPoolExecutor | None = None

    def close(self) -> None:
        """End the process that reads."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def digest(self, table: str, key: Row) -> str:
        """DataJoint's digest of a stored state, or the md5 of what lies in the table."""
        data, comment = self._source.state(table, key)
        return data.hex() if storage(comment)[1] is not None else hashlib.md5(data).hexdigest()

    def read(self, table: str, key: Row) -> dict[str, torch.Tensor]:
        """A fitted model's state dict. Raises ConfigError or StoreError with the reason."""
        data, comment = self._source.state(table, key)
        kind, store = storage(comment)
        if kind == "filepath":
            raise ConfigError("its state is a filepath@, which this command does not read")
        if store is not None:
            data = self._fetched(kind, store, data)
        elif kind == "attach":
            data = data.partition(b"\0")[2]
        return self._tensors(data) if kind == "attach" else _arrays(unpacked(data))

    def _fetched(self, kind: str, store: str, digest: bytes) -> bytes:
        """A file of an external store, by DataJoint's digest: md5 of its content, after an attachment's name."""
        if store not in self._stores:
            raise ConfigError(f"it lies in store {store!r}: say where that is with --store {store}=PLACE")
        row = self._source.row(f"~external_{store}", {"hash": digest})
        name = str(row["attachment_name"] or "") if kind == "attach" else ""
        if PurePosixPath(name).name != name:
            raise ConfigError(f"its attachment has the name {name!r}, which leads out of the store")
        code, root = digest.hex(), self._stores[store].rstrip("/")
        path = f"{root}/{self._source.schema}/{code[:2]}/{code[2:4]}/{code}" + (f".{name}" if name else "")
        try:
            with fsspec.open(path, "rb") as file:
                data = bytes(file.read(int(row["size"]) + 1))
        except Exception as error:  # each file system has errors of its own
            denied = isinstance(error, PermissionError)
            said = refusal(path) if denied else f"its file {path} cannot be read ({type(error).__name__})"
            raise StoreError(said) from error
        before = f"{name}\0".encode() if kind == "attach" else b""
        if hashlib.md5(before + data).digest() != digest:
            raise StoreError(f"its file {path} is damaged: it has another md5 than the database says")
        return data

    def _tensors(self, data: bytes) -> dict[str, torch.Tensor]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "state").write_bytes(data)
            try:
                digest = self._pool.submit(convert, folder).result()
            except BrokenProcessPool as error:
                self._pool = None
                raise ConfigError("reading its state dict ended the process that did") from error
            return {name: value.clone() for name, value in load_weights(Path(folder), digest).items()}


def parameters(state: Mapping[str, torch.Tensor]) -> int:
    """The number of parameters in a state dict: all floating-point numbers except batch norm's running means."""
    kept = (value for name, value in state.items() if name.rpartition(".")[2] not in BUFFERS)
    return sum(value.numel() for value in kept if value.is_floating_point())


def _arrays(found: Any) -> dict[str, torch.Tensor]:
    if not isinstance(found, dict) or not all(isinstance(value, np.ndarray) for value in found.values()):
        raise ConfigError("its state is not a dictionary of arrays")
    return {str(name): torch.from_numpy(np.ascontiguousarray(value)) for name, value in found.items()}
