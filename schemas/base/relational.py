"""DataJoint's names that the other rooms use: its only door outside of ``schemas``."""

from datajoint import DataJointError as DataJointError
from datajoint import FreeTable as FreeTable
from datajoint import Not as Not
from datajoint import Schema as Schema
from datajoint import U as U
from datajoint import __version__ as DATAJOINT_VERSION
from datajoint.blob import unpack as unpack
from datajoint.errors import AccessError as AccessError
from datajoint.errors import DuplicateError as DuplicateError
from datajoint.errors import LostConnectionError as LostConnectionError
from datajoint.errors import MissingExternalFile as MissingExternalFile
from datajoint.jobs import Job as Job
