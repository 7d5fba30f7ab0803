"""Scores in the database: what a row says, what a query finds, what is NULL."""

import math

import numpy as np
import pytest

from tests.factories import small_simulation
from tests.schemas.test_transformed import ENCODER

REPEATS = 6


@pytest.fixture(scope="module")
def fit(database, tmp_path_factory):
    """A fit to a session whose test scenes were shown six times under a light that differs."""
    from schemas import dataset, evaluation, experiment, model, trainer, training
    from schemas.recordings.insert import ingest

    shown = {"test_repeats": REPEATS, "scene_duration_s": 2.4966, "mouse": "Simulated_2026_0500"}
    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("s") / "session", **shown))
    options = {"size_px": [18, 32], "window_frames": 60, "validation_share": 0.34}
    keys = dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    dataset.Dataset.populate(keys)
    keys = (
        keys
        | model.ModelConfig.add("encoder", ENCODER)
        | trainer.TrainerConfig.add("standard", {"fit": {"max_epochs": 1}})
    )
    keys["seed"] = 0
    trainer.Seed.insert1({"seed": 0}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": "scored"}, skip_duplicates=True)
    experiment.Experiment.Fit.insert1({"experiment_name": "scored", **keys})
    training.TrainedModel.populate(keys)
    for table in (evaluation.Score, evaluation.FeedbackModulation, evaluation.InputGain):
        table.populate(keys)
    return (training.TrainedModel & keys).fetch1("KEY")


def test_one_query_finds_the_normalized_correlation_under_suppressed_light(fit):
    from schemas import evaluation

    units = evaluation.Score.Condition & fit & {"tier": "test", "opto_condition": "suppressed"}
    rows = units.proj("normalized_correlation", "ceiling", "repeats").to_dicts()
    assert len(rows) == 6
    assert all(2 <= row["repeats"] <= REPEATS for row in rows)
    for row in rows:
        assert (row["normalized_correlation"] is None) == (row["ceiling"] is None)
    assert any(row["ceiling"] is not None for row in rows)


def test_the_readmes_query_answers(fit, database):
    from schemas import evaluation

    query = (
        f"SELECT unit, normalized_correlation FROM {database.prefix}evaluation.__score__condition "
        "WHERE tier = 'test' AND opto_condition = 'suppressed'"
    )
    found = dict(evaluation.schema.connection.query(query).fetchall())
    rows = (evaluation.Score.Condition & {"tier": "test", "opto_condition": "suppressed"}).to_dicts()
    assert found == {row["unit"]: row["normalized_correlation"] for row in rows}


def test_what_was_shown_once_has_no_ceiling(fit):
    from schemas import evaluation

    rows = (evaluation.Score.Condition & fit & {"tier": "validation"}).to_dicts()
    assert len(rows) == 3 * 6
    for name in ("normalized_correlation", "explained", "explainable", "ceiling", "oracle", "reliability", "repeats"):
        assert {row[name] for row in rows} == {None}, name
    assert any(row["correlation"] is not None for row in rows)


def test_the_short_score_is_that_of_all_test_frames(fit):
    from schemas import evaluation

    short = {row["unit"]: row["correlation"] for row in (evaluation.Score.Unit & fit).to_dicts()}
    rows = (evaluation.Score.Condition & fit & {"tier": "test", "opto_condition": "all"}).to_dicts()
    assert {row["unit"]: row["correlation"] for row in rows} == short
    mean = (evaluation.Score & fit).fetch1("mean_correlation")
    assert mean == pytest.approx(np.nanmean([math.nan if r is None else r for r in short.values()]))
    for row in rows:
        assert row["correlation_low"] <= row["correlation"] <= row["correlation_high"]


def test_frames_add_up(fit):
    from schemas import evaluation

    rows = (evaluation.Score.Condition & fit & {"tier": "test"}).to_dicts()
    frames = {row["opto_condition"]: row["frames"] for row in rows}
    assert frames["intact"] + frames["suppressed"] == frames["all"] == 3 * REPEATS * (150 - 15)


def test_effects_and_gains_have_a_row_a_unit(fit):
    from schemas import evaluation

    effects, gains = ((table.Unit & fit).to_dicts() for table in (evaluation.FeedbackModulation, evaluation.InputGain))
    assert len(effects) == len(gains) == 6
    for row in effects:
        assert 0 < row["data_omi_p"] <= row["data_omi_q"] <= 1
        for name in ("data_rmi", "model_rmi", "data_emi", "model_emi"):
            assert -1 <= row[name] <= 1
    for row in gains:
        # This model has neither a shifter nor a modulator: running and pupil reach it by no way.
        assert row["running"] == row["pupil"] == 0
        assert math.isfinite(row["movie"])
        assert math.isfinite(row["opto"])


def test_scores_do_not_change_when_they_are_made_again(fit):
    from schemas import evaluation

    before = (evaluation.Score.Condition & fit).to_dicts(order_by="KEY")
    (evaluation.Score & fit).delete(prompt=False)
    evaluation.Score.populate(fit)
    after = (evaluation.Score.Condition & fit).to_dicts(order_by="KEY")
    for one, other in zip(before, after, strict=True):
        for name, value in one.items():
            assert other[name] == (pytest.approx(value, rel=1e-4, abs=1e-5) if isinstance(value, float) else value)
