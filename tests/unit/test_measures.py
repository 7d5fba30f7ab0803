"""Measures are registered by their files, and become columns."""

import numpy as np
import pytest
import torch

from dlgn_cnn.evaluation.measures import MEASURES, measure, measures
from dlgn_cnn.evaluation.score import score_conditions
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.registry.annotations import parameters_of
from schemas.base.unit_rows import measure_columns
from schemas.ensemble_score import EnsembleScore
from schemas.evaluation import Score


@pytest.fixture
def rank_difference(monkeypatch):
    """A measure of another file: of predicted and observed responses, which are not added up over scenes."""
    MEASURES.names()
    monkeypatch.setattr(MEASURES, "_components", dict(MEASURES._components))
    monkeypatch.setattr(MEASURES, "_options", dict(MEASURES._options))

    @measure("median_error", "median absolute error, in spikes a frame")
    def median_error(predicted, observed):
        return np.median(np.abs(predicted - observed), axis=1)


def test_every_measure_is_a_column_of_scores_and_of_ensembles_scores():
    bounded = [name for name, one in measures().items() if one.interval]
    expected = {*measures(), *(f"{name}_{side}" for name in bounded for side in ("low", "high"))}
    for table in (Score.Condition, EnsembleScore.Condition):
        columns = {line.split("=")[0].strip() for line in table.definition.splitlines() if "=null" in line}
        assert columns == expected
    assert {"explained", "normalized_correlation_low"} < expected


def test_a_measure_with_an_interval_takes_sums_alone():
    for name, one in measures().items():
        assert not one.interval or list(parameters_of(one.function)) == ["sums"], name


class Constant(torch.nn.Module):
    """Predicts a rate of 1 for every unit."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, videos, opto, data_key, behavior=None, pupil_center=None):
        return self.weight.expand(len(videos), 2, videos.shape[2])


class Loader(list):
    data_info = DataInfo((1, 2), (1, 2, 2), 60.0, (0.5, 1.5), 90.0, 40.0, ((0.0, 0.0), (0.0, 0.0)))


def test_a_new_measure_is_a_column_and_is_computed_over_the_frames_of_each_condition(rank_difference):
    assert "median_error=null : float64  # median absolute error, in spikes a frame" in measure_columns()
    responses = torch.cat([torch.full((1, 2, 30), 3.0), torch.full((1, 2, 10), 6.0)], -1)
    opto = torch.cat([torch.zeros(1, 30), torch.ones(1, 10)], -1)
    signals = torch.zeros(2, 1, 2, 40)
    shown = Batch(torch.zeros(1, 1, 40, 2, 2), responses, opto, *signals)
    loaders = {tier: {"a": Loader([shown])} for tier in ("train", "validation", "test")}
    scores = score_conditions(Constant(), loaders, np.random.default_rng(0), tiers=("test",))["a"]
    assert {one.opto_condition: one.values["median_error"].tolist() for one in scores} == {
        "all": [2.0, 2.0],
        "intact": [2.0, 2.0],
        "suppressed": [5.0, 5.0],
    }
    assert "median_error" not in scores[0].low
