"""Weights as safetensors files named by their bytes: loading one can run no code."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.object_store import ObjectStore

if TYPE_CHECKING:
    import torch

ENDING = ".safetensors"


def save_weights(state: dict[str, torch.Tensor], place: Path | ObjectStore) -> str:
    """Store a state dict in a folder or an object store; the sha256 of its file, which is its name, is returned.

    Raises StoreError for one that holds anything but tensors.
    """
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights"
        save_file(_separate(state), file)
        return _objects(place).put(file, ENDING)


def load_weights(place: Path | ObjectStore, sha256: str) -> dict[str, torch.Tensor]:
    """The state dict stored under ``sha256``. Raises StoreError for a missing, altered or foreign file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = _objects(place).get(sha256, ENDING)
    try:
        return load_file(path)
    except SafetensorError as error:
        raise StoreError(f"weights {path} are not a safetensors file ({error}): nothing of it was loaded") from error


def _separate(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors on the CPU, none in another's memory: weights that are shared are stored once for each name."""
    import torch

    found: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for key, value in state.items():
        if not isinstance(value, torch.Tensor):
            raise StoreError(f"state dict entry {key!r} is of type {type(value).__name__}: only tensors can be stored")
        tensor = value.detach().cpu().contiguous()
        place = tensor.untyped_storage().data_ptr()
        found[key] = tensor.clone() if place in seen else tensor
        seen.add(place)
    return found


def _objects(place: Path | ObjectStore) -> ObjectStore:
    return place if isinstance(place, ObjectStore) else ObjectStore(place)
