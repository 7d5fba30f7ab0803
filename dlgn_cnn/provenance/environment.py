"""State of the environment and of the code that compute a row, and torch kept to deterministic algorithms."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import dlgn_cnn
from dlgn_cnn.config import value_sha256
from dlgn_cnn.storage.files import file_sha256, path_sha256

if TYPE_CHECKING:
    import torch

OWN = "dlgn-cnn"  # its state is told by its code
CPU_INFO, GPU_DRIVER = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/version")
WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
ROOMS = ("dlgn_cnn", "schemas", "populate")
GIT_S = 20.0
Package = dict[str, str]  # a row of one: its name, its version and, if it is code that configs may name, its digest
BUILT_FROM = "DLGN_GIT_COMMIT"  # set in an image, which holds no repository: git describe --always --dirty --abbrev=40


@dataclass(frozen=True)
class EnvironmentState:
    """What a result may depend on besides code, data and seed; ``packages`` are all distributions and their versions.

    Its fields have the names of the columns that keep them.
    """

    python: str
    platform: str
    processor: str
    torch: str
    accelerator: str
    driver: str
    threads: int
    deterministic_algorithms: bool
    packages_digest: str
    packages: list[Package]

    @property
    def digest(self) -> str:
        """The name of this environment: equal digests, equal environments. 32 hex digits."""
        return value_sha256(asdict(replace(self, packages=[])))[:32]  # the digest of the packages is enough


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
        deterministic_algorithms=deterministic,
        packages_digest=value_sha256(packages()),
        packages=packages(),
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
def packages() -> list[Package]:
    """Every installed distribution but this one, by its normalized name, with its version."""
    found: dict[str, str] = {}
    for one in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"] or "").lower()
        if name and name != OWN:
            found.setdefault(name, one.version)  # the first on the path is the one that is imported
    return [{"package": name, "package_version": version[:64]} for name, version in sorted(found.items())]


@dataclass(frozen=True)
class CodeState:
    """This project's code as it lies on disk, and the other packages that configs may name, with digests of theirs.

    Its fields have the names of the columns that keep them. ``git_commit`` is None where it runs neither from a git
    checkout nor from an image; ``changes_digest`` is that of the files that differ from the commit (in an image, of
    all), None where none does; ``source_digest`` is that of all source files, committed or not.
    """

    code_version: str
    git_commit: str | None
    changes_digest: str | None
    source_digest: str
    packages: list[Package]

    @property
    def digest(self) -> str:
        """The name of this state: equal digests, equal code. 32 hex digits."""
        return value_sha256(asdict(self))[:32]


def code_state(allowed: Collection[str] = (), root: Path | None = None) -> CodeState:
    """The state of the code below ``root`` (by default, of the code that runs) and of the ``allowed`` packages.

    Read from disk: what was edited after this process imported it counts as edited.
    """
    place = root or Path(dlgn_cnn.__file__).resolve().parents[1]
    others = (_package(name) for name in sorted(set(allowed) - set(ROOMS)))
    source, commit = _source_digest(place / room for room in ROOMS), _commit(place)
    changes = None if commit is None else _changes(place)
    built = re.fullmatch(r"([0-9a-f]{40})(-dirty)?", os.environ.get(BUILT_FROM, ""))
    if commit is None and built is not None:
        commit, changes = built[1], source if built[2] else None
    return CodeState(
        code_version=dlgn_cnn.__version__,
        git_commit=commit,
        changes_digest=changes,
        source_digest=source,
        packages=[one for one in others if one is not None],
    )


def _commit(root: Path) -> str | None:
    """The commit that is checked out; None where git does not track these files, as in a virtual environment."""
    if _git(root, "ls-files", "--error-unmatch", f"{ROOMS[0]}/__init__.py") is None:
        return None
    return _git(root, "rev-parse", "HEAD")


def _changes(root: Path) -> str | None:
    listed = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *ROOMS)
    names = sorted(entry[3:] for entry in (listed or "").split("\0") if entry)
    if not names:
        return None
    top = Path(_git(root, "rev-parse", "--show-toplevel") or root)
    return value_sha256([[name, file_sha256(top / name) if (top / name).is_file() else None] for name in names])


def _git(root: Path, *arguments: str) -> str | None:
    """Output of git, without the last line's end; None without git or a repository."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}  # looking changes nothing, not even the index
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=GIT_S, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.removesuffix("\n") if done.returncode == 0 else None


def _package(name: str) -> Package | None:
    """An allowed package as it lies on disk, found without importing it; None where it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    places = [Path(place) for place in spec.submodule_search_locations or ([spec.origin] if spec.origin else [])]
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return {"package": name, "package_version": version, "package_digest": _source_digest(places)}


def _source_digest(places: Iterable[Path]) -> str:
    return value_sha256([path_sha256(place) for place in places])
