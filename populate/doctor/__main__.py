"""``python -m populate.doctor GROUP``: the findings of one group of checks, a line of JSON each."""

import importlib
import sys

from populate.doctor.examine import FAIL, GROUPS, CheckResult
from populate.errors import explain


def main(group: str) -> None:
    """Check one group; an error that breaks it is a result too."""
    subject, advice = GROUPS[group]
    findings, sys.stdout = sys.stdout, sys.stderr  # libraries write to this stream
    try:
        for finding in importlib.import_module(f"populate.doctor.{group}").check():
            findings.write(f"{finding.line()}\n")
            findings.flush()
    except Exception as error:
        findings.write(f"{CheckResult(FAIL, subject, explain.explain(error), advice).line()}\n")


if __name__ == "__main__":
    main(sys.argv[1])
