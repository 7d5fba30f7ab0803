"""Result of one check."""

import dataclasses
import json
from dataclasses import dataclass

from populate.errors.explain import redacted

OK, WARN, FAIL = "ok", "warn", "fail"


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
