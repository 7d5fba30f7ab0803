"""The beginning of every schema's name: what both servers and the accounts on them take."""

import re
from pathlib import Path

from dlgn_cnn.errors import ConfigError

SCHEMAS = tuple(sorted(path.stem for path in Path(__file__).parents[1].glob("[a-z]*.py")))  # a file is a schema
MOST = 63  # bytes of a name on PostgreSQL; MySQL takes 64 characters, and as many in a grant, where '_' is '\_'
RESERVED = "pg_"


def check_prefix(prefix: str) -> str:
    r"""Return a prefix that both servers take.

    Raises ConfigError for other letters than ASCII's lower-case ones, digits and ``_``, for what PostgreSQL keeps to
    itself, and for a prefix that is too long for the longest schema's name.

    >>> check_prefix("lab_")
    'lab_'
    """
    if not re.fullmatch(r"[a-z0-9_]*[a-z0-9][a-z0-9_]*", prefix):
        raise ConfigError(f"DLGN_PREFIX {prefix!r}: expected lower-case letters a to z, digits and '_', as dlgn_")
    if any(f"{prefix}{name}".startswith(RESERVED) for name in SCHEMAS):
        raise ConfigError(f"DLGN_PREFIX {prefix!r}: PostgreSQL keeps names that begin with {RESERVED}: choose another")
    longest = max(SCHEMAS, key=_length)
    most = MOST - _length(longest)
    if _length(prefix) > most:
        raise ConfigError(
            f"DLGN_PREFIX {prefix!r} takes {_length(prefix)} characters ('_' counts twice, as in MySQL's grants), "
            f"expected up to {most}, since servers take {MOST} for the schema {prefix}{longest}: shorten it"
        )
    return prefix


def _length(name: str) -> int:
    return len(name.replace("_", r"\_").encode())
