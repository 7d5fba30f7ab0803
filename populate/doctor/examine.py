"""Runs the groups of checks in parallel, each in a process with a deadline, and shows the results."""

import dataclasses
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dlgn_cnn.redaction import redacted
from populate.worker import children

OK, WARN, FAIL = "ok", "warn", "fail"
# Subject of each group, and advice if it breaks or does not end.
GROUPS: Mapping[str, tuple[str, str]] = {
    "machine": ("this machine", "see whether its disks answer"),
    "database": ("database", "see that the server runs and answers, and that DLGN_DATABASE names it"),
    "store": ("store", "see that the disk or the object store answers, and that DLGN_STORE names it"),
    "device": ("GPU", "see that nvidia-smi answers, or set DLGN_DEVICE=cpu"),
    "datasets": ("Deep Lake", "reinstall deeplake: pip install --force-reinstall 'deeplake>=4.7.4,<4.8'"),
}
COLORS = {OK: "green", WARN: "yellow", FAIL: "red"}
MODULE = "populate.doctor"


@dataclass(frozen=True)
class CheckResult:
    """Result of one check: its level (``ok``, ``warn`` or ``fail``), what was checked and seen, and advice."""

    level: str
    subject: str
    seen: str
    advice: str = ""

    def line(self) -> str:
        """One line of JSON, without secrets."""
        return redacted(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def parse(cls, line: str) -> "CheckResult":
        """The result of such a line."""
        return cls(**json.loads(line))


def finding_if(subject: str, seen: str, good: bool, advice: str, otherwise: str = WARN) -> CheckResult:
    """A result that depends on a condition.

    Parameters
    ----------
    subject, seen : str
        What was checked, and what was seen.
    good : bool
        Whether it is ``ok``.
    advice : str
        What to do if it is not.
    otherwise : str, default "warn"
        The level if it is not ``ok``.

    Returns
    -------
    CheckResult
        The result.
    """
    return CheckResult(OK, subject, seen) if good else CheckResult(otherwise, subject, seen, advice)


def space(subject: str, free_bytes: int, where: str) -> CheckResult:
    """Result of a check of free space: warns below 10 GB, fails below 1 GB.

    Parameters
    ----------
    subject : str
        What was checked.
    free_bytes : int
        Free space in bytes.
    where : str
        Its place, in the message.

    Returns
    -------
    CheckResult
        The result.
    """
    seen, level = f"{free_bytes / 1e9:.0f} GB free in {where}", FAIL if free_bytes < 1e9 else WARN
    return finding_if(subject, seen, free_bytes >= 10e9, "make room: dlgn gc shows what no row refers to", level)


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
        line = Table.grid(Column(width=4), Column(width=16), Column(), padding=(0, 2, 0, 0))
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
