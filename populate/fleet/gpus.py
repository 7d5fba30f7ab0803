"""GPUs for workers: each process sees its own device only."""

from collections.abc import Mapping, Sequence

from dlgn_cnn.errors import ConfigError


def chosen(gpus: str, environment: Mapping[str, str], count: int | None = None) -> list[str]:
    """The devices that ``gpus`` asks for, "all" or numbers as "0,2", by the names that CUDA_VISIBLE_DEVICES takes.

    Where that is set, as by a queueing system, only its devices are there, and numbers count among them. Raises
    ConfigError where there is no such device.
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
