"""What one check found."""

import dataclasses
import json
from dataclasses import dataclass

from populate.errors.explain import redacted

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class CheckResult:
    """How it stands with one thing: ``ok``, ``warn`` or ``fail``; what was seen; what to do where it is not ``ok``."""

    level: str
    subject: str
    seen: str
    advice: str = ""

    def line(self) -> str:
        """One line of JSON, without secrets."""
        return redacted(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def parse(cls, line: str) -> "CheckResult":
        """The finding of such a line."""
        return cls(**json.loads(line))


def finding_if(subject: str, seen: str, good: bool, advice: str, otherwise: str = WARN) -> CheckResult:
    """A finding that is ok where it is ``good``, and else ``otherwise``, with the advice."""
    return CheckResult(OK, subject, seen) if good else CheckResult(otherwise, subject, seen, advice)


def space(subject: str, free_bytes: int, where: str) -> CheckResult:
    """How much room there is: little below 10 GB, too little below 1 GB."""
    seen, level = f"{free_bytes / 1e9:.0f} GB free in {where}", FAIL if free_bytes < 1e9 else WARN
    return finding_if(subject, seen, free_bytes >= 10e9, "make room: dlgn gc shows what no row refers to", level)
