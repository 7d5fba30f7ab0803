"""The tables. Importing a module declares nothing and connects to nothing: ``schemas.open_database()`` does.

The files of this folder are the tables, which ``schemas.declaration.modules`` puts in the order of their foreign keys;
the folders hold what they use.
"""

import warnings
from typing import TYPE_CHECKING, Any

from schemas.connection.settings import Settings

if TYPE_CHECKING:
    from schemas.declaration.database import open_database

# On its import, DataJoint advises a datajoint.json; our settings are the environment's.
warnings.filterwarnings("ignore", message="No datajoint.json found", category=UserWarning)

__all__ = ["Settings", "open_database"]


def __getattr__(name: str) -> Any:
    """Import what needs DataJoint when it is first asked for: a worker's heartbeat does without."""
    if name == "open_database":
        from schemas.declaration.database import open_database

        return open_database
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
