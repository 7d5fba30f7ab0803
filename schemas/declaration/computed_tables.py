"""Computed tables, in the order in which they depend on one another."""

from collections.abc import Sequence
from typing import Any

from schemas import dataset, ensemble_score, evaluation, mei, mei_contrast, mei_control, recording, training, tuning


def computed_tables() -> Sequence[Any]:
    """Every table that a worker fills, in the order in which they depend on one another."""
    return (
        recording.Recording,
        dataset.Dataset,
        tuning.ReceptiveField,
        training.TrainedModel,
        evaluation.Score,
        evaluation.FeedbackModulation,
        evaluation.InputGain,
        ensemble_score.EnsembleScore,
        mei.MEI,
        mei_control.MEIControl,
        mei_contrast.MEIContrast,
    )
