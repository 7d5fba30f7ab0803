"""Responses in each unit's own standard deviations, so that busy units do not dominate a squared loss."""

import dataclasses

import torch

from dlgn_cnn.data.loading.transforms import TRANSFORMS, TrainingStatistics
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.interface import Batch, DataInfo


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
