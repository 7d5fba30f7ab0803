"""Ensembles of fitted models in the tables; fits that name others, as transferred ones do."""

import logging
import math

import numpy as np
import pytest
import torch
import yaml
from datajoint.errors import DataJointError

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.evaluation.predict import predict
from dlgn_cnn.evaluation.score import BURN_IN_FRAMES
from tests.factories import small_simulation
from tests.scoring import score_units

ENCODER = {
    "core": {"name": "stacked_2d", "channels": [2], "kernels": [5], "strides": [3]},
    "readout": {"name": "gaussian"},
}
FIT = {"max_epochs": 1, "burn_in_frames": 5}
SEEDS = (40, 41)


@pytest.fixture(scope="module")
def parts(database, tmp_path_factory):
    """A dataset, a model and a trainer."""
    from schemas import dataset, model, trainer
    from schemas.recordings.insert import ingest

    (name,) = ingest(small_simulation(tmp_path_factory.mktemp("e") / "session", mouse="Simulated_2026_0600"))
    options = {"size_px": [18, 32], "window_frames": 40, "validation_share": 0.34}
    found = dataset.DatasetConfig.add("stored_sessions", {"sessions": [name], **options})
    dataset.Dataset.populate(found)
    return found | model.ModelConfig.add("encoder", ENCODER) | trainer.TrainerConfig.add("standard", {"fit": FIT})


