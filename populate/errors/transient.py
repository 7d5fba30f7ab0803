"""Errors that another try can mend, and the waits before it."""

import errno
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlgn_cnn.errors import NotHere, StoreAway, StoreRefuses, StoreStopped
from dlgn_cnn.storage.rights import refusal
from populate.errors.explain import causes
from schemas.base.relational import AccessError, LostConnectionError

# MySQL: too many connections, shutting down, lock wait, deadlock, no server, gone, lost, killed (1927 is MariaDB's).
MYSQL_CODES = frozenset({0, 1040, 1053, 1077, 1205, 1213, 1317, 2002, 2003, 2006, 2013, 2055, 3024, 4031})
MYSQL_REFUSALS = frozenset({1044, 1045, 1142})  # no access, which an account lacks for a moment while grants change
# PostgreSQL: connection (class 08), serialization, deadlock, lock, statement canceled, too many, shutdown and start.
POSTGRES_CODES = frozenset({"40001", "40P01", "53300", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"})
# What CUDA's libraries say, in a bare RuntimeError, where a full GPU leaves them no memory of their own.
CUDA_FULL = re.compile(
    r"CUDNN_STATUS_(INTERNAL_ERROR|ALLOC_FAILED|NOT_INITIALIZED)|CUBLAS_STATUS_(ALLOC_FAILED|NOT_INITIALIZED)"
    r"|CUFFT_ALLOC_FAILED|CUDA error: out of memory|CUDA driver error: out of memory"
)
LONGEST_S = 60.0


def is_transient(error: BaseException) -> bool:
    """Whether the database or a store, not the computation, failed, and in a way that passes."""
    if isinstance(error, LostConnectionError | StoreAway):
        return True
    module = type(error).__module__.partition(".")[0]
    if module == "pymysql":
        return bool(error.args) and error.args[0] in MYSQL_CODES
    if module == "psycopg2":
        code = getattr(error, "pgcode", None)
        if code is None:  # the driver's own: no server, or one that left in mid-sentence
            return type(error).__name__ in ("OperationalError", "InterfaceError")
        return code in POSTGRES_CODES or code.startswith("08")
    return False


def is_refused(error: BaseException) -> bool:
    """Whether the database refused the account: asking again helps where its grants were just being changed."""
    mysql = type(error).__module__.partition(".")[0] == "pymysql"
    return isinstance(error, AccessError) or (mysql and bool(error.args) and error.args[0] in MYSQL_REFUSALS)


def lacking(error: BaseException) -> str | None:
    """What this machine lacks, by what an error says, and another may have; None for an error that any would meet."""
    for one in causes(error):
        if isinstance(one, StoreRefuses):
            return f"a store that takes what is written ({one})"
    if is_exhausted(error):
        return f"memory, or room on a disk ({type(error).__name__}: {error})"
    for one in causes(error):
        if isinstance(one, NotHere):
            return str(one)
        if isinstance(one, ModuleNotFoundError):
            return f"package {one.name!r}: pip install {one.name}"
        if isinstance(one, PermissionError):
            return refusal(str(one.filename)) if one.filename else f"the right to use a file ({one.strerror or one})"
        if is_refused(one):
            return f"rights in the database ({one})"
    return None


def is_exhausted(error: BaseException) -> bool:
    """Whether memory, a GPU's or the machine's, or a disk was full, which another process may have caused.

    A store or disk that takes nothing for another reason, as it is read-only, is no fault of the key's either.
    """
    import torch
    from safetensors import SafetensorError

    for one in causes(error):
        said = isinstance(one, RuntimeError) and CUDA_FULL.search(str(one))
        if said or isinstance(one, torch.cuda.OutOfMemoryError | MemoryError | StoreRefuses):
            return True
        if isinstance(one, OSError) and one.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            return True
        if isinstance(one, SafetensorError) and "No space left" in str(one):
            return True
    return False


def may_fit_later(error: BaseException) -> bool:
    """Whether a few more tries may help: memory or a disk was full, or a stored dataset took too long to decode."""
    return is_exhausted(error) or any(isinstance(one, StoreStopped) for one in causes(error))


def delays(generator: np.random.Generator, first_s: float = 0.2) -> Iterator[float]:
    """Waits in seconds that double up to ``LONGEST_S``, each drawn from half to all of it, to keep workers apart."""
    wait: Any = first_s
    while True:
        yield float(wait * generator.uniform(0.5, 1.0))
        wait = min(2 * wait, LONGEST_S)
