"""A table of short fits, and workers for it that start at once."""

import contextlib
import ctypes
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import datajoint as dj
import numpy as np
import s3fs  # noqa: F401 - before workers are forked, each of which would import it
import torch

import schemas
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.training.weights import save_weights
from populate.worker import registration, worker
from populate.worker.worker import WorkerOptions, work
from schemas import session
from schemas.connection import in_force
from tests.emptying import drop_all

schema = dj.Schema()


@schema
class Config(dj.Manual):
    definition = """
    config : int32
    ---
    bug : bool
    """


@schema
class ShortFit(dj.Computed):
    definition = """
    -> Config
    ---
    weights_sha256 : char(64)
    """

    class Half(dj.Part):
        definition = """
        -> master
        half : int32
        """

    def make_fetch(self, key: dict[str, Any]) -> tuple[bool]:
        return (bool((Config & key).fetch1("bug")),)

    @interrupts.allowed()
    def make_compute(self, key: dict[str, Any], bug: bool) -> tuple[str]:
        if bug:
            raise KeyError("no such layer: 'conv_gur'")
        with open(os.environ["CHAOS_LOG"], "a") as log:
            log.write(f"{key['config']}\n")
        hang(Path(os.environ["CHAOS_HANG"]), key["config"])
        time.sleep(float(os.environ["CHAOS_FIT_S"]))
        return (save_weights(calculated(key["config"]), place(key["config"])),)

    def make_insert(self, key: dict[str, Any], weights_sha256: str) -> None:
        self.insert1({**key, "weights_sha256": weights_sha256})
        self.Half.insert([{**key, "half": half} for half in (0, 1)])


@schema
class Number(dj.Manual):
    definition = """
    number : int32
    """


@schema
class Empty(dj.Computed):
    """A make that only waits, for ``pause_s`` seconds, so that only the queue's own work remains."""

    pause_s = 0.0

    definition = """
    -> Number
    """

    def make_fetch(self, key: dict[str, Any]) -> tuple[int]:
        return (0,)

    def make_compute(self, key: dict[str, Any], nothing: int) -> tuple[int]:
        time.sleep(self.pause_s)
        return (0,)

    def make_insert(self, key: dict[str, Any], nothing: int) -> None:
        self.insert1(key)


def calculated(config: int) -> dict[str, torch.Tensor]:
    return {"weights": torch.from_numpy(np.random.default_rng(config).standard_normal(2000))}


def place(config: int) -> ObjectStore:
    """Where the weights of a config are stored: of odd ones in the bucket, of even ones in the folder."""
    if config % 2:
        return ObjectStore(os.environ["CHAOS_BUCKET"], Path(os.environ["DLGN_HOME"]) / "copies")
    return ObjectStore(in_force.settings_in_force().store / "weights")


def hang(order: Path, config: int) -> None:
    """Where the file ``order`` is there, take it and never return: in C, with the interpreter, through all signals."""
    with contextlib.suppress(FileNotFoundError):
        order.rename(order.with_name(f"{order.name}-{os.getpid()}-{config}"))
        mutex = ctypes.create_string_buffer(64)  # as pthread_mutex_init leaves it
        while True:
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)


def hung(order: Path) -> dict[int, int]:
    """The processes that have hung, alive or not, with the config of each."""
    names = (path.name.split("-") for path in order.parent.glob(f"{order.name}-*"))
    return {int(pid): int(config) for _, pid, config in names}


def open_tables() -> None:
    settings = schemas.open_database()
    schema.activate(f"{settings.prefix}chaos", connection=session.schema.connection)


def drop_tables() -> None:
    """Drop all tables, since others may use the server."""
    schema.drop(prompt=False)
    drop_all(schemas.Settings.from_environment().prefix)


class Nursery:
    """A process that has imported everything and forks workers: imports take longer than short fits.

    Parameters
    ----------
    preload : Path, optional
        A library to preload into the workers, whose nursery then is a process of its own.
    """

    def __init__(self, preload: Path | None = None) -> None:
        self._requests, given = socket.socketpair()
        if preload is not None:
            call = [sys.executable, "-c", "import sys, fleet.fits as f; f.serve(int(sys.argv[1]))", str(given.fileno())]
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LD_PRELOAD": str(preload)}
            subprocess.Popen(call, env=environment, pass_fds=[given.fileno()])
        elif os.fork() == 0:
            self._requests.close()
            self._serve(given)
        given.close()

    def start(self, environment: dict[str, str]) -> int:
        self._requests.sendall(json.dumps(environment).encode() + b"\n")
        return int(self._requests.makefile().readline())

    @staticmethod
    def _serve(requests: socket.socket) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the workers
        for line in requests.makefile():
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                requests.close()
                be_a_worker(json.loads(line))
            requests.sendall(f"{child}\n".encode())
        os._exit(0)


def serve(descriptor: int) -> None:
    """Be the nursery at a socket."""
    os.environ.pop("LD_PRELOAD", None)  # it is loaded; a database that a worker starts keeps its clock
    Nursery._serve(socket.socket(fileno=descriptor))


def be_a_worker(environment: dict[str, str]) -> None:
    status = 1
    try:
        os.environ.update(environment)
        log = os.open(environment["FLEET_SAID"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        logging.basicConfig(level=logging.INFO, format=f"{os.getpid()} %(message)s")
        open_tables()
        worker.EXHAUSTED_S = float(environment.get("CHAOS_EXHAUSTED_S", worker.EXHAUSTED_S))
        registration.GRACE_S = float(environment.get("CHAOS_GRACE_S", 0.0))
        work(
            [{"Empty": Empty, "ShortFit": ShortFit}[environment["FLEET_TABLE"]]],
            WorkerOptions(stay=True, generator=np.random.default_rng(os.getpid())),
        )
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        logging.exception("the worker ended")
    finally:
        os._exit(status)
