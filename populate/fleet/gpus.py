"""GPUs for workers: each process sees its own device only."""

from collections.abc import Mapping, Sequence

from dlgn_cnn.errors import ConfigError


def chosen(gpus: str, environment: Mapping[str, str], count: int | None = None) -> list[str]:
    """Names of the chosen devices, as CUDA_VISIBLE_DEVICES takes them.

    Parameters
    ----------
    gpus : str
        ``all``, or numbers as "0,2".
    environment : mapping
        Variables of this process. If a queueing system has set CUDA_VISIBLE_DEVICES, numbers count among its devices.
    count : int, optional
        Number of devices (default: as torch counts them).

    Returns
    -------
    list of str
        A name for each device.

    Raises
    ------
    ConfigError
        If there is no such device.
    """
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        import torch

        there = [str(number) for number in range(torch.cuda.device_count() if count is None else count)]
    else:
        there = [name for name in visible.split(",") if name]
    if not there:
        raise ConfigError(f"--gpus {gpus}: this machine shows no CUDA device: leave --gpus out to compute without")
    if gpus == "all":
        return there
    numbers = [str(number) for number in range(len(there))]
    asked = gpus.split(",")
    if not set(asked) <= set(numbers):
        raise ConfigError(f"--gpus {gpus}: expected all, or numbers among {','.join(numbers)}")
    return [there[int(number)] for number in asked]


def environments(devices: Sequence[str], share: int = 1) -> list[dict[str, str]]:
    """Variables of ``share`` processes on each device, of which each process sees its own only."""
    return [{"CUDA_VISIBLE_DEVICES": device, "DLGN_DEVICE": "cuda"} for device in devices for _ in range(share)]
