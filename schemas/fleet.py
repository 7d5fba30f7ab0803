"""The fleet: who works, who holds which key, what went wrong before, and what workers are told to do.

All times are those of the server's clock, in UTC. The rows can be read and changed from SQL while workers run:
docs/how-to/fleet.md.
"""

from collections.abc import Mapping
from typing import Any

import datajoint as dj

from dlgn_cnn.config import value_sha256

schema = dj.Schema()
ALIVE = "state = 'working' AND expires > CURRENT_TIMESTAMP(3)"  # SQL on rows of ``Worker``


@schema
class Worker(dj.Manual):
    """One worker process; its heartbeat process renews ``expires`` until it ends."""

    definition = """
    # worker process
    worker_id : char(32)
    ---
    host : varchar(255)
    core_set="" : char(32)  # the same for all workers, in any container of a machine, that may run on the same cores
    pid : int32
    device : varchar(64)
    native_bfloat16=0 : bool  # whether its device multiplies bfloat16 by instructions of its own
    computes="" : varchar(255)  # its tables, as ',MEI,Score,'; '*' for all; nothing where it takes only some keys
    state : enum('working', 'ended', 'died', 'lost')  # died: seen by its heartbeat; lost: no heartbeat until it expired
    started=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    heartbeat=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    expires : datetime(3)  # UTC; when its leases do, unless a heartbeat comes before
    beating_since=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC; heartbeats came without a gap since then
    progressed=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC; its main thread's last step, as of the last heartbeat
    doing="" : varchar(255)  # how far it is with the key in hand
    """


@schema
class Lease(dj.Manual):
    """A key that a worker holds. Its token is asked for again in the transaction that inserts the result."""

    definition = """
    # held key
    token : char(32)
    ---
    -> Worker
    table_name : varchar(64)
    key_hash : char(32)
    held_key : json
    job_table : varchar(160)  # DataJoint's queue that the key is in, quoted
    since=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    recall="" : enum('', 'stop', 'hand_back')  # set it to end the fit: key set aside, or pending again
    unique index (table_name, key_hash)
    """


@schema
class Retry(dj.Manual):
    """One try at a key that ended without a result and through no fault that trying again could not mend."""

    definition = """
    # failed try at a key
    table_name : varchar(64)
    key_hash : char(32)
    ended : datetime(3)  # UTC
    ---
    host : varchar(255)
    pid : int32
    reason : varchar(1000)
    """


@schema
class Lack(dj.Manual):
    """What a worker's machine lacks for a key, which the worker has handed back and leaves to others for a while.

    The state of a machine never marks a key as failed: another one may have what is needed.
    """

    definition = """
    # what a machine lacks for a key
    -> Worker
    table_name : varchar(64)
    key_hash : char(32)
    ---
    lacking_key : json
    lacks : varchar(1000)
    noted=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    """


@schema
class StopFlag(dj.Manual):
    """A stop flag for workers, in force until its row is deleted."""

    definition = """
    # stop flag for workers
    host="*" : varchar(255)  # whom it is for, '*' for all
    table_name="*" : varchar(64)  # the table it is about, '*' for all
    ---
    action : enum('pause', 'drain')  # pause: take no new key; drain: end after the key in hand
    given=CURRENT_TIMESTAMP(3) : datetime(3)  # UTC
    """


def key_hash(key: Mapping[str, Any]) -> str:
    """The digest that stands for a key in ``Lease``, ``Lack`` and ``Retry``."""
    return value_sha256(dict(key))[:32]
