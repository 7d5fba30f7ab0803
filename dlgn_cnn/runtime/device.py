"""Device that a fit runs on, and the precision that it is fast in."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dlgn_cnn.errors import ConfigError

if TYPE_CHECKING:  # torch takes seconds to import, and a check of a config needs none
    import torch
logger = logging.getLogger("dlgn")
PRECISIONS = ("auto", "float32", "bfloat16")
AMPERE = (8, 0)  # CUDA compute capability of the first GPUs that multiply bfloat16
# Values of ONEDNN_MAX_CPU_ISA below which oneDNN has no instruction that multiplies bfloat16.
BELOW_BFLOAT16 = ("sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2", "avx512_core", "avx512_core_vnni")
BELOW_AMX = (*BELOW_BFLOAT16, "avx512_core_bf16", "avx512_core_fp16", "avx10_1_512", "avx10_2_512")
EMULATED = "4 to 10 times slower than float32 there, with no gain in correlation"
_warned: set[str] = set()  # the devices, by name, about which this process has warned


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
    """Name of a device in the tables: a GPU by its maker's name."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def check_precision(precision: object) -> None:
    """Raise ConfigError for what is none of ``PRECISIONS``."""
    if precision not in PRECISIONS:
        raise ConfigError(f"precision {precision!r}: choose auto, float32 or bfloat16")


def native(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 by instructions of its own, instead of emulating it in float32.

    Parameters
    ----------
    device : torch.device
        The device.

    Returns
    -------
    bool
        True for CUDA GPUs from compute capability 8.0 on, and for x86 CPUs by ``cpu_is_native``.
    """
    import torch

    if device.type == "cuda":
        return gpu_is_native(torch.cuda.get_device_capability(device))
    return device.type == "cpu" and cpu_is_native(cpu_flags(), os.environ)


def gpu_is_native(capability: tuple[int, int]) -> bool:
    """Whether a CUDA GPU of this compute capability (major, minor) multiplies bfloat16."""
    return capability >= AMPERE


def cpu_flags() -> frozenset[str]:
    """Which of ``avx512_bf16`` and ``amx_bf16`` this CPU has, as far as torch can tell; none where it cannot."""
    import torch

    # A torch that does not know is taken for a CPU that has none: what is lost there is a factor of two, not of ten.
    known: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return frozenset(name for name in ("avx512_bf16", "amx_bf16") if known.get(name) is True)


def cpu_is_native(flags: frozenset[str], environment: Mapping[str, str]) -> bool:
    """Whether oneDNN, which convolves and multiplies matrices, multiplies bfloat16 on a CPU.

    A process may be kept to fewer instructions than the CPU has. Not by ``ATEN_CPU_CAPABILITY``, which keeps torch's
    other operations to fewer: with ``avx2``, bfloat16 was still 1.5 to 2 times faster on a CPU with AVX512-BF16.

    Parameters
    ----------
    flags : frozenset of str
        Those of ``avx512_bf16`` and ``amx_bf16`` that the CPU has.
    environment : mapping
        The process's environment, of which oneDNN reads ``ONEDNN_MAX_CPU_ISA``, or else ``DNNL_MAX_CPU_ISA``, in any
        case. A word that it does not know caps nothing.

    Returns
    -------
    bool
        Whether it does.

    Examples
    --------
    >>> cpu_is_native(frozenset({"amx_bf16"}), {"ONEDNN_MAX_CPU_ISA": "avx2"})
    False
    """
    cap = (environment.get("ONEDNN_MAX_CPU_ISA") or environment.get("DNNL_MAX_CPU_ISA") or "").lower()
    if cap in BELOW_BFLOAT16:
        return False
    return "avx512_bf16" in flags or ("amx_bf16" in flags and cap not in BELOW_AMX)


def resolve(precision: str, device: torch.device, auto: str = "auto") -> str:
    """Resolve the precision to compute in.

    Parameters
    ----------
    precision : str
        ``auto``, ``float32`` or ``bfloat16``; the latter two stay.
    device : torch.device
        What computes. A ``bfloat16`` that it can only emulate is warned of, once a process and device.
    auto : str
        What ``auto`` means, as an experiment has fixed it. Default: ``auto``, what the device is fast in.

    Returns
    -------
    str
        ``float32`` or ``bfloat16``.

    Raises
    ------
    ConfigError
        For another precision.
    """
    wanted = auto if precision == "auto" else precision
    check_precision(wanted)
    if wanted == "auto":
        return "bfloat16" if native(device) else "float32"
    if wanted == "bfloat16" and not native(device) and str(device) not in _warned:
        _warned.add(str(device))
        logger.warning("bfloat16 is emulated on %s: %s; precision auto takes float32", device, EMULATED)
    return wanted


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Mixed precision on ``device``: convolutions in ``bfloat16`` where that is asked for, all in float32 otherwise."""
    import torch

    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")
