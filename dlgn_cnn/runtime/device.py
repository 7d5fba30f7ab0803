"""The device that a fit runs on: a GPU where there is one, unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlgn_cnn.errors import ConfigError

if TYPE_CHECKING:
    import torch


def pick_device(wanted: str = "auto") -> torch.device:
    """``auto`` takes a CUDA GPU, then Apple's, then the CPU; any other word is torch's name of a device.

    Raises ConfigError for a device that this machine does not have.
    """
    import torch

    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device {wanted!r} is not to be had here ({error}): set DLGN_DEVICE to auto or cpu"
        ) from error
    return device


def device_name(device: torch.device) -> str:
    """What a device is called in the tables: a GPU by its maker's name."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
