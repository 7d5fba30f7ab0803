"""The device that fits would run on: whether it computes."""

import shutil
from collections.abc import Iterator

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.cores import usable_cores
from dlgn_cnn.runtime.device import pick_device, resolve
from dlgn_cnn.runtime.threads import describe_limit, thread_count
from populate.doctor.examine import FAIL, CheckResult, finding_if
from schemas.connection.settings import Settings

DRIVER = "nvidia-smi"  # there where NVIDIA's driver is


def check() -> Iterator[CheckResult]:
    """The device by its name and memory, after a product of matrices on it."""
    settings = Settings.from_environment()
    wanted = settings.device
    try:
        device = pick_device(wanted)
    except ConfigError as error:
        yield CheckResult(
            FAIL, "GPU", str(error), "set DLGN_DEVICE to auto or cpu, or install a build of torch for the GPU"
        )
        return
    ones = torch.ones(64, 64, device=device)
    auto = resolve("auto", device)
    right = bool(torch.equal(ones @ ones, 64 * ones))
    yield finding_if(
        "GPU",
        f"{_seen(device, settings)}; precision auto means {auto} here",
        right,
        "it computes wrongly: update its driver, or set DLGN_DEVICE=cpu",
        FAIL,
    )
    if limit := describe_limit(settings.threads, usable_cores()):
        yield finding_if("cores", limit, False, "raise that limit, or set DLGN_THREADS")
    if device.type == "cpu" and wanted == "auto" and shutil.which(DRIVER):
        advice = "install a build of torch for CUDA, as PyTorch's own page says, or update the driver"
        yield finding_if("GPU", f"this machine has {DRIVER}, but torch {torch.__version__} sees no GPU", False, advice)


def _seen(device: torch.device, settings: Settings) -> str:
    if device.type != "cuda":
        threads = thread_count(settings.threads, usable_cores())
        return f"none is used: fits run on {device.type}, {threads} threads in a worker that is alone"
    free, total = torch.cuda.mem_get_info(device)
    return f"{torch.cuda.get_device_name(device)}, {free / 1e9:.0f} of {total / 1e9:.0f} GB free"
