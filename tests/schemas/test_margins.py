"""The margin over the reference models, as the database computes it and as numpy does."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.factories import small_simulation

MODELS = (
    ("ln", {"opto": "none", "field_radius_px": 4.0}),
    ("spline_glm", {"rank": 1, "running": False, "pupil": False}),
    (
        "encoder",
        {
            "core": {"name": "stacked_2d", "channels": [2], "kernels": [3], "strides": [3]},
            "readout": {"name": "gaussian"},
        },
    ),
)


@pytest.fixture(scope="module")
def fits(database, tmp_path_factory):
    """Scored fits of two references and an encoder to one dataset, and of an encoder alone to another."""
    from schemas import dataset, evaluation, experiment, model, trainer, training
    from schemas.recordings.insert import ingest

    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("m") / "session", mouse="Simulated_2026_0700"))
    options = {"sessions": [name], "size_px": [9, 16], "validation_share": 0.34}
    keys = [dataset.DatasetConfig.add("stored_sessions", options | {"window_frames": n}) for n in (40, 50)]
    dataset.Dataset.populate(keys)
    named = [model.ModelConfig.add(*call) for call in MODELS]
    how = trainer.TrainerConfig.add("standard", {"fit": {"max_epochs": 1}})
    trainer.Seed.insert1({"seed": 0}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": "margins"}, skip_duplicates=True)
    pairs = [(keys[0], one) for one in named] + [(keys[1], named[-1])]
    made = [{**data, **one, **how, "seed": 0} for data, one in pairs]
    experiment.Experiment.Fit.insert([{"experiment_name": "margins", **fit} for fit in made])
    training.TrainedModel.populate(made)
    evaluation.Score.populate(made)
    return made


def scores(fit):
    from schemas import evaluation

    rows = (evaluation.Score.Unit & fit).to_dicts(order_by="unit")
    return np.array([np.nan if row["correlation"] is None else row["correlation"] for row in rows])


def test_a_margin_is_the_distance_to_the_reference_of_the_better_validation_score(fits):
    from schemas import evaluation, training
    from schemas.results.margins import mean_margins, unit_margins

    best = max(fits[:2], key=lambda fit: (training.TrainedModel & fit).fetch1("score"))
    for fit in fits[:3]:
        found = np.array((unit_margins() & fit).to_arrays("margin", order_by="unit"), float)
        np.testing.assert_allclose(found, scores(fit) - scores(best), atol=1e-12)
        means = [(evaluation.Score & one).fetch1("mean_correlation") for one in (fit, best)]
        assert (mean_margins() & fit).fetch1("margin") == pytest.approx(means[0] - means[1], abs=1e-12)
    assert (mean_margins() & best).fetch1("margin") == 0


def test_a_dataset_without_a_reference_has_no_margin(fits):
    from schemas.results.margins import mean_margins, unit_margins

    assert len(unit_margins() & fits[3]) == len(mean_margins() & fits[3]) == 0
    assert len(unit_margins() & {"dataset_hash": fits[0]["dataset_hash"]}) == 3 * len(scores(fits[0]))


def test_the_documented_sql_gives_the_same_margins(fits, database):
    from schemas import evaluation
    from schemas.results.margins import unit_margins

    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "experiments.md").read_text()
    (sql,) = (one for one in re.findall(r"```sql\n(.+?);\n```", page, re.DOTALL) if "margin" in one)
    rows = evaluation.schema.connection.query(sql.replace("dlgn_", database.prefix)).fetchall()
    expected = unit_margins().to_arrays("model_hash", "seed", "unit", "margin")
    assert sorted(map(tuple, rows)) == sorted(zip(*(column.tolist() for column in expected), strict=True))
