"""``python -m populate.doctor GROUP``: the findings of one group of checks, a line of JSON each."""

import importlib
import sys

from populate import faults
from populate.doctor.examine import GROUPS
from populate.doctor.finding import FAIL, Finding


def main(group: str) -> None:
    """Check one group; what breaks it is a finding too."""
    subject, advice = GROUPS[group]
    try:
        for finding in importlib.import_module(f"populate.doctor.{group}").check():
            _tell(finding)
    except Exception as error:
        _tell(Finding(FAIL, subject, faults.explain(error).sentence, advice))


def _tell(finding: Finding) -> None:
    sys.stdout.write(f"{finding.line()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
