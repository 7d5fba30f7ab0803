"""Settings, Python, packages, memory and disk: checks that need neither a server nor torch."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from dlgn_cnn.storage.rights import present
from populate.doctor.examine import FAIL, OK, CheckResult, finding_if, space
from schemas.connection.settings import NAME, Settings, without_password

PROJECT = "dlgn_cnn"
NAMED = ("torch", "datajoint", "deeplake")
LITTLE_MEMORY = 4e9


def check() -> Iterator[CheckResult]:
    """Everything about this machine."""
    yield CheckResult(OK, "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield from _packages()
    memory = psutil.virtual_memory()
    cores = f"{psutil.cpu_count(logical=False) or 1} cores"
    seen = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB memory to be had, {cores}"
    yield finding_if("memory", seen, memory.available >= LITTLE_MEMORY, "end other programs, or take a larger machine")
    settings = Settings.from_environment()
    yield _settings(settings)
    yield from _allowed(settings)
    yield from _home(settings)


def _packages() -> Iterator[CheckResult]:
    """Every package that is required without extras, by the version that is installed."""
    installed = {}
    wanted = map(Requirement, importlib.metadata.requires(PROJECT) or [])
    for requirement in (one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})):
        try:
            installed[requirement.name] = found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            found = ""
        if not found or not requirement.specifier.contains(found, prereleases=True):
            seen = f"{requirement.name} {found or 'is not installed'}, expected {requirement.specifier}"
            yield CheckResult(FAIL, "packages", seen, f"pip install '{requirement}'")
    named = ", ".join(f"{name} {installed[name]}" for name in NAMED if name in installed)
    yield CheckResult(OK, "packages", f"{len(installed)} installed, {named}")


def _settings(settings: Settings) -> CheckResult:
    file = Path.cwd() / NAME
    source = f"{file} and the environment" if present(file) else "the environment"
    database = "embedded" if settings.database is None else without_password(settings.database)
    store = settings.store_url or settings.store
    return CheckResult(OK, "settings", f"from {source}: database {database}, prefix {settings.prefix}, store {store}")


def _allowed(settings: Settings) -> Iterator[CheckResult]:
    """Packages that configs may name parts of: found, not imported."""
    extra = settings.allowed_packages - Settings.allowed_packages
    for name in sorted(extra):
        there = importlib.util.find_spec(name) is not None
        advice = f"install it, or take {name} out of DLGN_ALLOW_PACKAGES"
        yield finding_if("allowed packages", f"{name} is {'there' if there else 'not installed'}", there, advice, FAIL)
    if not extra:
        yield CheckResult(OK, "allowed packages", "none but ours and neuralpredictors")


def _home(settings: Settings) -> Iterator[CheckResult]:
    """Whether DLGN_HOME can be written and has room."""
    settings.home.mkdir(parents=True, exist_ok=True)
    may = os.access(settings.home, os.W_OK)
    if not may:
        yield CheckResult(FAIL, "disk", f"{settings.home} cannot be written", "name another folder in DLGN_HOME")
        return
    yield space("disk", shutil.disk_usage(settings.home).free, str(settings.home))
