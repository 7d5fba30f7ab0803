"""Weights as safetensors files named by their bytes: loading one can run no code."""

import os
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dlgn_cnn.data.files import file_sha256
from dlgn_cnn.errors import StoreError


def save_weights(state: dict[str, torch.Tensor], folder: Path) -> str:
    """Store a state dict below ``folder``; the sha256 of its file, which is its name, is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        save_file({key: value.detach().cpu().contiguous() for key, value in state.items()}, temporary)
        digest = file_sha256(temporary)
        os.replace(temporary, weight_file(folder, digest))
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def load_weights(folder: Path, sha256: str) -> dict[str, torch.Tensor]:
    """The state dict stored under ``sha256``. Raises StoreError for a missing, altered or foreign file."""
    path = weight_file(folder, sha256)
    if not path.is_file():
        raise StoreError(f"weights {path} are missing: restore the store folder, or delete the row and populate again")
    if file_sha256(path) != sha256:
        raise StoreError(f"weights {path} are not the ones that were stored: their bytes have another sha256")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise StoreError(f"weights {path} are not a safetensors file ({error})") from error


def weight_file(folder: Path, sha256: str) -> Path:
    """Where weights of that digest lie."""
    return folder / f"{sha256}.safetensors"
