"""Scored fits without fitting: rows of made-up figures, for pages that show many."""

from datetime import datetime
from typing import Any

import numpy as np

MOUSE = {"mouse": "Simulated_2026_0900", "series": 1, "experiment": 1}
FIT = ("dataset_hash", "model_hash", "trainer_hash", "seed")
EPOCHS = 10
FITS_A_STATEMENT = 20
DIRECT = {"allow_direct_insert": True}


def fill(fits: int, units: int, seeds: int = 2) -> None:
    """Rows of an experiment ``filled`` of ``fits`` scored fits of ``units`` units, and of one fit to shuffled light."""
    from schemas import dataset, experiment, session, trainer

    generator = np.random.default_rng(0)
    session.Mouse.insert1({"mouse": MOUSE["mouse"], "simulated": True})
    session.Session.insert1(MOUSE | {"session_name": "Simulated_2026_0900_s01_e01"})
    session.Unit.insert(MOUSE | {"unit": unit} for unit in range(units))
    datasets = [_dataset({}, units), _dataset({"shuffle_opto": {"seed": 0}}, units)]
    trainer_key = trainer.TrainerConfig.add("standard", {"fit": {"max_epochs": EPOCHS}})
    trainer.Seed.insert([{"seed": seed} for seed in range(seeds)], skip_duplicates=True)
    models = [_model(number) for number in range(-(-fits // seeds))]
    keys = [datasets[0] | models[n // seeds] | trainer_key | {"seed": n % seeds} for n in range(fits)]
    null = datasets[1] | models[0] | trainer_key | {"seed": 0}
    experiment.Experiment.insert1({"experiment_name": "filled"})
    experiment.Experiment.Fit.insert({"experiment_name": "filled"} | key for key in keys)
    _scored([*keys, null], units, generator)
    assert dataset.Dataset() & null


def _dataset(extra: dict[str, Any], units: int) -> dict[str, str]:
    from schemas import dataset

    config = {"sessions": ["Simulated_2026_0900_s01_e01"], **extra}
    key = dataset.DatasetConfig.add("stored_sessions", config)
    dataset.Dataset.insert1(key | {"dataset_digest": "0" * 64, "trials": 1}, **DIRECT)
    rows = (key | MOUSE | {"unit": unit, "unit_index": unit, "mean_rate_hz": 5.0} for unit in range(units))
    dataset.Dataset.Unit.insert(rows, **DIRECT)
    return key


def _model(number: int) -> dict[str, str]:
    from schemas import model

    core = {"name": ("stacked_2d", "factorized_3d")[number % 2], "channels": [2 + 2 * number], "kernels": [5]}
    return model.ModelConfig.add("encoder", {"core": core, "readout": {"name": "gaussian"}})


def _scored(keys: list[dict[str, Any]], units: int, generator: np.random.Generator) -> None:
    from schemas import evaluation, fitting, training
    from schemas.base.keys import fit_name

    fitted = {"output": {}, "parameters": 1000, "weights_sha256": "0" * 64, "device": "cpu", "versions": {}}
    fitted |= {"fit_precision": "float32", "threads": 1, "same_bits": True}
    correlations = generator.uniform(0, 0.6, (len(keys), units))
    means = correlations.mean(1).tolist()
    scored = list(zip(keys, means, strict=True))
    null = keys[-1]
    fits = (
        {**key, "fit_name": fit_name(key), "is_null": key is null, "score": r, "fit_seconds": 9.0, **fitted}
        for key, r in scored
    )
    training.TrainedModel.insert(fits, **DIRECT)
    evaluation.Score.insert(({**key, "mean_correlation": r} for key, r in scored), **DIRECT)
    evaluation.FeedbackModulation.insert(keys, **DIRECT)
    effects = generator.normal(0, 0.2, (len(keys), units, 2))
    for first in range(0, len(keys), FITS_A_STATEMENT):
        some = range(first, min(first + FITS_A_STATEMENT, len(keys)))
        evaluation.Score.Unit.insert(
            [_unit(keys[n], u, correlations[n, u]) for n in some for u in range(units)], **DIRECT
        )
        lit = [_effect(keys[n], u, *effects[n, u].tolist()) for n in some for u in range(units)]
        evaluation.FeedbackModulation.Unit.insert(lit, **DIRECT)
        fitting.Epoch.insert([row for n in some for row in _epochs(keys[n])])


def _unit(key: dict[str, Any], unit: int, correlation: float) -> dict[str, Any]:
    """A unit's score; of the first unit in fits of an odd seed, none."""
    known = None if unit == 0 and key["seed"] % 2 else float(correlation)
    return {**key, **MOUSE, "unit": unit, "correlation": known}


def _effect(key: dict[str, Any], unit: int, data: float, model: float) -> dict[str, Any]:
    return {**key, **MOUSE, "unit": unit, "data_omi": data, "model_omi": model, "data_omi_q": abs(data)}


def _epochs(key: dict[str, Any]) -> list[dict[str, Any]]:
    curve = (0.4 * (1 - np.exp(-np.arange(EPOCHS) / 3))).tolist()
    ended = [datetime(2026, 1, 1, 0, 0, epoch) for epoch in range(EPOCHS)]
    return [
        {**key, "epoch": n, "loss": 0.6 - r, "validation_correlation": r, "ended": ended[n]}
        for n, r in enumerate(curve)
    ]
