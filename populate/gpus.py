"""One worker process a GPU: each sees its own device only, started as a fresh process, never forked after CUDA."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from dlgn_cnn.errors import ConfigError

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


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


def supervise(arguments: Sequence[str], devices: Sequence[str], share: int = 1) -> int:
    """Run ``dlgn populate`` with these arguments, ``share`` processes a device, until all have ended; the worst status.

    Signals to this process go on to each of them, once: they are in groups of their own.
    """
    command = [sys.executable, "-m", "populate", *arguments]
    started = [
        subprocess.Popen(
            command, env=os.environ | {"CUDA_VISIBLE_DEVICES": device, "DLGN_DEVICE": "cuda"}, start_new_session=True
        )
        for device in devices
        for _ in range(share)
    ]

    def forward(number: int, frame: FrameType | None) -> None:
        for worker in started:
            if worker.poll() is None:
                worker.send_signal(number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        statuses = [worker.wait() for worker in started]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
    return max(128 - status if status < 0 else status for status in statuses)
