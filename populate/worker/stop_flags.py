"""Stop flags of workers, read between two keys."""

import platform
from dataclasses import dataclass

from schemas import fleet


@dataclass(frozen=True)
class StopFlags:
    """Stop flags of this machine's workers: the tables to pause (``*`` for all), and whether to end."""

    paused: frozenset[str]
    drained: bool

    def allow(self, table_name: str) -> bool:
        """Whether keys of that table may be taken."""
        return not self.paused & {"*", table_name}


def in_force() -> StopFlags:
    """The stop flags in force for this machine."""
    rows = (fleet.StopFlag & [{"host": "*"}, {"host": platform.node()}]).to_dicts()
    paused = frozenset(row["table_name"] for row in rows if row["action"] == "pause")
    return StopFlags(paused, any(row["action"] == "drain" for row in rows))
