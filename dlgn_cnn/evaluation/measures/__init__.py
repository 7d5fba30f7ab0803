"""Registry of the measures of a score: each is a column of ``Score.Condition`` and of ``EnsembleScore.Condition``.

A measure is a function that returns a figure of each unit (unit,), and NaN where that is undefined: for a unit without
a spike, a prediction that never varies, or a ceiling where nothing was repeated or repeats agree no better than by
chance. It asks by name for what it is made of: ``sums``, those of ``moments`` (..., unit), or ``predicted`` and
``observed`` (unit, frame), all frames of one tier and opto condition in spikes a frame; ``observed`` is NaN where the
unit was not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from dlgn_cnn.registry import Registry, supplied
from dlgn_cnn.shapes import Scores

MEASURES = Registry("measure", "dlgn_cnn.evaluation.measures")


@dataclass(frozen=True)
class Measure:
    """A registered measure: its function, the comment of its column, and whether its interval is stored, too."""

    function: Callable[..., Scores]
    meaning: str
    interval: bool

    def __call__(self, **given: Any) -> Scores:
        """The figure of each unit, from those of ``sums``, ``predicted`` and ``observed`` that the function takes."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.function(**supplied(self.function, **given)))


def measure(
    name: str, meaning: str, interval: bool = False
) -> Callable[[Callable[..., Scores]], Callable[..., Scores]]:
    """Decorator that registers a measure.

    Parameters
    ----------
    name : str
        Name of its column.
    meaning : str
        Comment of its column, with the unit unless it has none.
    interval : bool
        Whether ``NAME_low`` and ``NAME_high`` are stored, too: the 95 % bootstrap interval over scenes. Such a
        measure takes ``sums`` alone.

    Returns
    -------
    callable
        Registers a function and returns it.
    """

    def file(function: Callable[..., Scores]) -> Callable[..., Scores]:
        MEASURES.register(name)(Measure(function, meaning, interval))
        return function

    return file


def measures() -> dict[str, Measure]:
    """Every measure, sorted by name."""
    return {name: cast(Measure, MEASURES.get(name)) for name in MEASURES.names()}
