"""Runs the groups of checks in parallel, each in a process with a deadline, and shows the results."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from populate.doctor.finding import FAIL, CheckResult
from populate.worker import children

# Subject of each group, and advice if it breaks or does not end.
GROUPS: Mapping[str, tuple[str, str]] = {
    "machine": ("this machine", "see whether its disks answer"),
    "database": ("database", "see that the server runs and answers, and that DLGN_DATABASE names it"),
    "store": ("store", "see that the disk or the object store answers, and that DLGN_STORE names it"),
    "device": ("GPU", "see that nvidia-smi answers, or set DLGN_DEVICE=cpu"),
    "datasets": ("Deep Lake", "reinstall deeplake: pip install --force-reinstall 'deeplake>=4.7.4,<4.8'"),
}
COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}
MODULE = "populate.doctor"


def examine(deadline_s: float, module: str = MODULE) -> Iterator[CheckResult]:
    """Every finding, group by group. A group that has not ended after ``deadline_s`` is ended, and fails."""
    until = time.monotonic() + deadline_s
    with tempfile.TemporaryDirectory(prefix="dlgn-doctor-") as folder:
        started = {group: _start(module, group, Path(folder)) for group in GROUPS}
        try:
            for group, process in started.items():
                yield from _result(process, group, Path(folder) / group, until, deadline_s)
        finally:
            for process in started.values():
                process.kill()
                process.wait()


def show(findings: Iterator[CheckResult]) -> bool:
    """Print a line a finding as it comes, with what to do; whether nothing failed."""
    console, sound = Console(), True
    for one in findings:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=4)
        line.add_column(width=16)
        line.add_column()
        advice = f": {one.advice}" if one.advice else ""
        line.add_row(Text(one.level, COLORS[one.level]), one.subject, Text(f"{one.seen}{advice}"))
        console.print(line)
        sound = sound and one.level != FAIL
    return sound


def _start(module: str, group: str, folder: Path) -> subprocess.Popen[bytes]:
    # Into files: a server that a group starts would hold a pipe open.
    with (folder / group).open("wb") as said, (folder / f"{group}.log").open("wb") as log:
        command, environment = children.command(module, group), children.environment({"PYTHONWARNINGS": "ignore"})
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=log, env=environment)


def _result(
    process: subprocess.Popen[bytes], group: str, file: Path, until: float, deadline_s: float
) -> Iterator[CheckResult]:
    subject, advice = GROUPS[group]
    try:
        status = process.wait(max(until - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        status = None
    whole, _, _ = file.read_text().rpartition("\n")  # a half-written line is left out
    yield from map(CheckResult.parse, whole.splitlines())
    if status is None:
        yield CheckResult(FAIL, subject, f"no answer within {deadline_s:g} s", advice)
    elif status != 0:
        lines = Path(f"{file}.log").read_text(errors="replace").strip().splitlines()
        yield CheckResult(
            FAIL, subject, f"the check ended with status {status} {lines[-1] if lines else ''}".strip(), advice
        )
