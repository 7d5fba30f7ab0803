"""Transforms of the responses: which units, and in which measure."""

import dataclasses
from collections.abc import Sequence

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo


@TRANSFORMS.register("select_units")
class SelectUnits:
    """Keeps some units, in the session's order.

    Parameters
    ----------
    data_info : DataInfo
        What is known of the session before.
    statistics : TrainingStatistics
        Not used.
    units : sequence of int
        Numbers of the units; every session of the dataset must have them.

    Raises
    ------
    ConfigError
        If a number is listed twice, or a session does not have it.
    """

    def __init__(self, data_info: DataInfo, statistics: TrainingStatistics, *, units: Sequence[int]) -> None:
        if not isinstance(units, list | tuple) or not units or len(set(units)) < len(units):
            raise ConfigError(f"select_units.units {units!r}: give a list of different unit numbers")
        missing = [unit for unit in units if unit not in data_info.units]
        if missing:
            raise ConfigError(f"select_units: no units {missing} in this session, which has {list(data_info.units)}")
        rows = [row for row, unit in enumerate(data_info.units) if unit in set(units)]
        self.data_info = dataclasses.replace(
            data_info,
            units=tuple(data_info.units[row] for row in rows),
            mean_counts=tuple(data_info.mean_counts[row] for row in rows),
            field_centers=tuple(data_info.field_centers[row] for row in rows),
        )
        self._rows = torch.tensor(rows)

    def __call__(self, batch: Batch) -> Batch:
        """Responses (batch, kept unit, time)."""
        kept = {name: getattr(batch, name, None) for name in ("responses", "observed")}
        chosen = {name: one.index_select(1, self._rows) for name, one in kept.items() if one is not None}
        return dataclasses.replace(batch, **chosen)


@TRANSFORMS.register("standardize_responses")
class StandardizeResponses:
    """Divides counts and ``mean_counts`` by each unit's standard deviation in training; they are not counts any more.

    Raises ConfigError for a unit whose response never varies.
    """

    def __init__(self, data_info: DataInfo, statistics: TrainingStatistics) -> None:
        deviations = [statistics.response_std[unit] for unit in data_info.units]
        constant = [unit for unit, std in zip(data_info.units, deviations, strict=True) if not std > 0]
        if constant:
            raise ConfigError(
                f"standardize_responses: responses of units {constant} never vary in training: "
                "leave them out with select_units before it"
            )
        means = tuple(mean / std for mean, std in zip(data_info.mean_counts, deviations, strict=True))
        self.data_info = dataclasses.replace(data_info, mean_counts=means)
        self._deviations = torch.tensor(deviations)[:, None]

    def __call__(self, batch: Batch) -> Batch:
        """Responses (batch, unit, time) in standard deviations."""
        return dataclasses.replace(batch, responses=batch.responses / self._deviations)
