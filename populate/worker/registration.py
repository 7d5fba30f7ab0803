"""Registration of a worker in the fleet, and its heartbeat process."""

import contextlib
import dataclasses
import json
import logging
import os
import platform
import subprocess
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dlgn_cnn.redaction import redacted
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.runtime.cores import core_set_id
from populate.worker import children
from populate.worker.heartbeat import Beat
from schemas import fleet
from schemas.connection.in_force import settings_in_force
from schemas.connection.server import server_address
from schemas.monitoring import progress

if TYPE_CHECKING:
    import torch

BEATS_A_LEASE = 12
GRACE_S = 120.0  # a worker that was asked to give its key up is killed once it has made no step for so long
DEATHS = 5  # of heartbeat processes in one worker, after which it gives up
logger = logging.getLogger("dlgn")


class Registration:
    """This process as a worker: registered in the tables, with a heartbeat process."""

    def __init__(self, device: "torch.device") -> None:
        from dlgn_cnn.runtime.device import device_name, native

        settings = settings_in_force()
        self.device, self.native_bfloat16 = device_name(device), native(device)
        self.lease_s = settings.lease_s
        self.every_s = settings.lease_s / BEATS_A_LEASE
        self.worker_id = ""
        self.computes = "*"  # the tables that it fills, as in ``fleet.Worker``
        self._deaths = 0
        self._process: subprocess.Popen[bytes] | None = None

    def register(self) -> None:
        """Take a new name, and have the heartbeat beat for it."""
        connection = fleet.schema.connection
        worker_id = uuid.uuid4().hex
        row = {"worker_id": worker_id, "host": platform.node(), "core_set": core_set_id(), "pid": os.getpid()}
        row |= {"device": self.device, "native_bfloat16": self.native_bfloat16, "state": "working"}
        row |= {"computes": self.computes}
        soon = connection.adapter.interval_expr(self.lease_s, "second")
        now, expires = connection.query(f"SELECT CURRENT_TIMESTAMP(3), CURRENT_TIMESTAMP(3) + {soon}").fetchone()
        gone = fleet.Worker.proj("host", "state") & {"host": platform.node()} & "state <> 'working'"
        (fleet.Lack & gone.proj()).delete_quick()  # what was lacking here may be here by now
        fleet.Worker.insert1(row | {"started": now, "heartbeat": now, "expires": expires})
        self.worker_id = worker_id
        self.ensure_heartbeat()
        self._say({"worker_id": worker_id})

    def ensure_heartbeat(self) -> None:
        """Start the heartbeat again where it has ended, as when the kernel killed it for its memory."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            self._deaths += 1
            logger.warning("the heartbeat process ended with status %d: it is started again", self._process.returncode)
        if self._deaths > DEATHS:
            raise RuntimeError(f"the heartbeat process has ended {self._deaths} times: see its messages above")
        # In a session of its own, so that a Ctrl-C in the worker's terminal does not reach it.
        self._process = subprocess.Popen(
            children.command("populate.worker.heartbeat"),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=children.environment({}),
            start_new_session=True,
        )
        self._say(dataclasses.asdict(self._beat()))
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
        if self.worker_id:
            self._say({"worker_id": self.worker_id})

    def heard(self, text: str | None) -> None:
        """Note a step, and the text that ``dlgn workers`` shows next to the key in hand, unless it is None."""
        self._say({} if text is None else {"doing": redacted(text)[:255]})

    def stop(self) -> None:
        """Leave the fleet in order."""
        self._say({"worker_id": ""})
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
        with contextlib.suppress(Exception):  # the server may be the reason to leave
            fleet.Worker.update1({"worker_id": self.worker_id, "state": "ended", "doing": ""})

    def _say(self, words: dict[str, object]) -> None:
        """Tell the heartbeat; a full pipe or a dead heartbeat costs a line, never the work."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(json.dumps(words).encode() + b"\n")

    def _beat(self) -> Beat:
        tables = fleet.Worker().full_table_name, fleet.Lease().full_table_name
        process = os.getpid(), int(interrupts.RECALL)
        settings, paces = settings_in_force(), (self.lease_s, self.every_s, GRACE_S)
        return Beat(*server_address(settings), *process, *tables, *paces, settings.tls)


@contextlib.contextmanager
def registered(device: "torch.device") -> Iterator[Registration]:
    """A worker for the length of the block, not registered yet; steps and progress bars inform its heartbeat."""
    registration = Registration(device)
    try:
        with progress.heard(registration.heard):
            yield registration
    finally:
        registration.stop()
