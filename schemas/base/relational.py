"""DataJoint's names that the other rooms use: its only door outside of ``schemas``."""

from datajoint import DataJointError, FreeTable, Not, Schema, U
from datajoint import __version__ as DATAJOINT_VERSION
from datajoint.blob import unpack
from datajoint.errors import AccessError, DuplicateError, LostConnectionError, MissingExternalFile
from datajoint.jobs import Job

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
    "unpack",
]
