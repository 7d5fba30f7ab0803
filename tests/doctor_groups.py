"""What stands in for the doctor's checks in its tests: ``python -m tests.doctor_groups GROUP``."""

import signal
import sys

from populate.doctor.examine import CheckResult

group = sys.argv[1]
if group != "breaks":
    print(CheckResult("ok", "before" if group == "hangs" else "done", "seen").line(), flush=True)
if group == "hangs":
    print('{"level": "o', end="", flush=True)
    signal.pause()
if group == "breaks":
    print("it broke", file=sys.stderr)
    sys.exit(7)
