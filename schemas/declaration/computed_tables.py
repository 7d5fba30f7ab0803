"""Tables that workers fill, in the order in which they depend on one another, and tables of configs."""

from collections.abc import Sequence
from typing import Any

from schemas import (
    dataset,
    ensemble_score,
    evaluation,
    mei,
    mei_contrast,
    mei_control,
    model,
    recording,
    trainer,
    training,
    tuning,
)  # fmt: skip


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


def config_tables() -> dict[str, Any]:
    """Return the tables of configs by kind: dataset, model, trainer and mei."""
    return {one.kind: one for one in (dataset.DatasetConfig, model.ModelConfig, trainer.TrainerConfig, mei.MEIConfig)}
