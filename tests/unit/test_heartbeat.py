"""The heartbeat process, without a server."""

import json
import os

from populate.worker.heartbeat import Beat, Heartbeat


def test_a_worker_that_dies_before_its_heartbeat_has_started_is_still_recorded(monkeypatch):
    """What the worker wrote lies in the pipe: a heartbeat that imports for longer than the worker lives reads it."""
    read, write = os.pipe()
    os.write(write, json.dumps({"worker_id": "ada"}).encode() + b"\n")
    os.close(write)
    gone = os.getppid() + 1
    heartbeat = Heartbeat(Beat("host", "user", "", 1, "mysql", gone, 0, "workers", "leases", 60.0, 5.0, 120.0))
    done = []
    monkeypatch.setattr(heartbeat, "_try", lambda action: done.append((action.__name__, heartbeat.worker_id)) or True)
    with os.fdopen(read) as given:
        monkeypatch.setattr("sys.stdin", given)
        heartbeat.run()
    assert done[-1] == ("_say_died", "ada")
