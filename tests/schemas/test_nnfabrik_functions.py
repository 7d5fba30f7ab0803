"""Functions of nnfabrik's contract run unchanged: from configs by import path to a fitted row and back to a model."""

import numpy as np
import pytest
import torch

from dlgn_cnn.errors import ConfigError, StoreError
from dlgn_cnn.registry import allowing
from dlgn_cnn.training.assemble import FitSpec, build_loaders, build_model, plain, run_trainer
from dlgn_cnn.training.weights import load_weights, save_weights
from tests import nnfabrik_functions
from tests.rounding import within_rounding
from tests.specs import check_spec

ALLOWED = {"tests"}
DATASET = ("tests.nnfabrik_functions.static_loaders", {"sessions": {"m1": 4, "m2": 3}, "batch_size": 4, "seed": 1000})
MODEL = ("tests.nnfabrik_functions.stacked_core_model", {"hidden_channels": 2})
TRAINER = ("tests.nnfabrik_functions.standard_trainer", {"max_iter": 3, "track_training": True, "scheduler": None})
CHECKPOINTING = ("tests.nnfabrik_functions.checkpointing_trainer", {"max_iter": 3})


def spec(model=MODEL, trainer=TRAINER, dataset=DATASET, seed=5) -> FitSpec:
    return FitSpec(dataset, model, trainer, seed)


@pytest.fixture
def permitted():
    with allowing(ALLOWED):
        yield


@pytest.fixture
def allowed(database):
    with allowing(ALLOWED):
        yield


def fitted(experiment_name: str, *calls):
    from schemas import dataset, experiment, model, trainer, training

    tables = (dataset.DatasetConfig, model.ModelConfig, trainer.TrainerConfig)
    key = {name: value for table, call in zip(tables, calls, strict=True) for name, value in table.add(*call).items()}
    dataset.Dataset.populate({"dataset_hash": key["dataset_hash"]})
    trainer.Seed.insert1({"seed": 5}, skip_duplicates=True)
    experiment.Experiment.insert1({"experiment_name": experiment_name})
    experiment.Experiment.Fit.insert1({"experiment_name": experiment_name, **key, "seed": 5})
    training.TrainedModel.populate(key)
    return key | {"seed": 5}


def test_a_fit_of_such_functions_is_what_the_functions_alone_come_to(allowed):
    from schemas import evaluation, training
    from schemas.fitting import Epoch

    key = fitted("nnfabrik", DATASET, MODEL, TRAINER)
    loaders = nnfabrik_functions.static_loaders(**DATASET[1])
    alone = nnfabrik_functions.stacked_core_model(loaders, seed=5, **MODEL[1])
    score, output, state = nnfabrik_functions.standard_trainer(alone, loaders, seed=5, uid=None, **TRAINER[1])
    row = (training.TrainedModel & key).fetch1()
    assert row["score"] == pytest.approx(score)
    assert row["output"]["loss"] == pytest.approx(output["loss"].tolist())
    assert row["output"]["patience"] == [5, None]
    built, _ = training.load_model(key)
    assert not built.training
    assert set(built.state_dict()) == set(state)
    for name, value in state.items():
        assert torch.equal(built.state_dict()[name].cpu(), value), name
    assert sorted((Epoch & key).to_arrays("epoch")) == [0, 1, 2]
    # What the tables know nothing of is not waited for.
    assert not evaluation.Score().key_source & key
    assert not evaluation.FeedbackModulation().key_source & key


def test_such_a_fit_is_published_and_loads_by_name_without_its_data(allowed, tmp_path):
    import dlgn_cnn
    from populate.archive.publish import Wanted, publish
    from schemas import training

    key = training.TrainedModel.keys(limit=1)[0]
    said = publish(tmp_path / "a.zip", Wanted(report=False, names=("heir",)))
    assert said.rows["dataset.Dataset"] == 1
    model = dlgn_cnn.load(f"{tmp_path / 'a.zip'}#heir", allowed_packages=ALLOWED)
    built, loaders = training.load_model(key)
    batch = next(iter(loaders["test"]["m2"]))
    assert within_rounding(model(*batch, data_key="m2"), built(*batch, data_key="m2"), nnfabrik_functions.PRODUCTS)
    with pytest.raises(ConfigError, match="DLGN_ALLOW_PACKAGES"):
        dlgn_cnn.load(tmp_path / "a.zip", "heir", allowed_packages=())


def test_callbacks_with_words_reach_the_curves(allowed):
    from schemas.fitting import Epoch

    nnfabrik_functions.CALLS.clear()
    key = fitted("callbacks", DATASET, MODEL, CHECKPOINTING)
    assert [epoch for _, epoch in nnfabrik_functions.CALLS] == [0, 1, 2]
    assert nnfabrik_functions.CALLS[0][0] == key
    assert sorted((Epoch & key).to_arrays("epoch")) == [0, 1, 2]


def test_loaders_come_first_whatever_their_name_and_data_info_stays_the_function_s_own(permitted):
    for model in (MODEL, ("tests.nnfabrik_functions.linear_model", {"elu_offset": 0.5, "anything": [1]})):
        check_spec(spec(model))
        loaders = build_loaders(spec(model), {})
        built = build_model(spec(model), loaders)
        score, output, state = run_trainer(spec(model), built, loaders, {"key": 1}, None)
        assert np.isfinite(score)
        assert isinstance(output["validation_corr"], float)
        assert set(state) == set(built.state_dict())


def test_a_dataset_config_s_own_seed_wins_as_it_does_in_nnfabrik(permitted):
    (own,) = build_loaders(spec(), {})["train"]["m1"].dataset.images[:1].clone()
    (same,) = nnfabrik_functions.static_loaders(**DATASET[1])["train"]["m1"].dataset.images[:1]
    assert torch.equal(own, same)
    unseeded = (DATASET[0], {name: value for name, value in DATASET[1].items() if name != "seed"})
    (fit_s,) = build_loaders(spec(dataset=unseeded), {})["train"]["m1"].dataset.images[:1]
    assert torch.equal(fit_s, nnfabrik_functions.static_loaders(**unseeded[1], seed=5)["train"]["m1"].dataset.images[0])


def test_what_an_allow_list_lacks_is_refused_and_so_is_a_key_that_the_function_does_not_take():
    with pytest.raises(ConfigError, match="DLGN_ALLOW_PACKAGES"):
        check_spec(spec())
    with allowing(ALLOWED), pytest.raises(ConfigError, match="hidden_channel'"):
        check_spec(spec((MODEL[0], {"hidden_channel": 2})))


def test_what_a_trainer_tells_is_json_whatever_it_is():
    told = {
        1: (np.float32(0.5), np.nan),
        "t": torch.ones(2),
        "s": {3},
        "o": nnfabrik_functions.Trials,
        "b": np.True_,
        "n": None,
    }
    found = plain(told)
    assert found["1"] == [0.5, None]
    assert found["t"] == [1.0, 1.0]
    assert (found["s"], found["b"], found["n"]) == ([3], True, None)
    assert "Trials" in found["o"]


def test_tied_weights_are_stored_and_anything_but_tensors_is_refused(tmp_path):
    one = torch.arange(3.0)
    digest = save_weights({"encoder": one, "decoder": one}, tmp_path)
    assert torch.equal(load_weights(tmp_path, digest)["decoder"], one)
    with pytest.raises(StoreError, match="'extra'"):
        save_weights({"extra": {"a": 1}}, tmp_path)
