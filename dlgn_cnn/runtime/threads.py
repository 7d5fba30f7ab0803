"""Threads of a process: how many torch computes with, and how they wait for each other.

Threads of OpenMP that spin at a barrier keep the thread that they wait for from its core. Next to one other busy
process on two cores, two spinning threads were 15 to 25 times slower than one; two that sleep were not.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping, MutableMapping

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.cores import Cores, usable_cores

logger = logging.getLogger("dlgn")
VARIABLE = "DLGN_THREADS"
MOST = 1024
# What GNU's, LLVM's and Intel's OpenMP read when they are loaded.
WAITING = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def wait_passively(environment: MutableMapping[str, str]) -> None:
    """Let threads of OpenMP sleep while they wait, unless the user has said how they wait.

    Call it before torch is imported, which loads OpenMP.
    """
    if not any(name in environment for name in WAITING):
        environment.update(WAITING)


def asked_threads(environment: Mapping[str, str]) -> int | None:
    """The number of threads that the user asks for: DLGN_THREADS, or else OMP_NUM_THREADS; None for neither.

    Raises
    ------
    ConfigError
        If DLGN_THREADS is not a whole number from 1 to ``MOST``.
    """
    text = environment.get(VARIABLE)
    if text:
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST):
            raise ConfigError(f"{VARIABLE} {text!r}: expected a whole number of threads from 1 to {MOST}, as 2")
        return int(text)
    first = environment.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # a number for each nested level
    return int(first) if first.isascii() and first.isdecimal() and 1 <= int(first) <= MOST else None


def thread_count(asked: int | None, cores: Cores, here: int = 1, on_cores: int = 1) -> int:
    """Number of threads that one worker computes with.

    Parameters
    ----------
    asked : int or None
        Number that the user asks for. More than there are cores would only cost time: it becomes their number.
    cores : Cores
        Cores of this process.
    here : int, default 1
        Workers that share this process's quota, itself included: those in its container.
    on_cores : int, default 1
        Workers that share its cores, itself included, in whatever container.

    Returns
    -------
    int
        1 or more.
    """
    if asked is not None:
        return min(asked, cores.affinity)
    by_affinity, by_quota = cores.affinity / max(on_cores, 1), cores.quota / max(here, 1)
    return max(1, int(min(by_affinity, by_quota)))


def describe_limit(asked: int | None, cores: Cores) -> str | None:
    """Sentence on a limit of cores that a user would want to know of; None if nothing limits."""
    if asked is not None and asked > cores.affinity:
        return f"{asked} threads are asked for, and this process may use {cores.affinity} cores: it computes with these"
    if cores.quota < 1:
        return (
            f"this process may use {cores.quota:.2g} of a core, as its cgroup says: it computes with one thread, "
            "slowly; raise the limit on its CPU time, as 'cpus' in docker-compose.yml"
        )
    return None


def use(number: int) -> None:
    """Let torch compute with this many threads from now on."""
    import torch

    if torch.get_num_threads() != number:
        torch.set_num_threads(number)


def in_use() -> int:
    """Number of threads that torch computes with."""
    import torch

    return torch.get_num_threads()


def again(began: int) -> bool:
    """Compute with the number of threads that a computation began with, or with all cores if there are fewer.

    Returns
    -------
    bool
        Whether it is the same number: sums are then made in the same order, and give the same bits.
    """
    number = min(began, usable_cores().affinity)
    use(number)
    if number < began:
        logger.warning("it had %d threads and here are %d cores: its bits may differ", began, number)
    return number == began


@contextlib.contextmanager
def using(number: int) -> Iterator[None]:
    """Let torch compute with this many threads within the block."""
    with kept():
        use(number)
        yield


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Have the same number of threads after the block as before."""
    before = in_use()
    try:
        yield
    finally:
        use(before)
