"""Options of a worker, and the summary of what it did."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass
class WorkSummary:
    """Numbers of keys computed, keys failed and fits that their studies gave up, and seconds by table."""

    computed: int = 0
    failed: int = 0
    pruned: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class WorkerOptions:
    """Options of a worker.

    Attributes
    ----------
    where : str or None
        SQL condition on keys (default: all keys).
    retry_errors : bool
        Whether failed keys are pending again.
    stay : bool
        Whether the worker waits for more keys when none is left.
    together : int
        Number of workers that one command has started; some may not be registered yet.
    tables : tuple of str
        Names of the tables to fill (default: all computed tables).
    pause : callable
        Waits for a number of seconds.
    generator : numpy.random.Generator
        Draws the order of keys and the lengths of waits.
    """

    where: str | None = None
    retry_errors: bool = False
    stay: bool = False
    together: int = 1
    tables: tuple[str, ...] = ()
    pause: Callable[[float], None] = time.sleep
    generator: np.random.Generator = field(default_factory=np.random.default_rng)
