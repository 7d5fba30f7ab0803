"""Rows of units made of scores: NULL for what is undefined."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dlgn_cnn.evaluation.score import ConditionScore

Row = dict[str, Any]
BOUNDED = ("correlation", "bits_per_spike", "normalized_correlation", "explained")


def score_rows(
    scores: Mapping[str, list[ConditionScore]], units: list[Row]
) -> tuple[float | None, list[Row], list[Row]]:
    """Of scores by session: the mean test correlation, a row a unit, and a row a unit, tier and opto condition."""
    test = {
        name: next(one for one in found if (one.tier, one.opto_condition) == ("test", "all")).values["correlation"]
        for name, found in scores.items()
    }
    short = [
        unit_key(unit) | {"correlation": nullable(float(test[unit["session_name"]][unit["unit_index"]]))}
        for unit in units
    ]
    full = [
        unit_key(unit) | _condition_row(score, unit["unit_index"])
        for unit in units
        for score in scores[unit["session_name"]]
    ]
    return nullable(np.nanmean(np.concatenate(list(test.values())))), short, full


def nullable(value: float) -> float | None:
    """NULL for what is undefined, never 0 and never NaN."""
    return float(value) if math.isfinite(value) else None


def unit_key(row: Mapping[str, Any]) -> dict[str, Any]:
    """A unit's key within its dataset."""
    return {name: row[name] for name in ("mouse", "series", "experiment", "unit")}


def _condition_row(score: ConditionScore, index: int) -> dict[str, Any]:
    row: dict[str, Any] = {"tier": score.tier, "opto_condition": score.opto_condition, "frames": score.frames}
    row |= {name: nullable(values[index]) for name, values in score.values.items()}
    for side in ("low", "high"):
        row |= {f"{name}_{side}": nullable(getattr(score, side)[name][index]) for name in BOUNDED}
    return row
