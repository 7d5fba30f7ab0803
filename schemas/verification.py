"""Verdicts on computed rows, each with the code and environment that reached it."""

import datetime
from collections.abc import Mapping
from typing import Any

import datajoint as dj

from dlgn_cnn.redaction import redacted
from schemas import provenance
from schemas.fleet import key_hash

schema = dj.Schema()


@schema
class Verification(dj.Manual):
    """A verdict on one computed row.

    ``equal``: recomputed, it came out the same bit for bit; ``close``: within the tolerance; ``differs``: outside;
    ``sound``: not recomputed, but every digest is as it was when the row was inserted; ``damaged``: one is not;
    ``failed``: it cannot be computed any more.
    """

    definition = """
    # verdict on a row that was recomputed, or whose digests were checked
    verified_table : varchar(64)
    key_hash : char(32)  # as in the tables of the fleet
    verified : datetime(3)  # UTC
    ---
    verified_key : json
    verdict : enum('equal', 'close', 'sound', 'differs', 'damaged', 'failed')
    deviation=null : float64  # the largest, where it was recomputed
    tolerance=null : float64  # up to which it counts as close
    findings : json  # what differs or is damaged, and how
    -> provenance.Code
    -> provenance.Environment
    verification_s : float64  # how long it took
    """


def note(table: Any, key: Mapping[str, Any], verdict: Mapping[str, Any]) -> None:
    """Insert a verdict with this process's code and environment.

    Parameters
    ----------
    table : class
        Table of the row.
    key : mapping
        Key of the row.
    verdict : mapping
        The columns from ``verdict`` on.
    """
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    verdict = {name: redacted(value) if isinstance(value, str) else value for name, value in verdict.items()}
    whose = {"verified_table": table.__name__, "key_hash": key_hash(key), "verified_key": dict(key)}
    Verification.insert1({**whose, "verified": now, **verdict, **provenance.present()})
