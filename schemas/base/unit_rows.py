"""Rows of units made from arrays: NULL for what is undefined."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dlgn_cnn.evaluation.measures import measures
from schemas.base.keys import Row, unit_key

if TYPE_CHECKING:
    from dlgn_cnn.evaluation.score import ConditionScore

SIDES = ("low", "high")  # of an interval


def nullable(value: float) -> float | None:
    """Return a figure for a column: None for what is undefined, never 0 and never NaN.

    >>> nullable(float("nan")), nullable(0.5)
    (None, 0.5)
    """
    return float(value) if math.isfinite(value) else None


def unit_rows(units: list[Row], values: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Make a row of each unit, with its figure from every array.

    Parameters
    ----------
    units : list of dict
        Units as ``dataset.unit_rows`` gives them.
    values : mapping
        By session name, arrays of shape ``(unit,)`` by column.

    Returns
    -------
    list of dict
        Rows of a part table, without the master's key; NaN has become None.
    """
    return [
        unit_key(unit) | {name: nullable(one[unit["unit_index"]]) for name, one in values[unit["session_name"]].items()}
        for unit in units
    ]


def measure_columns() -> str:
    """The part of a definition that has a column for each registered measure, and two for its interval."""
    lines = []
    for name, one in measures().items():
        lines.append(f"{name}=null : float64  # {one.meaning}")
        lines += [f"{name}_{side}=null : float64" for side in SIDES if one.interval]
    return "\n".join(lines)


def score_rows(scores: Mapping[str, list[ConditionScore]], units: list[Row]) -> tuple[Row, dict[str, list[Row]]]:
    """Make the row of ``evaluation.Score`` or of an ensemble's, a row a unit, and a row a unit, tier and condition.

    Parameters
    ----------
    scores : mapping
        Scores by session name.
    units : list of dict
        Units as ``dataset.unit_rows`` gives them.

    Returns
    -------
    dict
        The mean test correlation.
    dict of str to list
        Rows of the parts ``Unit`` and ``Condition``.
    """
    by_session = {name: {(one.tier, one.opto_condition): one for one in found} for name, found in scores.items()}
    test = {name: {"correlation": one["test", "all"].values["correlation"]} for name, one in by_session.items()}
    mean = np.nanmean(np.concatenate([one["correlation"] for one in test.values()]))
    conditions = [
        unit_key(unit) | _condition_row(score, unit["unit_index"])
        for unit in units
        for score in scores[unit["session_name"]]
    ]
    return {"mean_correlation": nullable(mean)}, {"Unit": unit_rows(units, test), "Condition": conditions}


def _condition_row(score: ConditionScore, index: int) -> Row:
    row: Row = {"tier": score.tier, "opto_condition": score.opto_condition, "frames": int(score.frames[index])}
    row |= {name: nullable(values[index]) for name, values in score.values.items()}
    for side in SIDES:
        row |= {f"{name}_{side}": nullable(values[index]) for name, values in getattr(score, side).items()}
    return row
