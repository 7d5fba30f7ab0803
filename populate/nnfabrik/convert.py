"""A file of ``torch.save`` as safetensors: what is done in a process that does nothing else."""

from collections.abc import Mapping
from pathlib import Path

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.training.weights import save_weights


def convert(folder: str) -> str:
    """The state dict in ``folder/state`` as safetensors beside it; its sha256. Raises ConfigError and StoreError.

    ``weights_only`` builds tensors and containers and nothing else: what a file asks for besides is refused, not run.
    """
    try:
        found = torch.load(Path(folder) / "state", map_location="cpu", weights_only=True)
    except Exception as error:  # what damaged bytes lead to is many kinds of error
        raise ConfigError(f"its state dict cannot be read ({(str(error).splitlines() or ['?'])[0][:200]})") from error
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise ConfigError(f"its state is a {type(found).__name__}, expected a state dict")
    return save_weights(dict(found), Path(folder))
