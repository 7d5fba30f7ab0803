"""DataJoint's names that the other rooms use: its only door outside of ``schemas``."""

from typing import Any

from datajoint import DataJointError, FreeTable, Not, Schema, U
from datajoint import __version__ as DATAJOINT_VERSION
from datajoint.blob import unpack
from datajoint.errors import AccessError, DuplicateError, LostConnectionError, MissingExternalFile
from datajoint.jobs import Job, _get_job_version

__all__ = [
    "DATAJOINT_VERSION",
    "AccessError",
    "DataJointError",
    "DuplicateError",
    "FreeTable",
    "Job",
    "LostConnectionError",
    "MissingExternalFile",
    "Not",
    "Schema",
    "U",
    "job_version",
    "unpack",
]


def job_version(connection: Any) -> str:
    """The version that DataJoint notes with a job that is computed over a connection."""
    return str(_get_job_version(connection._config))