def fit(parts, seed: int):
    """The key of a fit, which is computed unless it was before."""
    from schemas import experiment, trainer, training

    trainer.Seed.insert1({"seed": seed}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": "ensemble"}, skip_duplicates=True)
    key = parts | {"seed": seed}
    experiment.Experiment.Fit.insert1({"experiment_name": "ensemble", **key}, skip_duplicates=True)
    training.TrainedModel.populate(key)
    return (training.TrainedModel & key).fetch1("KEY")


@pytest.fixture(scope="module")
def members(parts):
    return [fit(parts, seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def ensemble(members):
    from schemas.training import add_ensemble

    return add_ensemble(members, "two seeds")


def test_equal_sets_are_one_ensemble(members, ensemble):
    from schemas.ensemble import Ensemble
    from schemas.training import add_ensemble

    assert add_ensemble([*reversed(members), members[0]]) == ensemble
    assert len(Ensemble.Member & ensemble) == 2
    assert (Ensemble & ensemble).fetch1("members") == 2
    assert add_ensemble(members[:1]) != ensemble


def test_an_ensemble_of_nothing_or_of_what_is_not_fitted_is_refused(members):
    from schemas.ensemble import Ensemble
    from schemas.training import add_ensemble

    before = len(Ensemble())
    with pytest.raises(ConfigError, match="no members"):
        add_ensemble([])
    with pytest.raises(ConfigError, match="not fitted"):
        add_ensemble([members[0], members[0] | {"seed": 999}])
    assert len(Ensemble()) == before


def test_scores_and_the_loaders_take_an_ensemble_as_they_take_a_model(members, ensemble):
    from schemas.training import load_ensemble, load_model

    model, loaders = load_ensemble(ensemble)
    assert not model.training
    (name,) = loaders["test"]
    shown = next(iter(loaders["test"][name]))
    rates = [load_model(key)[0](shown.videos, shown.opto, name) for key in members]
    assert torch.allclose(model(shown.videos, shown.opto, name), torch.stack(rates).mean(0))
    scores = score_units(model, loaders, "test")[name]
    assert scores.shape == (6,)
    assert np.isfinite(scores).any()


def test_an_ensembles_scores_are_those_of_its_mean_rate(members, ensemble):
    from schemas.ensemble_score import EnsembleScore
    from schemas.training import TrainedModel, load_ensemble, load_model

    EnsembleScore.populate(ensemble)
    _, loaders = load_ensemble(ensemble)
    (name,) = loaders["test"]
    found = [predict(load_model(key)[0], loaders["test"][name], name, BURN_IN_FRAMES) for key in members]
    mean = np.mean([one.predicted for one in found], 0)
    with np.errstate(invalid="ignore"):
        expected = [np.corrcoef(*pair)[0, 1] for pair in zip(mean, found[0].observed, strict=True)]
    rows = (EnsembleScore.Unit & ensemble).to_dicts(order_by="unit")
    scores = [math.nan if row["correlation"] is None else row["correlation"] for row in rows]
    assert scores == pytest.approx(expected, abs=1e-5, nan_ok=True)
    assert (EnsembleScore & ensemble).fetch1("mean_correlation") == pytest.approx(np.nanmean(expected), abs=1e-5)
    conditions = EnsembleScore.Condition & ensemble & {"tier": "test", "opto_condition": "suppressed"}
    assert len(conditions) == len(rows) == 6
    assert len(EnsembleScore.Member & ensemble) == len(members)
    with pytest.raises(DataJointError, match="part"):
        (TrainedModel & members[0]).delete(prompt=False)


def test_an_experiments_seeds_make_an_ensemble_that_is_scored_when_they_are_fitted(parts, members, tmp_path, caplog):
    """One seed more than there are: the score waits for it, and so does a fit that learns from the ensemble."""
    from populate.define.define import define
    from schemas import dataset
    from schemas.ensemble import Ensemble
    from schemas.ensemble_score import EnsembleScore
    from schemas.training import member_fits

    seeds = [*SEEDS, 42]
    text = {
        "experiment": "planned",
        "datasets": [{"fn": "stored_sessions", "config": dataset.DatasetConfig.load(parts)[1]}],
        "models": [{"fn": "encoder", "config": ENCODER}],
        "trainers": [{"fn": "standard", "config": {"fit": FIT}}],
        "seeds": seeds,
        "ensembles": True,
    }
    file = tmp_path / "planned.yaml"
    file.write_text(yaml.safe_dump(text))
    with caplog.at_level(logging.INFO, "dlgn"):
        for _ in range(2):
            define(file)
    said = [record.getMessage() for record in caplog.records]
    first, again = said[: len(said) // 2], said[len(said) // 2 :]
    assert "3 fits, 3 of them new to it" in first[1]
    assert again[0].endswith("as it was first defined")
    assert "3 fits, 0 of them new to it" in again[1]
    assert first[2:] == again[2:]
    (name,) = (one.removeprefix("ensemble ") for one in first[2:])
    key = {"ensemble_hash": name}
    assert sorted((Ensemble.Member & key).to_arrays("seed")) == seeds
    assert len(EnsembleScore().key_source & key) == 0
    with pytest.raises(ConfigError, match="1 of 3 members are not fitted"):
        member_fits(name)
    fit(parts, 42)
    EnsembleScore.populate()
    assert len(EnsembleScore & key) == 1
    for changed, message in (({"seeds": [42]}, "two seeds or more"), ({"ensembles": "seeds"}, "expected true")):
        file.write_text(yaml.safe_dump(text | changed))
        with pytest.raises(ConfigError, match=message):
            define(file)


def test_an_mei_is_made_of_an_ensemble(ensemble):
    from dlgn_cnn.mei.synthesis.ascent import Target
    from dlgn_cnn.mei.synthesis.methods import gradient_ascent
    from schemas.training import load_ensemble

    model, loaders = load_ensemble(ensemble)
    ((name, loader),) = loaders["train"].items()
    fit, info = {"frames": 12, "steps": 2}, loader.data_info
    (found,) = gradient_ascent([model], [Target(name, 0, False)], info, torch.device("cpu"), fit=fit)
    # The engine's own mean over models is the reference.
    (apart,) = gradient_ascent([*model.members], [Target(name, 0, False)], info, torch.device("cpu"), fit=fit)
    assert np.allclose(found.stimulus, apart.stimulus, atol=1e-4)


def test_a_core_is_transferred_and_restored(parts, members):
    from schemas import model
    from schemas.training import load_model

    config = {"source": members[1], "model": ENCODER}
    key = fit(parts | model.ModelConfig.add("transferred", config), SEEDS[0])
    donor, (one, _) = load_model(members[1])[0], load_model(key)
    for name, value in donor.core.state_dict().items():
        assert torch.equal(value, one.core.state_dict()[name])
    assert any(not torch.equal(value, one.state_dict()[name]) for name, value in donor.state_dict().items())


def test_a_source_that_is_not_fitted_is_refused(parts, members):
    from schemas import model

    config = {"source": members[1] | {"seed": 999}, "model": ENCODER}
    with pytest.raises(ConfigError, match="is not a fitted model"):
        fit(parts | model.ModelConfig.add("transferred", config), SEEDS[0])
