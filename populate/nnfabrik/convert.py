"""Conversion of a ``torch.save`` file to safetensors, for a process that does nothing else."""

from collections.abc import Mapping
from pathlib import Path

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.weights import save_weights


def convert(folder: str) -> str:
    """Write the state dict in ``folder/state`` as safetensors next to it and return the sha256.

    ``weights_only`` builds tensors and containers only: anything else in a file is refused, not run.
    Raises ConfigError and StoreError.
    """
    try:
        found = torch.load(Path(folder) / "state", map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes raise many kinds of error
        raise ConfigError(f"its state dict cannot be read ({(str(error).splitlines() or ['?'])[0][:200]})") from error
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise ConfigError(f"its state is a {type(found).__name__}, expected a state dict")
    return save_weights(dict(found), Path(folder))
