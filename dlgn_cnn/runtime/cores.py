"""The cores that this process may use: those it may run on, and the share of them that its cgroup grants."""

import hashlib
import math
import os
import platform
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

BOOT_ID = "proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Cores:
    """Cores of this process.

    Parameters
    ----------
    affinity : int
        Cores that its threads may run on.
    quota : float
        Cores' worth of time that its cgroup grants, infinite without a limit. It may be below 1.
    """

    affinity: int
    quota: float = math.inf

    @property
    def whole(self) -> int:
        """Cores that can be busy at once, 1 or more."""
        return max(1, math.floor(min(self.affinity, self.quota)))


def usable_cores(root: Path = Path("/")) -> Cores:
    """Cores that this process may use now.

    Parameters
    ----------
    root : Path, default /
        Folder that has ``proc`` and ``sys``.

    Returns
    -------
    Cores
        By the affinity of this process and the quotas of its cgroup and of all cgroups above, of version 1 or 2.
    """
    return Cores(len(_allowed()), min(_quotas(root), default=math.inf))


def core_set_id(root: Path = Path("/"), cores: Collection[int] | None = None) -> str:
    """Name of the cores that this process may run on, which processes in all containers of a machine share.

    The name of the host does not do: each container has its own, and they take the same cores. Where jobs are kept to
    cores of their own, as by SLURM, each set has another name.

    Parameters
    ----------
    root : Path, default /
        Folder that has ``proc``.
    cores : collection of int, optional
        Numbers of the cores (default: those of this process).

    Returns
    -------
    str
        32 hex digits; others after a restart of the machine.
    """
    try:
        known = (root / BOOT_ID).read_text().strip()
    except OSError:  # not Linux
        known = platform.node()
    return hashlib.sha256(f"{known} {sorted(_allowed() if cores is None else cores)}".encode()).hexdigest()[:32]


def _allowed() -> Collection[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)  # not Linux


def _quotas(root: Path) -> Iterator[float]:
    """Every limit on this process, in cores."""
    for controllers, path in _cgroups(root / "proc/self/cgroup"):
        if not controllers:
            for folder in _upward(root / "sys/fs/cgroup", path):
                yield _ratio(_text(folder / "cpu.max").split())
        elif "cpu" in controllers.split(","):
            for mount in (controllers, "cpu", "cpu,cpuacct"):
                for folder in _upward(root / "sys/fs/cgroup" / mount, path):
                    files = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
                    yield _ratio([_text(folder / name).strip() for name in files])


def _cgroups(file: Path) -> Iterator[tuple[str, str]]:
    """(controllers, path) of each hierarchy; version 2 names no controllers."""
    for line in _text(file).splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            yield parts[1], parts[2]


def _upward(mount: Path, path: str) -> Iterator[Path]:
    """A cgroup's folder and all above. In a container the mount may itself be the cgroup, whatever its path says."""
    relative = PurePosixPath(path.lstrip("/"))
    for one in (relative, *relative.parents):
        if ".." not in one.parts:
            yield mount / one


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _ratio(words: list[str]) -> float:
    """Cores of [quota, period], both in microseconds; infinite for "max", for -1, and for what is not there."""
    try:
        quota, period = float(words[0]), float(words[1])
    except (ValueError, IndexError):
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
