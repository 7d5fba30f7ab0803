"""A table of short fits, and workers for it that start at once."""

import json
import logging
import os
import signal
import socket
import time
from typing import Any

import datajoint as dj
import numpy as np
import torch

import schemas
from dlgn_cnn.runtime import interrupts
from dlgn_cnn.training.weights import save_weights
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
        time.sleep(float(os.environ["CHAOS_FIT_S"]))
        return (save_weights(calculated(key["config"]), in_force.settings_in_force().store / "weights"),)

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


def open_tables() -> None:
    settings = schemas.open_database()
    schema.activate(f"{settings.prefix}chaos", connection=session.schema.connection)


def drop_tables() -> None:
    """Drop all tables, since others may use the server."""
    schema.drop(prompt=False)
    drop_all(schemas.Settings.from_environment().prefix)


class Nursery:
    """A process that has imported everything and forks workers: imports take longer than short fits."""

    def __init__(self) -> None:
        self._requests, given = socket.socketpair()
        if os.fork() == 0:
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


def be_a_worker(environment: dict[str, str]) -> None:
    status = 1
    try:
        os.environ.update(environment)
        log = os.open(environment["FLEET_SAID"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        logging.basicConfig(level=logging.INFO, format=f"{os.getpid()} %(message)s")
        open_tables()
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
