"""Names of all tables, read from the source of ``schemas``: quick enough for a shell that completes words."""

import re
from functools import cache
from pathlib import Path

COMPUTED = ("Computed", "Imported")
CLASS = re.compile(r"^( *)class (\w+)\(([^)]*)\):", re.MULTILINE)
ADDED = {"Traced": "Provenance", "HashedConfig": "Leaf"}  # parts that mixins add
TIER = re.compile(r"\bdj\.(Manual|Lookup|Imported|Computed|Part)\b")


@cache
def table_tiers() -> dict[str, str]:
    """DataJoint's tier of every table by name: Manual, Lookup, Imported, Computed, or Part, as of ``Score.Unit``."""
    import schemas  # only to complete a word: help does without
    from schemas.declaration.modules import MODULES

    found, master = dict[str, str](), ""
    for module in MODULES:
        source = (Path(schemas.__file__).parent / f"{module}.py").read_text()
        for indent, name, bases in CLASS.findall(source):
            if tier := TIER.search(bases):
                master = master if indent else name
                found[f"{master}.{name}" if indent else name] = tier[1]
                found |= {f"{name}.{part}": "Part" for mixin, part in ADDED.items() if mixin in bases}
    return found


def complete_computed(incomplete: str) -> list[str]:
    """The computed tables whose names begin so."""
    return [name for name, tier in table_tiers().items() if tier in COMPUTED and name.startswith(incomplete)]


def complete_table(incomplete: str) -> list[str]:
    """The views and tables whose names begin so; the last one of a join."""
    from schemas.declaration.modules import VIEW_NAMES

    before, star, last = incomplete.rpartition("*")
    return [f"{before}{star}{name}" for name in (*VIEW_NAMES, *table_tiers()) if name.startswith(last)]
