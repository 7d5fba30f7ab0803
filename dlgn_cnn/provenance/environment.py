"""What computes: Python, torch, processor, GPU and installed packages; and torch kept to deterministic algorithms."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dlgn_cnn.config import value_sha256

if TYPE_CHECKING:
    import torch

OWN = "dlgn-cnn"  # its state is told by its code
CPU_INFO, GPU_DRIVER = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/version")
WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@dataclass(frozen=True)
class EnvironmentState:
    """What a result may depend on beside code, data and seed. ``packages`` are (distribution, version), sorted."""

    python: str
    platform: str
    processor: str
    torch: str
    accelerator: str
    driver: str
    threads: int
    deterministic: bool
    packages: tuple[tuple[str, str], ...]

    @property
    def packages_digest(self) -> str:
        """The digest of all distributions and their versions. 64 hex digits."""
        return value_sha256([list(one) for one in self.packages])

    @property
    def digest(self) -> str:
        """The name of this environment: equal digests, equal environments. 32 hex digits."""
        plain = asdict(self) | {"packages": self.packages_digest}
        return value_sha256(plain)[:32]


def environment(device: torch.device, deterministic: bool) -> EnvironmentState:
    """This process on this device; what costs time is looked up once a process."""
    import torch

    on_gpu = device.type == "cuda"
    return EnvironmentState(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=_platform(),
        processor=_processor(),
        torch=str(torch.__version__),
        accelerator=torch.cuda.get_device_name(device)[:64] if on_gpu else device.type,
        driver=_driver() if on_gpu else "",
        threads=torch.get_num_threads(),
        deterministic=deterministic,
        packages=_packages(),
    )


@contextlib.contextmanager
def deterministic_algorithms(wanted: bool) -> Iterator[None]:
    """Within the block, where ``wanted``, torch computes everything by algorithms that give the same bits each time.

    On a GPU it raises RuntimeError for an operation that has none; on a CPU all that models here need have one.
    """
    import torch

    before = torch.are_deterministic_algorithms_enabled()
    benchmark = torch.backends.cudnn.benchmark
    if wanted:
        os.environ.setdefault(WORKSPACE, ":4096:8")  # cuBLAS is deterministic with a workspace of its own only
        torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(wanted or before)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.backends.cudnn.benchmark = benchmark


@cache
def _platform() -> str:
    return " ".join(part for part in (platform.system(), platform.machine(), *platform.libc_ver()) if part)[:128]


@cache
def _processor() -> str:
    """The processor's name, and the instructions that torch uses of it, on which its last bits depend."""
    import torch

    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        match = re.search(r"^model name\s*:\s*(.+)$", CPU_INFO.read_text(), re.MULTILINE)
        name = match.group(1).strip() if match else name
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"[:128]


@cache
def _driver() -> str:
    import torch

    words = [f"CUDA {torch.version.cuda}", f"cuDNN {torch.backends.cudnn.version()}"]
    with contextlib.suppress(OSError):
        match = re.search(r"\b\d{3}\.\d+(\.\d+)?\b", GPU_DRIVER.read_text())
        words += [f"driver {match.group(0)}"] if match else []
    return ", ".join(words)[:64]


@cache
def _packages() -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for one in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"] or "").lower()
        if name and name != OWN:
            found.setdefault(name, one.version)  # the first on the path is the one that is imported
    return tuple(sorted(found.items()))
