"""A computed table whose ``make`` does what its key's row says, and a worker for it in a process of its own."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datajoint as dj

from dlgn_cnn.runtime import interrupts

schema = dj.Schema()
ROOT = Path(__file__).resolve().parents[1]
DURING: dict[str, Callable[[dict[str, Any]], None]] = {}  # what a test wants to happen: "compute", "insert"
COMPUTED: list[int] = []


@schema
class Item(dj.Manual):
    definition = """
    item : int32
    ---
    kind="" : varchar(200)
    """


@schema
class Squared(dj.Computed):
    definition = """
    -> Item
    ---
    square : int64
    pid : int32
    """

    class Half(dj.Part):
        definition = """
        -> master
        half : int32
        """

    def make_fetch(self, key: dict[str, Any]) -> tuple[str]:
        return ((Item & key).fetch1("kind"),)

    @interrupts.allowed()
    def make_compute(self, key: dict[str, Any], kind: str) -> tuple[int]:
        COMPUTED.append(key["item"])
        DURING.get("compute", ignore)(key)
        what, _, path = kind.partition(":")
        if what == "bug":
            raise KeyError("no such layer")
        if what == "wait":
            signal.pause()
        if what in HANGS:
            hang(HANGS[what], Path(path))
        while what == "until" and not Path(path).exists():
            time.sleep(0.02)
        return (key["item"] ** 2,)

    def make_insert(self, key: dict[str, Any], square: int) -> None:
        self.insert1({**key, "square": square, "pid": os.getpid()})
        self.Half.insert([{**key, "half": half} for half in (0, 1)])
        DURING.get("insert", ignore)(key)


@schema
class Cubed(dj.Computed):
    definition = """
    -> Item
    ---
    cube : int64
    """

    def make(self, key: dict[str, Any]) -> None:
        self.insert1({**key, "cube": key["item"] ** 3})


HANGS = {"hang": ctypes.CDLL, "hang_with_gil": ctypes.PyDLL}


def hang(library: Callable[[None], Any], note: Path) -> None:
    """Never return, nor let a signal's handler run: wait in C for a mutex that is locked, with a child process."""
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    note.write_text(str(child.pid))
    mutex = ctypes.create_string_buffer(64)
    for _ in range(2):
        library(None).pthread_mutex_lock(mutex)


def ignore(key: dict[str, Any]) -> None:
    """Nothing is to happen."""


def activate() -> None:
    """Declare the tables in addition to the project's own."""
    import schemas
    from schemas import session

    settings = schemas.open_database()
    if not schema.is_activated():
        schema.activate(f"{settings.prefix}toy", connection=session.schema.connection)


def start(lease_s: float = 3.0, grace_s: float = 120.0) -> subprocess.Popen[str]:
    """A worker for this table in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DLGN_LEASE_S": str(lease_s)}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.toy", str(grace_s)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=ROOT,
    )


if __name__ == "__main__":
    import logging

    from populate.worker import registration
    from populate.worker.worker import work
    from tests import toy  # by the name that it bears in the lease, not as __main__

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    registration.GRACE_S = float(sys.argv[1])
    toy.activate()
    print(work([toy.Squared]))
