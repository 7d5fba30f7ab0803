"""Waiting for what processes do that a test has started."""

import contextlib
import subprocess
import time
from collections.abc import Callable

PAUSE_S = 0.05


def wait_until(happened: Callable[[], object], *processes: subprocess.Popen, limit_s: float = 120) -> None:
    """Until it has happened; a process that ends before it fails the test at once.

    Between two questions it waits for a process to end: asking without a pause takes the core that they work on.
    """
    deadline = time.monotonic() + limit_s
    while not happened():
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PAUSE_S)
            assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline, "waited in vain"
